"""Answer Cart V1: the current cart of an identity, and carts by id.

Every method that changes the cart returns the cart as it stands after it.
The emulated shop sells what its catalog holds: line items of its own making,
coupons and gift cards are refused by name rather than dropped.

Wix: prices carry four texts; an image without an id is taken by its address;
a checkout is made once for a cart and keeps its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from ..callers import authenticate
from ..changes import CART_DELETED, CART_UPDATED, Change
from ..errors import ApplicationError, invalid
from . import money
from .calls import message, names, origin_of, quantity, state_of, timestamp
from .cart_book import Cart, CartBook, Line
from .catalog import Catalog
from .checkouts import CheckoutBook
from .filters import a_list, an_object
from .line_items import calculated, line_item, price_summary

# What the buyer may write on a cart, by its name on the wire.
DETAILS = (
    "buyerNote",
    "contactInfo",
    "overrideCheckoutUrl",
    "selectedShippingOption",
    "extendedFields",
    "businessLocationId",
)
NOT_SOLD = ("customLineItems", "couponCode", "merchantDiscounts")


def on_the_wire(cart: Cart, catalog: Catalog) -> dict[str, Any]:
    """Return a cart of V1."""
    currency = catalog.currency
    language = catalog.data.site.language
    return {
        "id": cart.id,
        "lineItems": [line_item(line, catalog) for line in cart.lines],
        "buyerInfo": {f"{cart.owner_kind}Id": cart.owner_id},
        "currency": currency,
        "conversionCurrency": currency,
        "paymentCurrency": currency,
        "buyerLanguage": language,
        "siteLanguage": language,
        "taxIncludedInPrices": False,
        "weightUnit": "KG",
        "subtotal": money.price(cart.subtotal, currency),
        "appliedDiscounts": [],
        "createdDate": timestamp(cart.created_at),
        "updatedDate": timestamp(cart.updated_at),
        "purchaseFlowId": cart.id,
        "revision": str(cart.revision),
        **({"checkoutId": cart.checkout_id} if cart.checkout_id else {}),
        **cart.details,
    }


class Call:
    """One call on one cart: what it asks, of whom, and where the answer is made."""

    def __init__(self, request: web.Request, asked: dict[str, Any]) -> None:
        self.caller = authenticate(request)
        self.state = state_of(request)
        self.asked = asked
        self.catalog = Catalog(self.state.data, origin_of(request))
        self.book = CartBook.of(self.state)
        self._cart_id = request.match_info.get("id")

    @classmethod
    async def read(cls, request: web.Request) -> Call:
        """Read the call; raise WixError for an unknown identity or a broken body."""
        authenticate(request)
        return cls(request, await message(request))

    @property
    def cart(self) -> Cart:
        """The cart the path names, `current` being the caller's own."""
        if self._cart_id is not None:
            return self.book.named(self.caller, self._cart_id)
        return self.book.current(self.caller)

    def cart_to_fill(self) -> Cart:
        """Return the same cart, a new one for an identity that has none yet."""
        return self.cart if self._cart_id is not None else self.book.created(self.caller)

    def lines(self) -> list[Line]:
        """Return the line items the message adds; raise WixError."""
        for name in NOT_SOLD:
            if self.asked.get(name):
                raise invalid(name, "is not something the emulated shop knows", "UNSUPPORTED")
        found = []
        for number, raw in enumerate(a_list(self.asked.get("lineItems"), "lineItems")):
            where = f"lineItems[{number}]"
            item = an_object(raw, where)
            pieces = quantity(item.get("quantity", 1), f"{where}.quantity")
            reference = an_object(item.get("catalogReference"), f"{where}.catalogReference")
            found.append(self.book.line_for(self.catalog, reference, pieces))
        return found

    def answer(self, cart: Cart) -> web.Response:
        """Return the cart as it stands now."""
        return web.json_response({"cart": on_the_wire(cart, self.catalog)})

    def report(self, cart: Cart, event_type: str = CART_UPDATED) -> None:
        """Tell that the cart has changed."""
        entity = on_the_wire(cart, self.catalog)
        caller = self.caller
        self.state.report(Change(event_type, cart.id, entity, caller.kind, caller.subject_id))


async def get_cart(request: web.Request) -> web.Response:
    """Return the cart."""
    call = await Call.read(request)
    return call.answer(call.cart)


async def get_cart_behind(request: web.Request) -> web.Response:
    """Return the cart that a checkout was made from."""
    call = await Call.read(request)
    return call.answer(call.book.behind(call.caller, request.match_info["checkout_id"]))


