"""Answer Checkout V1: what a cart becomes on its way to payment.

A checkout keeps the lines it was made with until it is made again from the
same cart. Its owner and the app may read it; to anyone else it does not exist.

Wix: the checkout page is reached through a redirect session; `checkout-url`
names the page for those who need its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from aiohttp import web

from ..callers import Caller, authenticate
from ..errors import ApplicationError, invalid, not_found
from ..state import State
from . import money
from .calls import message, origin_of, quantity, state_of, timestamp
from .cart_book import Cart, CartBook, Line
from .catalog import Catalog
from .filters import a_list, an_object
from .line_items import line_item, price_summary

CHANNELS = ("BACKOFFICE_MERCHANT", "OTHER_PLATFORM", "POS", "WEB", "WIX_INVOICES")


@dataclass
class Checkout:
    """One purchase about to be paid."""

    id: str
    owner_kind: str
    owner_id: str
    created_at: float
    updated_at: float
    lines: list[Line]
    cart_id: str | None = None
    channel: str = "WEB"
    completed: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def subtotal(self) -> Decimal:
        """The price of all lines."""
        return sum((line.total for line in self.lines), Decimal(0))


class CheckoutBook:
    """The checkouts of the site, by id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._checkouts: dict[str, Checkout] = {}
        state.login_listeners.append(self.hand_over)

    @classmethod
    def of(cls, state: State) -> CheckoutBook:
        """Return the site's one book."""
        return state.area("checkouts", lambda: cls(state))

    def named(self, caller: Caller, checkout_id: str) -> Checkout:
        """Return a checkout to its owner or the app; raise ApplicationError 404."""
        checkout = self._checkouts.get(checkout_id)
        if checkout is None or not (caller.is_elevated or checkout.owner_id == caller.subject_id):
            raise not_found("Checkout not found", "CHECKOUT_NOT_FOUND")
        return checkout

    def from_cart(self, cart: Cart, asked: Mapping[str, Any]) -> Checkout:
        """Return the cart's checkout, holding what the cart holds now."""
        channel = _channel(asked)
        made = self._checkouts.get(cart.checkout_id or "")
        lines = [replace(line) for line in cart.lines]
        if made is None or made.completed:
            made = self.opened(cart.owner_kind, cart.owner_id, lines, channel)
            made.cart_id, cart.checkout_id = cart.id, made.id
        _filled(lines)
        made.lines, made.channel = lines, channel
        made.updated_at = self._state.clock.now()
        if asked.get("email"):
            made.details["email"] = asked["email"]
        return made

    def shown(self, checkout_id: str) -> Checkout | None:
        """Return what the checkout page shows for an id, which may be that of a cart of V2."""
        checkout = self._checkouts.get(checkout_id)
        if checkout is not None:
            return checkout
        cart = CartBook.of(self._state).by_id(checkout_id)
        if cart is None or not cart.lines:
            return None
        lines = [replace(line) for line in cart.lines]
        now = self._state.clock.now()
        return Checkout(cart.id, cart.owner_kind, cart.owner_id, now, now, lines, cart.id)

    def complete(self, checkout: Checkout) -> None:
        """Note that a checkout was paid, and empty the cart it came from."""
        checkout.completed = True
        checkout.updated_at = self._state.clock.now()
        self._checkouts[checkout.id] = checkout
        carts = CartBook.of(self._state)
        cart = carts.by_id(checkout.cart_id or "")
        if cart is not None:
            carts.delete(cart)

    def opened(self, owner_kind: str, owner_id: str, lines: list[Line], channel: str) -> Checkout:
        """Return a new checkout; raise ApplicationError 400 if there is nothing to buy."""
        _filled(lines)
        now = self._state.clock.now()
        made_id = self._state.randomness.guid("checkout")
        checkout = Checkout(made_id, owner_kind, owner_id, now, now, lines, channel=channel)
        self._checkouts[made_id] = checkout
        return checkout

    def hand_over(self, visitor_id: str, member_id: str) -> None:
        """Make a visitor's checkouts the member's."""
        for checkout in self._checkouts.values():
            if checkout.owner_id == visitor_id:
                checkout.owner_kind, checkout.owner_id = "member", member_id


