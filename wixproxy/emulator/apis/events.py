"""Answer Events: what takes place, and tickets held back for a buyer.

Anyone may look at events and hold tickets back; a reservation runs out after a
quarter of an hour and becomes an order on the page that Wix hosts.

Wix: Events V3, ticket definitions V3, ticket reservations V1, and the older
`POST /events/v1/checkout/reservations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from aiohttp import web

from ..callers import Caller, authenticate
from ..data import Data
from ..errors import ApplicationError, invalid, not_found
from ..offers import SiteEvent, Ticket
from ..state import State
from . import money
from .calls import message, quantity, readable, state_of, timestamp
from .filters import a_list, an_object
from .query import parse, run

RESERVATION_SECONDS = 900


@dataclass
class Reservation:
    """Tickets of one event that are held back, or sold."""

    id: str
    event: SiteEvent
    pieces: Mapping[str, int]
    """How many of each ticket, by its id."""
    owner_kind: str
    owner_id: str
    expires_at: float
    order_number: str = ""


class ReservationBook:
    """The reservations of the site, by id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._reservations: dict[str, Reservation] = {}

    @classmethod
    def of(cls, state: State) -> ReservationBook:
        """Return the site's one book."""
        return state.area("ticket reservations", lambda: cls(state))

    def made(self, event: SiteEvent, pieces: Mapping[str, int], caller: Caller) -> Reservation:
        """Hold tickets back; raise ApplicationError 409 if there are not enough."""
        for ticket in event.tickets:
            left = self.left(event, ticket)
            if left is not None and pieces.get(ticket.id, 0) > left:
                raise ApplicationError(409, "TICKETS_SOLD_OUT", "There are not enough tickets")
        made_id = self._state.randomness.guid("ticket reservation")
        expires_at = self._state.clock.now() + RESERVATION_SECONDS
        owner = (caller.kind, caller.subject_id)
        made = Reservation(made_id, event, dict(pieces), *owner, expires_at)
        self._reservations[made_id] = made
        return made

    def found(self, reservation_id: object) -> Reservation | None:
        """Return a reservation that is still good, or was bought."""
        found = self._reservations.get(str(reservation_id))
        return found if found is not None and self._holds(found) else None

    def bought(self, reservation: Reservation) -> str:
        """Sell what is held back and return the order's number."""
        if not reservation.order_number:
            reservation.order_number = self._state.randomness.digits("event order", 10)
        return reservation.order_number

    def order(self, event_id: str, number: str) -> Reservation:
        """Return the reservation behind an order; raise ApplicationError 404."""
        for each in self._reservations.values():
            if number and (each.event.id, each.order_number) == (event_id, number):
                return each
        raise not_found("Order not found")

    def left(self, event: SiteEvent, ticket: Ticket) -> int | None:
        """Return how many tickets are left, None for as many as anyone wants."""
        if ticket.limit is None:
            return None
        held = (r for r in self._reservations.values() if r.event is event and self._holds(r))
        return max(0, ticket.limit - sum(each.pieces.get(ticket.id, 0) for each in held))

    def _holds(self, reservation: Reservation) -> bool:
        return bool(reservation.order_number) or reservation.expires_at > self._state.clock.now()


def event_json(event: SiteEvent, state: State) -> dict[str, Any]:
    """Return an event of V3."""
    site = state.data.site
    prices = sorted(ticket.price for ticket in event.tickets)
    starts, ends = event.starts.astimezone(UTC), event.ends.astimezone(UTC)
    over = event.ends.timestamp() <= state.clock.now()
    registration: dict[str, Any] = {"type": "TICKETING" if prices else "NONE"}
    if prices:
        lowest, highest = (
            {"value": money.amount(price, site.currency), "currency": site.currency}
            for price in (prices[0], prices[-1])
        )
        registration["status"] = "CLOSED_AUTOMATICALLY" if over else "OPEN_TICKETS"
        registration["tickets"] = {
            "lowestPrice": lowest,
            "highestPrice": highest,
            "currency": site.currency,
        }
    return {
        "id": event.id,
        "title": event.title,
        "slug": event.slug,
        "shortDescription": event.description,
        "status": "ENDED" if over else "UPCOMING",
        "dateAndTimeSettings": {
            "dateAndTimeTbd": False,
            "startDate": timestamp(starts.timestamp()),
            "endDate": timestamp(ends.timestamp()),
            "timeZoneId": site.time_zone,
        },
        "location": {"type": "VENUE", "name": event.place, "locationTbd": not event.place},
        "registration": registration,
    }


def ticket_json(event: SiteEvent, ticket: Ticket, state: State) -> dict[str, Any]:
    """Return a ticket definition of V3."""
    currency = state.data.site.currency
    price = {"value": money.amount(ticket.price, currency), "currency": currency}
    left = ReservationBook.of(state).left(event, ticket)
    return {
        "id": ticket.id,
        "eventId": event.id,
        "name": ticket.name,
        "pricingMethod": {"fixedPrice": price, "pricingType": "STANDARD"},
        "limited": ticket.limit is not None,
        "saleStatus": "SALE_STARTED",
        "salesDetails": {"soldOut": left == 0, "unsoldCount": left},
        **({"initialLimit": ticket.limit} if ticket.limit is not None else {}),
    }