async def create_cart(request: web.Request) -> web.Response:
    """Make the caller's cart and fill it."""
    call = await Call.read(request)
    lines = call.lines()
    if not lines:
        text = "A cart is made with at least one line item"
        raise ApplicationError(400, "CANT_CREATE_CART_WITHOUT_ITEMS", text)
    cart = call.book.created(call.caller)
    call.book.add(cart, lines)
    _describe(cart, an_object(call.asked.get("cartInfo"), "cartInfo"))
    call.report(cart)
    return call.answer(cart)


async def update_cart(request: web.Request) -> web.Response:
    """Write the buyer's notes and details on the cart, and add line items."""
    call = await Call.read(request)
    cart = call.cart
    lines = call.lines()
    _describe(cart, an_object(call.asked.get("cartInfo"), "cartInfo"))
    call.book.add(cart, lines)
    call.report(cart)
    return call.answer(cart)


async def delete_cart(request: web.Request) -> web.Response:
    """Forget the cart."""
    call = await Call.read(request)
    cart = call.cart
    call.book.delete(cart)
    call.report(cart, CART_DELETED)
    return web.json_response({})


async def add_to_cart(request: web.Request) -> web.Response:
    """Add line items; the first ones make the cart."""
    call = await Call.read(request)
    lines = call.lines()
    if not lines:
        raise invalid("lineItems", "must not be empty", "MIN_SIZE", threshold=1)
    cart = call.cart_to_fill()
    call.book.add(cart, lines)
    call.report(cart)
    return call.answer(cart)


async def update_quantity(request: web.Request) -> web.Response:
    """Set the quantity of line items; zero removes one."""
    call = await Call.read(request)
    wanted: dict[str, int] = {}
    for number, raw in enumerate(a_list(call.asked.get("lineItems"), "lineItems")):
        where = f"lineItems[{number}]"
        item = an_object(raw, where)
        wanted[str(item.get("id"))] = quantity(item.get("quantity"), f"{where}.quantity", least=0)
    cart = call.cart
    call.book.set_quantities(cart, wanted)
    call.report(cart)
    return call.answer(cart)


async def remove_line_items(request: web.Request) -> web.Response:
    """Take line items out of the cart."""
    call = await Call.read(request)
    gone = names(call.asked.get("lineItemIds"), "lineItemIds")
    if not gone:
        raise invalid("lineItemIds", "must not be empty", "MIN_SIZE", threshold=1)
    cart = call.cart
    call.book.set_quantities(cart, dict.fromkeys(gone, 0))
    call.report(cart)
    return call.answer(cart)


async def create_checkout(request: web.Request) -> web.Response:
    """Make the cart's checkout, or bring the one it has up to date."""
    call = await Call.read(request)
    checkout = CheckoutBook.of(call.state).from_cart(call.cart, call.asked)
    return web.json_response({"checkoutId": checkout.id})


async def estimate_totals(request: web.Request) -> web.Response:
    """Return what the cart would cost."""
    call = await Call.read(request)
    cart, currency = call.cart, call.catalog.currency
    summary = price_summary(cart.subtotal, currency)
    answer = {
        "cart": on_the_wire(cart, call.catalog),
        "calculatedLineItems": [calculated(line, currency) for line in cart.lines],
        "priceSummary": summary,
        "taxSummary": {"totalTax": summary["tax"]},
        "appliedDiscounts": [],
        "calculationErrors": {},
        "weightUnit": "KG",
        "currency": currency,
        "payNow": summary,
        "payLater": price_summary(Decimal(0), currency),
        "additionalFees": [],
        "violations": [],
    }
    return web.json_response(answer)


def _describe(cart: Cart, details: Mapping[str, Any]) -> None:
    cart.details |= {name: details[name] for name in DETAILS if name in details}


def _routes(cart: str) -> list[web.RouteDef]:
    return [
        web.get(cart, get_cart),
        web.patch(cart, update_cart),
        web.delete(cart, delete_cart),
        web.post(f"{cart}/add-to-cart", add_to_cart),
        web.post(f"{cart}/update-line-items-quantity", update_quantity),
        web.post(f"{cart}/remove-line-items", remove_line_items),
        web.post(f"{cart}/create-checkout", create_checkout),
        web.post(f"{cart}/estimate-totals", estimate_totals),
    ]


BASE = "/ecom/v1/carts"
ROUTES: list[web.RouteDef] = [
    web.post(BASE, create_cart),
    web.get(f"{BASE}/by-checkout-id/{{checkout_id}}", get_cart_behind),
    *_routes(f"{BASE}/current"),
    *_routes(f"{BASE}/{{id}}"),
]
