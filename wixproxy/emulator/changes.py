"""Say what a change on the site is called, before anyone decides to tell of it.

Law: whoever changes something reports it once, when it is done, with the entity
as its API shows it. Reporting costs nothing that the caller has to wait for.

Source: Wix: the event types of the members, e-commerce, bookings and data
packages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MEMBER_CREATED = "wix.members.v1.member_created"
MEMBER_UPDATED = "wix.members.v1.member_updated"
MEMBER_DELETED = "wix.members.v1.member_deleted"
CART_UPDATED = "wix.ecom.v1.cart_updated"
CART_DELETED = "wix.ecom.v1.cart_deleted"
ORDER_APPROVED = "wix.ecom.v1.order_approved"
BOOKING_CREATED = "wix.bookings.v2.booking_created"
BOOKING_CONFIRMED = "wix.bookings.v2.booking_confirmed"
PLAN_PURCHASED = "wix.pricing_plans.v2.order_purchased"
ITEM_CREATED = "wix.data.v2.data_item_created"
ITEM_UPDATED = "wix.data.v2.data_item_updated"
ITEM_DELETED = "wix.data.v2.data_item_deleted"
OAUTH_APP_UPDATED = "wix.headless.v1.o_auth_app_updated"


@dataclass(frozen=True)
class Change:
    """Something that has changed, and who changed it."""

    event_type: str
    entity_id: str
    entity: Mapping[str, Any]
    actor_kind: str
    actor_id: str
    modified_fields: Mapping[str, Any] = field(default_factory=dict)
