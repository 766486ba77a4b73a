"""Answer Cart V1: the current cart of an identity, and carts by id.

Wix: prices carry four texts; an image without an id is taken by its address;
a checkout is made once for a cart and keeps its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from ..errors import ApplicationError
from . import cart_entity
from .calls import quantity
from .cart_book import Cart
from .cart_calls import Call, Version
from .checkouts import CheckoutBook
from .filters import a_list, an_object
from .line_items import calculated, price_summary

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
VERSION = Version(cart_entity.on_the_wire, "lineItems", NOT_SOLD, needs_stock=False)


async def get_cart_behind(request: web.Request) -> web.Response:
    """Return the cart that a checkout was made from."""
    call = await Call.read(request)
    cart = call.book.behind(call.caller, request.match_info["checkout_id"])
    return VERSION.answer(call, cart)


async def create_cart(request: web.Request) -> web.Response:
    """Make the caller's cart and fill it."""
    call = await Call.read(request)
    lines = VERSION.lines(call)
    if not lines:
        text = "A cart is made with at least one line item"
        raise ApplicationError(400, "CANT_CREATE_CART_WITHOUT_ITEMS", text)
    cart = call.book.created(call.caller)
    call.book.add(cart, lines)
    _describe(cart, an_object(call.asked.get("cartInfo"), "cartInfo"))
    call.report(cart)
    return VERSION.answer(call, cart)


async def update_cart(request: web.Request) -> web.Response:
    """Write the buyer's notes and details on the cart, and add line items."""
    call = await Call.read(request)
    cart = call.cart
    lines = VERSION.lines(call)
    _describe(cart, an_object(call.asked.get("cartInfo"), "cartInfo"))
    call.book.add(cart, lines)
    call.report(cart)
    return VERSION.answer(call, cart)


async def update_quantity(request: web.Request) -> web.Response:
    """Set the quantity of line items; zero removes one."""
    call = await Call.read(request)
    wanted: dict[str, int] = {}
    for number, raw in enumerate(a_list(call.asked.get("lineItems"), "lineItems")):
        where = f"lineItems[{number}]"
        item = an_object(raw, where)
        wanted[str(item.get("id"))] = quantity(item.get("quantity"), f"{where}.quantity", least=0)
    return VERSION.with_quantities(call, wanted)


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
        "cart": cart_entity.on_the_wire(cart, call.catalog),
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
        web.get(cart, VERSION.get),
        web.patch(cart, update_cart),
        web.delete(cart, VERSION.delete),
        web.post(f"{cart}/add-to-cart", VERSION.add),
        web.post(f"{cart}/update-line-items-quantity", update_quantity),
        web.post(f"{cart}/remove-line-items", VERSION.remove),
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
