"""Answer when services can be booked: the availability calendar, and time slots V2.

Anyone may ask. Both APIs show the same slots: the older as moments with a zone,
the newer as local dates beside the name of a zone.

Wix: `POST /availability-calendar/v1/availability/query` wants a filter with
service ids and two dates; time slots want a service and two local dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from ..callers import authenticate
from ..errors import invalid
from ..offers import Service
from ..state import State
from .booking_book import BookingBook, utc
from .calls import message, names, state_of
from .filters import an_object
from .services import service_of
from .slots import Slot, moment, slot_at, slots, zone_named

MOST_SLOTS = 1_000
DEFAULT_SLOTS = 50
_OPEN = {"tooEarlyToBook": False, "tooLateToBook": False, "bookOnlineDisabled": False}


async def query_availability(request: web.Request) -> web.Response:
    """Answer the availability calendar."""
    authenticate(request)
    state, asked = state_of(request), await message(request)
    wanted = an_object(an_object(asked.get("query"), "query").get("filter"), "query.filter")
    zone = zone_named(asked.get("timezone"), state.data.site.time_zone, "timezone")
    first = moment(wanted.get("startDate"), "query.filter.startDate", zone)
    last = moment(wanted.get("endDate"), "query.filter.endDate", zone)
    ids = names(wanted.get("serviceId"), "query.filter.serviceId")
    if not ids:
        raise invalid("query.filter.serviceId", "is required", "REQUIRED_FIELD")
    entries = [
        calendar_entry(state, service, slot, zone)
        for service in (service_of(state, each) for each in ids)
        for slot in _few_a_day(_slots(state, service, first, last), asked.get("slotsPerDay"))
    ]
    if "bookable" in wanted:
        entries = [each for each in entries if each["bookable"] is bool(wanted["bookable"])]
    return web.json_response({"availabilityEntries": entries})


async def list_time_slots(request: web.Request) -> web.Response:
    """Answer time slots V2."""
    authenticate(request)
    state, asked = state_of(request), await message(request)
    zone = zone_named(asked.get("timeZone"), state.data.site.time_zone)
    service = service_of(state, asked.get("serviceId"))
    first = moment(asked.get("fromLocalDate"), "fromLocalDate", zone)
    last = moment(asked.get("toLocalDate"), "toLocalDate", zone)
    limit = an_object(asked.get("cursorPaging"), "cursorPaging").get("limit") or DEFAULT_SLOTS
    if not isinstance(limit, int) or not 0 < limit <= MOST_SLOTS:
        raise invalid("cursorPaging.limit", f"must be from 1 to {MOST_SLOTS}", "LTE")
    found = _few_a_day(_slots(state, service, first, last), asked.get("timeSlotsPerDay"))
    shown = (time_slot(state, service, slot, zone) for slot in found)
    if asked.get("bookable") is not None:
        shown = (each for each in shown if each["bookable"] is asked["bookable"])
    page = list(islice(shown, limit))
    metadata = {"count": len(page), "cursors": {}, "hasNext": next(shown, None) is not None}
    answer = {"timeSlots": page, "timeZone": zone.key, "cursorPagingMetadata": metadata}
    return web.json_response(answer)


async def get_time_slot(request: web.Request) -> web.Response:
    """Return one time slot."""
    authenticate(request)
    state, asked = state_of(request), await message(request)
    zone = zone_named(asked.get("timeZone"), state.data.site.time_zone)
    service = service_of(state, asked.get("serviceId"))
    starts = moment(asked.get("localStartDate"), "localStartDate", zone)
    slot = slot_at(service, starts, BookingBook.of(state).zone)
    if slot is None:
        raise invalid("localStartDate", "is not when a slot begins", "OTHER")
    shown = time_slot(state, service, slot, zone)
    return web.json_response({"timeSlot": shown, "timeZone": zone.key})


def calendar_entry(state: State, service: Service, slot: Slot, zone: ZoneInfo) -> dict[str, Any]:
    """Return a slot as the availability calendar shows it."""
    room = BookingBook.of(state).room(service, slot)
    return {
        "slot": {
            "sessionId": f"{service.id}:{int(slot.starts.timestamp())}",
            "serviceId": service.id,
            "scheduleId": service.id,
            "startDate": utc(slot.starts),
            "endDate": utc(slot.ends),
            "timezone": zone.key,
            "location": {"locationType": "OWNER_BUSINESS"},
        },
        "bookable": room > 0,
        "totalSpots": service.capacity,
        "openSpots": room,
        "bookingPolicyViolations": dict(_OPEN),
        "locked": False,
    }


def time_slot(state: State, service: Service, slot: Slot, zone: ZoneInfo) -> dict[str, Any]:
    """Return a slot as time slots V2 shows it."""
    room = BookingBook.of(state).room(service, slot)
    return {
        "serviceId": service.id,
        "localStartDate": _local(slot.starts, zone),
        "localEndDate": _local(slot.ends, zone),
        "bookable": room > 0,
        "location": {"locationType": "BUSINESS"},
        "totalCapacity": service.capacity,
        "remainingCapacity": room,
        "bookableCapacity": room,
        "bookingPolicyViolations": dict(_OPEN),
        "availableResources": [],
        "nestedTimeSlots": [],
        "scheduleId": service.id,
    }


def _slots(state: State, service: Service, first: datetime, last: datetime) -> Iterator[Slot]:
    return islice(slots(service, first, last, BookingBook.of(state).zone), MOST_SLOTS)


def _few_a_day(found: Iterable[Slot], most: object) -> Iterator[Slot]:
    """Return at most so many slots of each day, all of them for None."""
    if most is not None and (not isinstance(most, int) or most < 1):
        raise invalid("slotsPerDay", "must be a number from 1 up", "GTE", threshold=1)
    seen: Counter[Any] = Counter()
    for slot in found:
        seen[slot.starts.date()] += 1
        if most is None or seen[slot.starts.date()] <= most:
            yield slot


def _local(moment_of_slot: datetime, zone: ZoneInfo) -> str:
    return moment_of_slot.astimezone(zone).replace(tzinfo=None).isoformat()


TIME_SLOTS = ("/_api/service-availability/v2/time-slots", "/service-availability/v2/time-slots")
CALENDARS = (
    "/availability-calendar/v1/availability/query",
    "/bookings/availability-calendar/v1/availability/query",
    "/bookings/v1/availability/query",
)
ROUTES: list[web.RouteDef] = [
    *(web.post(path, query_availability) for path in CALENDARS),
    *(web.post(path, list_time_slots) for path in TIME_SLOTS),
    *(web.post(f"{path}/get", get_time_slot) for path in TIME_SLOTS),
]
