"""Samples of events: made by letting the thing happen on a copy of the site."""

from __future__ import annotations

import pytest

from wixproxy.emulator.changes import (
    BOOKING_CONFIRMED,
    BOOKING_CREATED,
    ITEM_DELETED,
    MEMBER_UPDATED,
    ORDER_APPROVED,
    PLAN_PURCHASED,
)
from wixproxy.emulator.clock import Clock
from wixproxy.emulator.data import DEFAULT, Data
from wixproxy.emulator.plugin_methods import component_type
from wixproxy.emulator.project import Project
from wixproxy.emulator.sample_events import TYPES, plain, sample

PROJECT = Project.of_seed("wixproxy")
# A Saturday, on which no service of the sample site is open.
SATURDAY = 1_790_400_000.0


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_that_is_offered_has_a_sample(event_type: str) -> None:
    made = sample(event_type, PROJECT, DEFAULT, Clock(lambda: SATURDAY))
    assert made is not None
    assert (made.event_type, bool(made.entity_id)) == (event_type, True)
    assert made.entity


@pytest.mark.parametrize("event_type", TYPES)
def test_an_empty_site_has_no_samples(event_type: str) -> None:
    assert sample(event_type, PROJECT, Data(), Clock()) is None


def test_a_sample_is_about_what_the_site_holds() -> None:
    order = sample(ORDER_APPROVED, PROJECT, DEFAULT, Clock())
    member = sample(MEMBER_UPDATED, PROJECT, DEFAULT, Clock())
    plan = sample(PLAN_PURCHASED, PROJECT, DEFAULT, Clock())
    item = sample(ITEM_DELETED, PROJECT, DEFAULT, Clock())
    assert order is not None
    assert member is not None
    assert plan is not None
    assert item is not None
    (line,) = order.entity["order"]["lineItems"]
    assert line["productName"]["original"] == DEFAULT.products[0].name
    assert order.entity["order"]["id"] == order.entity_id
    assert member.entity["loginEmail"] == DEFAULT.members[0].email
    assert plan.entity["order"]["planName"] == DEFAULT.plans[0].name
    assert item.entity["dataCollectionId"] == DEFAULT.collections[0].id


def test_two_samples_are_two_orders_of_the_same_project() -> None:
    clock = Clock(lambda: SATURDAY)
    first = sample(ORDER_APPROVED, PROJECT, DEFAULT, clock)
    clock.advance(1)
    second = sample(ORDER_APPROVED, PROJECT, DEFAULT, clock)
    assert first is not None
    assert second is not None
    assert first.entity_id != second.entity_id


def test_a_booking_is_made_where_the_service_is_open() -> None:
    booking = sample(BOOKING_CREATED, PROJECT, DEFAULT, Clock(lambda: SATURDAY))
    assert booking is not None
    assert booking.entity["status"] == "CONFIRMED"
    assert booking.entity["startDate"] > "2026-09-26"


def test_a_booking_that_is_confirmed_is_the_body_of_an_event_of_its_own() -> None:
    created, confirmed = (
        sample(event_type, PROJECT, DEFAULT, Clock(lambda: SATURDAY))
        for event_type in (BOOKING_CREATED, BOOKING_CONFIRMED)
    )
    assert created is not None
    assert confirmed is not None
    assert confirmed.entity == {"booking": created.entity}


def test_of_a_type_that_the_site_never_tells_a_small_entity_is_made() -> None:
    assert sample("wix.blog.v3.post_created", PROJECT, DEFAULT, Clock()) is None
    made = plain("wix.blog.v3.post_created", PROJECT, Clock())
    assert made.entity["id"] == made.entity_id


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("/v1/getRates", "ECOM_SHIPPING_RATES"),
        ("/v1/validate-before-cancel-multi-service", "BOOKINGS_VALIDATION_PROVIDER"),
        ("/v1/unheard-of", None),
    ],
)
def test_a_method_belongs_to_a_component_type(path: str, component: str | None) -> None:
    assert component_type(path) == component
