"""Decide what each hosted page shows and what completing it yields.

Law: a flow first says what is to be bought, in words for the page, and refuses
with a reason what cannot be; buying yields the parameters of the thank-you page.

Source: Wix: the parameters that callbacks are given, by intent: `orderId` for a
shop, `planOrderId` for plans, `orderNumber` and `eventId` for events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .apis import money
from .apis.booking_book import BookingBook
from .apis.checkouts import Checkout, CheckoutBook
from .apis.events import Reservation, ReservationBook
from .apis.orders import OrderBook
from .apis.plans import PlanOrderBook, plan_of
from .apis.services import service_of
from .apis.slots import moment
from .errors import ApplicationError, WixError
from .offers import Plan, Service
from .state import State

Detail = Mapping[str, Any]


class Impossible(Exception):
    """What a page is for cannot be done; the text says why, to a person."""


@dataclass(frozen=True)
class Buyer:
    """Whom a purchase belongs to."""

    kind: str
    id: str


@dataclass(frozen=True)
class Flow:
    """One kind of hosted page."""

    title: str
    facts: Callable[[State, Detail], dict[str, str]]
    buy: Callable[[State, Detail, Buyer, str], Mapping[str, str]]
    members_only: bool = False
    is_bare: bool = False
    """There is nothing to buy; the page leads back and no more."""


def _checkout_facts(state: State, detail: Detail) -> dict[str, str]:
    checkout = _checkout(state, detail)
    currency = state.data.site.currency
    lines = {f"{line.product.name}, {line.quantity}": line.total for line in checkout.lines}
    shown = {name: money.formatted(total, currency) for name, total in lines.items()}
    return shown | {"Total": money.formatted(checkout.subtotal, currency)}


def _buy_checkout(state: State, detail: Detail, buyer: Buyer, origin: str) -> dict[str, str]:
    checkout = _checkout(state, detail)
    if checkout.completed:
        raise Impossible("This checkout was completed before.")
    return {"orderId": OrderBook.of(state).placed(checkout, buyer.kind, buyer.id, origin).id}


def _checkout(state: State, detail: Detail) -> Checkout:
    checkout = CheckoutBook.of(state).shown(str(detail.get("checkoutId")))
    if checkout is None:
        raise Impossible("There is no such checkout, or nothing in it.")
    return checkout


def _booking_facts(state: State, detail: Detail) -> dict[str, str]:
    service, starts = _slot(state, detail)
    zone = BookingBook.of(state).zone
    return {
        "Service": service.name,
        "When": starts.astimezone(zone).strftime("%A, %d %B %Y, %H:%M"),
        "Price": money.formatted(service.price, state.data.site.currency),
    }


def _book(state: State, detail: Detail, buyer: Buyer, _: str) -> dict[str, str]:
    service, starts = _slot(state, detail)
    owner = (buyer.kind, buyer.id)
    try:
        BookingBook.of(state).booked(service, starts, owner, status="CONFIRMED")
    except ApplicationError:
        raise Impossible("This time is no longer free.") from None
    return {}


def _slot(state: State, detail: Detail) -> tuple[Service, datetime]:
    availability = detail.get("slotAvailability")
    slot = availability.get("slot") if isinstance(availability, dict) else None
    if not isinstance(slot, dict):
        raise Impossible("The link names no time.")
    zone = BookingBook.of(state).zone
    try:
        service = service_of(state, slot.get("serviceId"))
        return service, moment(slot.get("startDate"), "startDate", zone)
    except WixError:
        raise Impossible("There is no such service, or no such time.") from None


def _event_facts(state: State, detail: Detail) -> dict[str, str]:
    held = _reservation(state, detail)
    names = {ticket.id: ticket.name for ticket in held.event.tickets}
    tickets = {names[each]: str(count) for each, count in held.pieces.items()}
    return {"Event": held.event.title, **tickets}


def _buy_tickets(state: State, detail: Detail, buyer: Buyer, _: str) -> dict[str, str]:
    held = _reservation(state, detail)
    if held.order_number:
        raise Impossible("These tickets were bought before.")
    held.owner_kind, held.owner_id = buyer.kind, buyer.id
    number = ReservationBook.of(state).bought(held)
    return {"orderNumber": number, "eventId": held.event.id}


def _reservation(state: State, detail: Detail) -> Reservation:
    held = ReservationBook.of(state).found(detail.get("reservationId"))
    if held is None or held.event.slug != detail.get("eventSlug"):
        raise Impossible("There is no such reservation, or it has run out.")
    return held


def _plan_facts(state: State, detail: Detail) -> dict[str, str]:
    plan = _plan(state, detail)
    return {"Plan": plan.name, "Price": money.formatted(plan.price, state.data.site.currency)}


def _buy_plan(state: State, detail: Detail, buyer: Buyer, _: str) -> dict[str, str]:
    return {"planOrderId": PlanOrderBook.of(state).placed(_plan(state, detail), buyer.id).id}


def _plan(state: State, detail: Detail) -> Plan:
    try:
        return plan_of(state, detail.get("planId"))
    except WixError:
        raise Impossible("There is no such plan.") from None


def _plain_facts(_: State, detail: Detail) -> dict[str, str]:
    return {name: value for name, value in detail.items() if isinstance(value, str)}


def _nothing(_: State, __: Detail, ___: Buyer, ____: str) -> dict[str, str]:
    return {}


def _bare(title: str) -> Flow:
    return Flow(title, _plain_facts, _nothing, is_bare=True)


FLOWS: dict[str, Flow] = {
    "ecomCheckout": Flow("Checkout", _checkout_facts, _buy_checkout),
    "bookingsCheckout": Flow("Book a service", _booking_facts, _book),
    "bookingsBook": _bare("Book a service"),
    "eventsCheckout": Flow("Event tickets", _event_facts, _buy_tickets),
    # Wix: plans can only be bought by members; its page makes people sign up.
    "paidPlansCheckout": Flow("Choose a plan", _plan_facts, _buy_plan, members_only=True),
    "storesProduct": _bare("Product"),
    "ecomOrderPaymentRequest": _bare("Payment"),
}
