"""Name the component type that each method of a service plugin belongs to.

Source: Wix: the generated packages of the service plugins; a method is found
by the end of its path, and every type has paths of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

_METHODS: Mapping[str, tuple[str, ...]] = {
    "ECOM_SHIPPING_RATES": ("/v1/getRates",),
    "ECOM_ADDITIONAL_FEES": ("/v1/calculate-additional-fees",),
    "ECOM_VALIDATIONS": ("/v1/get-violations",),
    "ECOM_DISCOUNTS_TRIGGER": ("/v1/list-triggers", "/v1/get-eligible-triggers"),
    "ECOM_DISCOUNTS": ("/v1/eligible-discounts",),
    "ECOM_PAYMENT_SETTINGS": ("/v1/payment-settings",),
    "GIFT_CARDS_PROVIDER": ("/v1/balance", "/v1/redeem", "/v1/void"),
    "ECOM_MEMBERSHIPS": (
        "/v1/list-eligible-memberships",
        "/v1/list-existing-memberships",
        "/v1/list-purchasable-plans",
        "/v1/charge-membership",
        "/v1/get-voidability",
        "/v1/void-membership-charge",
    ),
    "ECOM_CATALOG": ("/get-catalog-items",),
    "ECOM_INVENTORY": ("/v1/decrement", "/v1/increment"),
    "ECOM_RECOMMENDATIONS_PROVIDER": ("/v1/get-recommendations",),
    "TAX_CALCULATION_PROVIDER": ("/v1/calculate-tax",),
    "BOOKINGS_PRICING_PROVIDER": ("/v1/calculate-price",),
    "STAFF_SORTING_PROVIDER": ("/v1/sort-staff-members",),
    "BOOKING_POLICY_PROVIDER": ("/v2/list-booking-policies",),
    "AVAILABILITY_TIME_SLOTS_CONFIGURATION_PROVIDER": (
        "/v2/list-availability-time-slot-configurations",
    ),
    "BOOKINGS_VALIDATION_PROVIDER": tuple(
        f"/v1/validate-before-{what}{many}"
        for what in ("create", "cancel", "reschedule")
        for many in ("", "-multi-service")
    ),
    "FORMS_SUBMISSIONS_EXTENSION_PROVIDER": ("/v4/submissions/validate",),
}
_TYPES = {path: component for component, paths in _METHODS.items() for path in paths}


def component_type(path: str) -> str | None:
    """Return the component type that a method's path belongs to, None for one unknown."""
    return _TYPES.get(path)