async def query_events(request: web.Request) -> web.Response:
    """Return the events that a query finds."""
    authenticate(request)
    state = state_of(request)
    found = await _run(request, [event_json(event, state) for event in state.data.events])
    return web.json_response({"events": found[0], "pagingMetadata": found[1]})


async def get_event(request: web.Request) -> web.Response:
    """Return one event, by its id or its slug."""
    authenticate(request)
    state = state_of(request)
    wanted = request.match_info["name"]
    event = _event(state.data, wanted)
    return web.json_response({"event": event_json(event, state)})


async def query_tickets(request: web.Request) -> web.Response:
    """Return the ticket definitions that a query finds."""
    authenticate(request)
    state = state_of(request)
    events = state.data.events
    shown = [ticket_json(e, ticket, state) for e in events for ticket in e.tickets]
    found, metadata = await _run(request, shown)
    return web.json_response({"ticketDefinitions": found, "pagingMetadata": metadata})


async def reserve(request: web.Request) -> web.Response:
    """Hold tickets back."""
    caller, state = authenticate(request), state_of(request)
    wanted = an_object((await message(request)).get("ticketReservation"), "ticketReservation")
    event, pieces = _wanted(state, wanted.get("tickets"), "ticketReservation.tickets")
    made = ReservationBook.of(state).made(event, pieces, caller)
    tickets = [{"ticketDefinitionId": each, "quantity": n} for each, n in pieces.items()]
    shown = {
        "id": made.id,
        "status": "PENDING",
        "expirationDate": timestamp(made.expires_at),
        f"{caller.kind}Id": caller.subject_id,
        "tickets": tickets,
        "revision": "1",
    }
    return web.json_response({"ticketReservation": shown})


async def reserve_v1(request: web.Request) -> web.Response:
    """Hold tickets back, in the older words."""
    caller, state = authenticate(request), state_of(request)
    asked = await message(request)
    event, pieces = _wanted(state, asked.get("ticketQuantities"), "ticketQuantities")
    made = ReservationBook.of(state).made(event, pieces, caller)
    tickets = [{"ticketDefinitionId": each, "quantity": n} for each, n in pieces.items()]
    expires = timestamp(made.expires_at)
    answer = {"id": made.id, "expirationTime": expires, "reservations": tickets}
    return web.json_response(answer)


async def get_order(request: web.Request) -> web.Response:
    """Return an order of tickets to its buyer and the app."""
    caller, state = authenticate(request), state_of(request)
    asked = request.match_info
    found = ReservationBook.of(state).order(asked["event_id"], asked["number"])
    if not caller.is_elevated and caller.subject_id != found.owner_id:
        raise not_found("Order not found")
    order = {
        "orderNumber": found.order_number,
        "reservationId": found.id,
        "eventId": found.event.id,
        "status": "PAID",
        "confirmed": True,
        "ticketsQuantity": sum(found.pieces.values()),
    }
    return web.json_response({"order": order})


def _event(data: Data, name: str) -> SiteEvent:
    for event in data.events:
        if name in (event.id, event.slug):
            return event
    raise not_found("Event not found")


def _wanted(state: State, raw: object, field: str) -> tuple[SiteEvent, dict[str, int]]:
    """Return the one event that all tickets are for, and how many of each; raise WixError."""
    pieces: dict[str, int] = {}
    for number, entry in enumerate(a_list(raw, field)):
        ticket = an_object(entry, f"{field}[{number}]")
        ticket_id = str(ticket.get("ticketDefinitionId"))
        wanted = quantity(ticket.get("quantity", 1), f"{field}[{number}].quantity")
        pieces[ticket_id] = pieces.get(ticket_id, 0) + wanted
    for event in state.data.events:
        if pieces and pieces.keys() <= {ticket.id for ticket in event.tickets}:
            return event, pieces
    raise invalid(field, "must name tickets of one event", "OTHER")


async def _run(
    request: web.Request, shown: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    raw = an_object((await message(request)).get("query"), "query")
    page = run(parse({key: part for key, part in raw.items() if part}), shown)
    return page.entities, page.offsets | page.cursors


EVENTS, DEFINITIONS = "/events/v3/events", "/events/v3/ticket-definitions"
ROUTES: list[web.RouteDef] = [
    *readable(f"{EVENTS}/query", query_events),
    web.get(f"{EVENTS}/slug/{{name}}", get_event),
    web.get(f"{EVENTS}/{{name}}", get_event),
    *readable(f"{DEFINITIONS}/query", query_tickets),
    *readable(f"{DEFINITIONS}/available/query", query_tickets),
    web.post("/events/v1/ticket-reservations", reserve),
    web.post("/events/v1/checkout/reservations", reserve_v1),
    web.get("/events/v1/events/{event_id}/orders/{number}", get_order),
]
