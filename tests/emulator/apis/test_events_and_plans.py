"""Events with tickets that are held back, and plans that members buy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.apis.conftest import Site
from wixproxy.emulator.apis.events import RESERVATION_SECONDS
from wixproxy.emulator.data_parts import guid

EVENTS = "/events/v3/events"
TICKETS = "/events/v3/ticket-definitions/query"
RESERVE = "/events/v1/ticket-reservations"
PLANS = "/pricing-plans/v2/plans/public"
CHAIR = guid("ticket", "late-concert/Chair")
STANDING = guid("ticket", "late-concert/Standing")


async def test_an_event_is_found_by_query_slug_and_id(site: Site) -> None:
    visitor = site.visitor()
    [event] = (await visitor("POST", f"{EVENTS}/query", {"query": {}})).body["events"]
    assert (event["title"], event["status"]) == ("Late Concert", "UPCOMING")
    assert event["dateAndTimeSettings"]["startDate"] == "2027-06-18T21:00:00.000Z"
    assert event["registration"]["tickets"]["lowestPrice"]["value"] == "0.00"
    for path in (f"{EVENTS}/slug/late-concert", f"{EVENTS}/{event['id']}"):
        assert (await visitor("GET", path)).body["event"] == event
    assert (await visitor("GET", f"{EVENTS}/slug/none")).status == 404


async def test_an_event_ends(site: Site) -> None:
    site.emulator.state.clock.advance(365 * 24 * 3600)
    [event] = (await site.visitor()("POST", f"{EVENTS}/query", {})).body["events"]
    assert event["status"] == "ENDED"


async def test_tickets_are_held_back_for_a_while(site: Site) -> None:
    visitor = site.visitor()

    async def left() -> list[Any]:
        found = (await visitor("POST", TICKETS, {"query": {}})).body["ticketDefinitions"]
        return [each["salesDetails"]["unsoldCount"] for each in found]

    tickets = [{"ticketDefinitionId": CHAIR, "quantity": 10}]
    made = await visitor("POST", RESERVE, {"ticketReservation": {"tickets": tickets}})
    assert made.body["ticketReservation"]["status"] == "PENDING"
    assert await left() == [2, None]
    refused = await visitor("POST", RESERVE, {"ticketReservation": {"tickets": tickets}})
    assert (refused.status, refused.code) == (409, "TICKETS_SOLD_OUT")
    site.emulator.state.clock.advance(RESERVATION_SECONDS)
    assert await left() == [12, None]


async def test_the_older_words_hold_tickets_back_too(site: Site) -> None:
    asked = {"ticketQuantities": [{"ticketDefinitionId": STANDING, "quantity": 2}]}
    made = (await site.visitor()("POST", "/events/v1/checkout/reservations", asked)).body
    assert made["id"]
    assert made["reservations"] == [{"ticketDefinitionId": STANDING, "quantity": 2}]


@pytest.mark.parametrize(
    "tickets",
    [[], [{"ticketDefinitionId": "none"}], [{"ticketDefinitionId": CHAIR, "quantity": 0}]],
    ids=["no tickets", "unknown ones", "none of them"],
)
async def test_a_reservation_of_nothing_is_refused(site: Site, tickets: list[Any]) -> None:
    body = {"ticketReservation": {"tickets": tickets}}
    assert (await site.visitor()("POST", RESERVE, body)).status == 400


async def test_public_plans_are_for_everyone_and_one_plan_for_the_app(site: Site) -> None:
    visitor = site.visitor()
    listed = (await visitor("GET", PLANS)).body
    assert [each["name"] for each in listed["plans"]] == ["Night Reader", "Friend of the House"]
    assert listed["plans"][0]["pricing"]["subscription"]["cycleDuration"]["unit"] == "MONTH"
    wanted = {"query": {"filter": {"slug": "friend-of-the-house"}}}
    [found] = (await visitor("POST", f"{PLANS}/query", wanted)).body["plans"]
    path = f"/pricing-plans/v2/plans/{found['id']}"
    assert (await visitor("GET", path)).status == 403
    assert (await site.app()("GET", path)).body["plan"] == found


async def test_plan_orders_are_for_members_and_the_app(site: Site) -> None:
    assert (await site.visitor()("GET", "/pricing-plans/v2/member/orders")).status == 403
    assert (await site.member()("GET", "/pricing-plans/v2/member/orders")).body["orders"] == []
    assert (await site.member()("GET", "/pricing-plans/v2/member/orders/none")).status == 404
    assert (await site.app()("GET", "/pricing-plans/v2/orders")).body["orders"] == []
