"""Answer Bookings: booking a slot, and reading back what was booked.

A visitor who has booked reads it back with a token for that booking alone; the
owner of a booking and the app find it among theirs.

Wix: Bookings V2; `POST .../bookings` makes a booking that waits for payment;
anonymous bookings are read with the token of `getAnonymousActionToken`.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..callers import authenticate
from ..errors import invalid
from ..state import State
from .booking_book import Booking, BookingBook, on_the_wire
from .calls import message, quantity, readable, state_of
from .filters import an_object
from .query import parse, run
from .services import on_the_wire as service_json
from .services import service_of
from .slots import moment


async def create_booking(request: web.Request) -> web.Response:
    """Book a slot that is still to be paid."""
    caller, state = authenticate(request), state_of(request)
    wanted = an_object((await message(request)).get("booking"), "booking")
    entity = an_object(wanted.get("bookedEntity"), "booking.bookedEntity")
    where = "booking.bookedEntity.slot"
    slot = an_object(entity.get("slot"), where)
    if not slot:
        raise invalid(where, "is required", "REQUIRED_FIELD")
    book = BookingBook.of(state)
    made = book.booked(
        service_of(state, slot.get("serviceId")),
        moment(slot.get("startDate"), f"{where}.startDate", book.zone),
        (caller.kind, caller.subject_id),
        status="CREATED",
        participants=quantity(wanted.get("totalParticipants", 1), "booking.totalParticipants"),
        contact=an_object(wanted.get("contactDetails"), "booking.contactDetails"),
    )
    return _answer(state, made)


async def query_bookings(request: web.Request) -> web.Response:
    """Return the caller's bookings that a query finds, or everyone's to the app."""
    caller, state = authenticate(request), state_of(request)
    raw = an_object((await message(request)).get("query"), "query")
    shown = [on_the_wire(each, state.data) for each in BookingBook.of(state).visible(caller)]
    page = run(parse({key: part for key, part in raw.items() if part}), shown)
    found = [{"booking": each} for each in page.entities]
    metadata = page.offsets | page.cursors
    return web.json_response({"extendedBookings": found, "pagingMetadata": metadata})


async def anonymous_token(request: web.Request) -> web.Response:
    """Return the token that reads one of the caller's bookings."""
    caller, book = authenticate(request), BookingBook.of(state_of(request))
    booking = book.named(caller, request.match_info["id"])
    return web.json_response({"token": book.token(booking)})


async def read_anonymously(request: web.Request) -> web.Response:
    """Return a booking to whoever has its token."""
    authenticate(request)
    state = state_of(request)
    return _answer(state, BookingBook.of(state).of_token(request.match_info["id"]))


async def service_anonymously(request: web.Request) -> web.Response:
    """Return the service of a booking to whoever has its token."""
    authenticate(request)
    state = state_of(request)
    booking = BookingBook.of(state).of_token(request.match_info["id"])
    return web.json_response({"service": service_json(booking.service, state.data)})


async def cancel_anonymously(request: web.Request) -> web.Response:
    """Cancel a booking for whoever has its token."""
    authenticate(request)
    state = state_of(request)
    booking = BookingBook.of(state).of_token(request.match_info["id"])
    booking.status = "CANCELED"
    return _answer(state, booking)


def _answer(state: State, booking: Booking) -> web.Response:
    shown: dict[str, Any] = on_the_wire(booking, state.data)
    return web.json_response({"booking": shown})


BOOKINGS = ("/_api/bookings-service/v2/bookings", "/bookings/v2/bookings")
READERS = ("/_api/bookings-reader", "/bookings/bookings-reader")
ANONYMOUS = ("/_api/v1/anonymous-bookings", "/v1/anonymous-bookings")
ROUTES: list[web.RouteDef] = [
    *(web.post(path, create_booking) for path in BOOKINGS),
    *(
        route
        for path in READERS
        for route in readable(f"{path}/v2/extended-bookings/query", query_bookings)
    ),
    *(
        route
        for path in ANONYMOUS
        for route in (
            web.get(f"{path}/{{id}}/token", anonymous_token),
            web.get(f"{path}/{{id}}/service", service_anonymously),
            web.get(f"{path}/{{id}}", read_anonymously),
            web.post(f"{path}/{{id}}/cancel", cancel_anonymously),
        )
    ),
]