def on_the_wire(checkout: Checkout, catalog: Catalog) -> dict[str, Any]:
    """Return a checkout of V1."""
    currency, language = catalog.currency, catalog.data.site.language
    summary = price_summary(checkout.subtotal, currency)
    owner = {f"{checkout.owner_kind}Id": checkout.owner_id}
    buyer = owner | {key: checkout.details[key] for key in ("email",) if key in checkout.details}
    nothing = money.price(Decimal(0), currency)
    items = [
        line_item(line, catalog, image="media")
        | {
            "totalPriceAfterTax": money.price(line.total, currency),
            "totalPriceBeforeTax": money.price(line.total, currency),
            "discount": nothing,
            "taxDetails": {"taxableAmount": nothing, "taxRate": "0", "totalTax": nothing},
        }
        for line in checkout.lines
    ]
    return {
        "id": checkout.id,
        "lineItems": items,
        "buyerInfo": buyer,
        "createdBy": owner,
        "currency": currency,
        "conversionCurrency": currency,
        "paymentCurrency": currency,
        "priceSummary": summary,
        "payNow": summary,
        "payLater": price_summary(Decimal(0), currency),
        "taxSummary": {"totalTax": nothing},
        "calculationErrors": {},
        "appliedDiscounts": [],
        "additionalFees": [],
        "violations": [],
        "customFields": [],
        "weightUnit": "KG",
        "channelType": checkout.channel,
        "siteLanguage": language,
        "buyerLanguage": language,
        "completed": checkout.completed,
        "taxIncludedInPrice": False,
        "createdDate": timestamp(checkout.created_at),
        "updatedDate": timestamp(checkout.updated_at),
        "purchaseFlowId": checkout.cart_id or checkout.id,
        **({"cartId": checkout.cart_id} if checkout.cart_id else {}),
    }


async def get_checkout(request: web.Request) -> web.Response:
    """Return a checkout."""
    checkout = _named(request)
    catalog = Catalog(state_of(request).data, origin_of(request))
    return web.json_response({"checkout": on_the_wire(checkout, catalog)})


async def create_checkout(request: web.Request) -> web.Response:
    """Make a checkout without a cart."""
    caller, state = authenticate(request), state_of(request)
    asked = await message(request)
    catalog = Catalog(state.data, origin_of(request))
    lines = []
    for number, raw in enumerate(a_list(asked.get("lineItems"), "lineItems")):
        where = f"lineItems[{number}]"
        item = an_object(raw, where)
        pieces = quantity(item.get("quantity", 1), f"{where}.quantity")
        reference = an_object(item.get("catalogReference"), f"{where}.catalogReference")
        lines.append(CartBook.of(state).line_for(catalog, reference, pieces))
    book = CheckoutBook.of(state)
    checkout = book.opened(caller.kind, caller.subject_id, lines, _channel(asked))
    return web.json_response({"checkout": on_the_wire(checkout, catalog)})


async def checkout_url(request: web.Request) -> web.Response:
    """Return the address of a checkout's page."""
    checkout = _named(request)
    address = f"{origin_of(request)}/__ecom/checkout?checkoutId={checkout.id}"
    return web.json_response({"checkoutUrl": address})


def _named(request: web.Request) -> Checkout:
    book = CheckoutBook.of(state_of(request))
    return book.named(authenticate(request), request.match_info["id"])


def _channel(asked: Mapping[str, Any]) -> str:
    channel = asked.get("channelType")
    if channel not in CHANNELS:
        raise invalid("channelType", "must name where the buyer is", "ENUM", allowed=list(CHANNELS))
    return str(channel)


def _filled(lines: list[Line]) -> None:
    if not lines:
        text = "A checkout needs at least one line item"
        raise ApplicationError(400, "CANT_CREATE_CHECKOUT_WITHOUT_ITEMS", text)


BASE = "/ecom/v1/checkouts"
ROUTES: list[web.RouteDef] = [
    web.post(BASE, create_checkout),
    web.get(f"{BASE}/{{id}}", get_checkout),
    web.get(f"{BASE}/{{id}}/checkout-url", checkout_url),
]
