"""Services, their slots in both APIs, and bookings that fill them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.apis.conftest import Answer, Identity, Site
from wixproxy.emulator.data_parts import guid

SERVICES = "/_api/bookings/v2/services"
CALENDAR = "/availability-calendar/v1/availability/query"
TIME_SLOTS = "/_api/service-availability/v2/time-slots"
BOOKINGS = "/_api/bookings-service/v2/bookings"
TEA, CORNER = guid("service", "tea-tasting"), guid("service", "reading-corner")
# A Tuesday; the clock of these tests stands in the afternoon of the day before.
FIRST, LAST = "2026-09-22T00:00:00Z", "2026-09-23T04:00:00Z"


async def entries(identity: Identity, **more: Any) -> list[dict[str, Any]]:
    wanted = {"serviceId": [TEA], "startDate": FIRST, "endDate": LAST, **more.pop("filter", {})}
    answer = await identity("POST", CALENDAR, {"query": {"filter": wanted}, **more})
    assert answer.status == 200, answer.body
    return list(answer.body["availabilityEntries"])


async def book(identity: Identity, starts: str, service: str = TEA, **more: Any) -> Answer:
    slot = {"serviceId": service, "startDate": starts}
    return await identity("POST", BOOKINGS, {"booking": {"bookedEntity": {"slot": slot}, **more}})


async def test_services_are_queried_like_everything_else(site: Site) -> None:
    everything = (await site.visitor()("POST", f"{SERVICES}/query", {"query": {}})).body
    assert [each["name"] for each in everything["services"]] == ["Tea Tasting", "Reading Corner"]
    wanted = {"query": {"filter": {"mainSlug.name": "tea-tasting"}}}
    [tea] = (await site.visitor()("POST", f"{SERVICES}/query", wanted)).body["services"]
    assert tea["payment"]["fixed"]["price"] == {"value": "35.00", "currency": "USD"}
    assert tea["type"] == "CLASS"
    one = (await site.visitor()("GET", f"{SERVICES}/{tea['id']}?serviceId={tea['id']}")).body
    assert one["service"] == tea
    count = await site.visitor()("POST", f"{SERVICES}/count", {"filter": {"type": "CLASS"}})
    assert count.body == {"count": 1}
    assert (await site.visitor()("GET", f"{SERVICES}/none")).status == 404


async def test_both_apis_show_the_same_slots(site: Site) -> None:
    older = await entries(site.visitor())
    asked = {
        "serviceId": TEA,
        "fromLocalDate": "2026-09-22T00:00:00",
        "toLocalDate": "2026-09-23T00:00:00",
        "timeZone": "America/New_York",
    }
    newer = (await site.visitor()("POST", TIME_SLOTS, asked)).body
    assert [each["slot"]["startDate"] for each in older] == [
        "2026-09-22T14:00:00.000Z",
        "2026-09-22T15:30:00.000Z",
        "2026-09-22T17:00:00.000Z",
        "2026-09-22T18:30:00.000Z",
    ]
    assert [each["localStartDate"] for each in newer["timeSlots"]] == [
        "2026-09-22T10:00:00",
        "2026-09-22T11:30:00",
        "2026-09-22T13:00:00",
        "2026-09-22T14:30:00",
    ]
    assert newer["cursorPagingMetadata"]["hasNext"] is False
    one = {**asked, "localStartDate": "2026-09-22T11:30:00", "localEndDate": "2026-09-22T13:00:00"}
    shown = (await site.visitor()("POST", f"{TIME_SLOTS}/get", one)).body
    assert shown["timeSlot"] == newer["timeSlots"][1]


async def test_slots_may_be_few_a_day_and_few_in_all(site: Site) -> None:
    assert len(await entries(site.visitor(), slotsPerDay=2)) == 2
    asked = {
        "serviceId": TEA,
        "fromLocalDate": "2026-09-22T00:00:00",
        "toLocalDate": "2026-09-23T00:00:00",
        "cursorPaging": {"limit": 3},
    }
    body = (await site.visitor()("POST", TIME_SLOTS, asked)).body
    assert (len(body["timeSlots"]), body["cursorPagingMetadata"]["hasNext"]) == (3, True)


async def test_a_booking_takes_room_and_a_cancelled_one_gives_it_back(site: Site) -> None:
    visitor = site.visitor()
    starts = "2026-09-22T14:00:00Z"
    made = (await book(visitor, starts, totalParticipants=3)).body["booking"]
    assert (made["status"], made["createdBy"]) == ("CREATED", {"visitorId": visitor.id})
    assert (await entries(visitor))[0]["openSpots"] == 1
    refused = await book(site.visitor("two"), starts, totalParticipants=2)
    assert (refused.status, refused.code) == (409, "SESSION_CAPACITY_EXCEEDED")

    token = (await visitor("GET", f"/v1/anonymous-bookings/{made['id']}/token")).body["token"]
    assert site.emulator.issued[token] == "anonymous booking token"
    stranger = site.visitor("two")
    read = await stranger("GET", f"/v1/anonymous-bookings/{token}")
    assert read.body["booking"]["id"] == made["id"]
    service = await stranger("GET", f"/v1/anonymous-bookings/{token}/service")
    assert service.body["service"]["id"] == TEA
    cancelled = await stranger("POST", f"/v1/anonymous-bookings/{token}/cancel")
    assert cancelled.body["booking"]["status"] == "CANCELED"
    assert (await entries(visitor))[0]["openSpots"] == 4
    assert (await stranger("GET", "/v1/anonymous-bookings/made-up")).status == 404


async def test_only_bookable_slots_are_shown_where_asked_for(site: Site) -> None:
    visitor = site.visitor()
    await book(visitor, "2026-09-22T14:00:00Z", totalParticipants=4)
    free = await entries(visitor, filter={"bookable": True})
    assert [each["slot"]["startDate"][11:16] for each in free] == ["15:30", "17:00", "18:30"]


async def test_what_has_begun_cannot_be_booked(site: Site) -> None:
    assert (await book(site.visitor(), "2026-09-21T14:00:00Z")).status == 409


async def test_bookings_are_their_owners_and_follow_a_login(site: Site) -> None:
    path = "/_api/bookings-reader/v2/extended-bookings/query"
    visitor, ada = site.visitor(), site.member()
    # The reading corner opens at nine, New York's time.
    assert (await book(visitor, "2026-09-22T12:00:00Z", CORNER)).status == 409
    assert (await book(visitor, "2026-09-22T13:00:00Z", CORNER)).status == 200
    assert (await ada("POST", path, {"query": {}})).body["extendedBookings"] == []
    assert (await site.visitor("two")("GET", "/v1/anonymous-bookings/x/token")).status == 404
    site.log_in(visitor, ada)
    [found] = (await ada("POST", path, {"query": {}})).body["extendedBookings"]
    assert found["booking"]["createdBy"] == {"memberId": ada.id}
    assert len((await site.app()("POST", path, {})).body["extendedBookings"]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(CALENDAR, {"query": {"filter": {}}}, id="a calendar of nothing"),
        pytest.param(
            CALENDAR,
            {"query": {"filter": {"startDate": FIRST, "endDate": LAST}}},
            id="a calendar of no service",
        ),
        pytest.param(TIME_SLOTS, {"serviceId": TEA}, id="slots without dates"),
        pytest.param(TIME_SLOTS, {"serviceId": TEA, "timeZone": "Mars"}, id="an unknown zone"),
        pytest.param(BOOKINGS, {"booking": {}}, id="a booking of nothing"),
    ],
)
async def test_an_unsound_question_is_refused(site: Site, path: str, body: dict[str, Any]) -> None:
    assert (await site.visitor()("POST", path, body)).status == 400
