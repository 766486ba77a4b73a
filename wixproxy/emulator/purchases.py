"""Decide what each hosted page shows and what completing it yields.

Law: a flow first says what is to be bought, in words for the page, and refuses
with a reason what cannot be; buying yields the parameters of the thank-you page.

Source: Wix: the parameters that callbacks are given, by intent: `orderId` for a
shop, `planOrderId` for plans, `orderNumber` and `eventId` for events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .apis import money
from .apis.checkouts import Checkout, CheckoutBook
from .apis.orders import OrderBook
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


def _plain_facts(_: State, detail: Detail) -> dict[str, str]:
    return {name: value for name, value in detail.items() if isinstance(value, str)}


def _nothing(_: State, __: Detail, ___: Buyer, ____: str) -> dict[str, str]:
    return {}


def _bare(title: str) -> Flow:
    return Flow(title, _plain_facts, _nothing, is_bare=True)


FLOWS: dict[str, Flow] = {
    "ecomCheckout": Flow("Checkout", _checkout_facts, _buy_checkout),
    "bookingsCheckout": _bare("Book a service"),
    "bookingsBook": _bare("Book a service"),
    "eventsCheckout": _bare("Event tickets"),
    "paidPlansCheckout": _bare("Choose a plan"),
    "storesProduct": _bare("Product"),
    "ecomOrderPaymentRequest": _bare("Payment"),
}
