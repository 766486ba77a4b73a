"""Answer Cart V2: the same carts as V1, in the newer words.

Items are added as `catalogItems`, quantities are changed through an update per
line, and an item the shop has none of is refused when it is added.

Wix: the cart's id is the checkout's id too; money has an amount and a
converted amount and no formatted text; `calculate` and `estimate` answer with
the cart and a summary.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from ..errors import ApplicationError
from . import money
from .calls import quantity, timestamp
from .cart_book import Cart, Line
from .cart_calls import Call, Version
from .catalog import Catalog
from .filters import a_list, an_object
from .line_items import description_line

NOT_SOLD = ("customItems", "coupons", "giftCards")


def on_the_wire(cart: Cart, catalog: Catalog) -> dict[str, Any]:
    """Return a cart of V2."""
    currency, site = catalog.currency, catalog.data.site
    owner = {f"{cart.owner_kind}Id": cart.owner_id}
    return {
        "id": cart.id,
        "createdDate": timestamp(cart.created_at),
        "updatedDate": timestamp(cart.updated_at),
        "revision": str(cart.revision),
        "lineItems": [line_item(line, catalog) for line in cart.lines],
        "subtotal": money.converted(cart.subtotal, currency),
        "coupons": [],
        "source": {"channelType": "WEB", "createdBy": owner, "externalReferences": []},
        "businessInfo": {"languageCode": site.language, "currencyCode": currency},
        "customerInfo": owner | {"languageCode": site.language, "currencyCode": currency},
        "deliveryInfo": {"weightUnit": "KG"},
        "taxInfo": {"pricesIncludeTax": False},
        "paymentInfo": {"giftCards": [], "currencyCode": currency},
        "orderPlaced": False,
        "purchaseFlowId": cart.id,
        "currentCart": True,
        **({"note": cart.details["buyerNote"]} if cart.details.get("buyerNote") else {}),
    }


def line_item(line: Line, catalog: Catalog) -> dict[str, Any]:
    """Return a line item of V2."""
    currency, product = catalog.currency, line.product
    physical = product.product_type == "physical"
    short = "PARTIALLY_IN_STOCK" if line.available else "OUT_OF_STOCK"
    pieces: dict[str, Any] = {
        "confirmedQuantity": line.available,
        "requestedQuantity": line.quantity,
        "fixedQuantity": False,
    }
    if product.stock is not None:
        pieces["availableQuantity"] = product.stock
    return {
        "id": line.id,
        "name": {"original": product.name, "translated": product.name},
        "quantityInfo": pieces,
        "pricing": {
            "unitPrice": money.converted(product.price, currency),
            "totalPrice": money.converted(line.total, currency),
            "priceUndetermined": False,
        },
        "source": {"catalogReference": line.reference, "rootCatalogItemId": product.id},
        "attributes": {
            "descriptionLines": [description_line(*choice) for choice in line.choices.items()],
            "image": catalog.picture(product),
            "url": catalog.page(product),
            "itemType": {"preset": "PHYSICAL" if physical else "DIGITAL"},
            "physicalProperties": {"sku": product.sku, "shippable": physical},
            "policies": [],
            "membersOnly": False,
        },
        "paymentConfig": {"paymentOption": "FULL_PAYMENT_ONLINE", "savePaymentMethod": False},
        "status": "IN_STOCK" if line.available == line.quantity else short,
        "customLineItem": False,
    }


def summary(cart: Cart, currency: str) -> dict[str, Any]:
    """Return what a cart costs in the words of V2."""
    nothing = money.converted(Decimal(0), currency)
    whole = money.converted(cart.subtotal, currency)
    free = dict.fromkeys(("discount", "delivery", "additionalFees", "tax"), nothing)
    return {
        "cartId": cart.id,
        "cartRevision": str(cart.revision),
        "lineItems": [
            {
                "lineItemId": line.id,
                "quantity": line.quantity,
                "unitPrice": money.converted(line.product.price, currency),
                "totalPrice": money.converted(line.total, currency),
            }
            for line in cart.lines
        ],
        "discounts": [],
        "additionalFees": [],
        "taxSummary": {"totalTax": nothing},
        "priceSummary": {"subtotal": whole, **free, "total": whole},
        "paymentSummary": {
            "giftCards": [],
            "totalAfterGiftCards": whole,
            "payNow": whole,
            "payLater": nothing,
        },
        "calculationErrors": {},
        "spiViolations": [],
        "violations": [],
    }


VERSION = Version(on_the_wire, "catalogItems", NOT_SOLD, needs_stock=True)


async def create_cart(request: web.Request) -> web.Response:
    """Make the caller's cart, with items or without."""
    call = await Call.read(request)
    lines = VERSION.lines(call)
    cart = call.book.created(call.caller)
    _describe(cart, call.asked)
    call.book.add(cart, lines)
    call.report(cart)
    return VERSION.answer(call, cart)


async def update_cart(request: web.Request) -> web.Response:
    """Write the buyer's note on the cart."""
    call = await Call.read(request)
    cart = call.cart
    _describe(cart, call.asked)
    call.book.touch(cart)
    call.report(cart)
    return VERSION.answer(call, cart)


async def update_line_items(request: web.Request) -> web.Response:
    """Change quantities, one update for each line; zero removes one."""
    call = await Call.read(request)
    updates = [
        an_object(raw, "lineItems") for raw in a_list(call.asked.get("lineItems"), "lineItems")
    ]
    if not updates:
        text = "There is no line item to update"
        raise ApplicationError(400, "EMPTY_LINE_ITEM_UPDATES", text)
    wanted: dict[str, int] = {}
    for number, update in enumerate(updates):
        where = f"lineItems[{number}].quantity"
        line_id = str(update.get("lineItemId"))
        if line_id in wanted:
            text = "A line item is updated once in a call"
            raise ApplicationError(400, "DUPLICATE_LINE_ITEM_UPDATES", text)
        pieces = an_object(update.get("quantity"), where).get("newQuantity")
        wanted[line_id] = quantity(pieces, f"{where}.newQuantity", least=0)
    return VERSION.with_quantities(call, wanted)


async def calculate(request: web.Request) -> web.Response:
    """Return the cart and what it costs."""
    call = await Call.read(request)
    cart = call.cart
    costs = summary(cart, call.catalog.currency)
    return web.json_response({"cart": on_the_wire(cart, call.catalog), "summary": costs})


def _describe(cart: Cart, asked: dict[str, Any]) -> None:
    note = an_object(asked.get("cart"), "cart").get("note")
    if note is not None:
        cart.details["buyerNote"] = str(note)


def _routes(cart: str) -> list[web.RouteDef]:
    return [
        web.get(cart, VERSION.get),
        web.patch(cart, update_cart),
        web.delete(cart, VERSION.delete),
        web.post(f"{cart}/add-line-items", VERSION.add),
        web.post(f"{cart}/update-line-items", update_line_items),
        web.post(f"{cart}/remove-line-items", VERSION.remove),
        web.post(f"{cart}/calculate", calculate),
        web.post(f"{cart}/estimate", calculate),
        web.post(f"{cart}/refresh", VERSION.get),
    ]


BASE = "/ecom/v2/carts"
ROUTES: list[web.RouteDef] = [
    web.post(BASE, create_cart),
    web.post(f"{BASE}/current", create_cart),
    *_routes(f"{BASE}/current"),
    *_routes(f"{BASE}/{{id}}"),
]
