"""Answer Orders V1: what a completed checkout has become.

An order belongs to whoever bought it; they and the app may read it, to anyone
else it does not exist. Money is never asked for: the emulated buyer has paid.

Wix: order numbers are counted from 10001; the thank-you page is given the
order's id; `order_approved` is an action event with the order as its body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ..callers import Caller, authenticate
from ..changes import ORDER_APPROVED, Change
from ..errors import not_found
from ..state import State
from . import money
from .calls import message, origin_of, readable, state_of, timestamp
from .catalog import Catalog
from .checkouts import Checkout, CheckoutBook
from .filters import an_object
from .line_items import line_item, price_summary
from .query import parse, run

FIRST_NUMBER = 10_001


@dataclass(frozen=True)
class Order:
    """One purchase that was made."""

    id: str
    number: int
    buyer_kind: str
    buyer_id: str
    checkout: Checkout
    created_at: float


class OrderBook:
    """The orders of the site, by id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._orders: dict[str, Order] = {}
        state.login_listeners.append(self.hand_over)

    @classmethod
    def of(cls, state: State) -> OrderBook:
        """Return the site's one book."""
        return state.area("orders", lambda: cls(state))

    def placed(self, checkout: Checkout, buyer_kind: str, buyer_id: str, origin: str) -> Order:
        """Return the order that a checkout becomes, and empty the cart behind it."""
        made_id = self._state.randomness.guid("order")
        number = FIRST_NUMBER + len(self._orders)
        now = self._state.clock.now()
        order = Order(made_id, number, buyer_kind, buyer_id, checkout, now)
        self._orders[made_id] = order
        CheckoutBook.of(self._state).complete(checkout)
        body = {"order": on_the_wire(order, Catalog(self._state.data, origin))}
        self._state.report(Change(ORDER_APPROVED, made_id, body, buyer_kind, buyer_id))
        return order

    def named(self, caller: Caller, order_id: str) -> Order:
        """Return an order to its buyer or the app; raise ApplicationError 404."""
        order = self._orders.get(order_id)
        if order is None or order not in self.visible(caller):
            raise not_found("Order not found", "ORDER_NOT_FOUND")
        return order

    def visible(self, caller: Caller) -> list[Order]:
        """Return the orders that a caller may see, oldest first."""
        orders = self._orders.values()
        return [o for o in orders if caller.is_elevated or o.buyer_id == caller.subject_id]

    def hand_over(self, visitor_id: str, member_id: str) -> None:
        """Make a visitor's orders the member's."""
        for order in [o for o in self._orders.values() if o.buyer_id == visitor_id]:
            self._orders[order.id] = Order(
                order.id, order.number, "member", member_id, order.checkout, order.created_at
            )


def on_the_wire(order: Order, catalog: Catalog) -> dict[str, Any]:
    """Return an order of V1."""
    currency, language = catalog.currency, catalog.data.site.language
    buyer = {f"{order.buyer_kind}Id": order.buyer_id}
    email = order.checkout.details.get("email")
    created = timestamp(order.created_at)
    items = [
        line_item(line, catalog)
        | {
            "totalPriceAfterTax": money.price(line.total, currency),
            "totalPriceBeforeTax": money.price(line.total, currency),
            "refundQuantity": 0,
        }
        for line in order.checkout.lines
    ]
    return {
        "id": order.id,
        "number": str(order.number),
        "createdDate": created,
        "updatedDate": created,
        "purchasedDate": created,
        "lineItems": items,
        "buyerInfo": buyer | ({"email": email} if email else {}),
        "createdBy": buyer,
        "paymentStatus": "PAID",
        "fulfillmentStatus": "NOT_FULFILLED",
        "status": "APPROVED",
        "archived": False,
        "currency": currency,
        "buyerLanguage": language,
        "weightUnit": "KG",
        "taxIncludedInPrices": False,
        "priceSummary": price_summary(order.checkout.subtotal, currency),
        "checkoutId": order.checkout.id,
        "purchaseFlowId": order.checkout.cart_id or order.checkout.id,
        "channelInfo": {"type": order.checkout.channel},
        "appliedDiscounts": [],
        "activities": [],
    }


async def get_order(request: web.Request) -> web.Response:
    """Return one order."""
    state, caller = state_of(request), authenticate(request)
    order = OrderBook.of(state).named(caller, request.match_info["id"])
    catalog = Catalog(state.data, origin_of(request))
    return web.json_response({"order": on_the_wire(order, catalog)})


async def search_orders(request: web.Request) -> web.Response:
    """Return the caller's orders that a search or query finds, or everyone's to the app."""
    state, caller = state_of(request), authenticate(request)
    asked = await message(request)
    wanted = an_object(asked.get("search") or asked.get("query"), "search")
    catalog = Catalog(state.data, origin_of(request))
    shown = [on_the_wire(order, catalog) for order in OrderBook.of(state).visible(caller)]
    page = run(parse({key: part for key, part in wanted.items() if part}), shown)
    return web.json_response({"orders": page.entities, "metadata": page.cursors})


BASE = "/ecom/v1/orders"
ROUTES: list[web.RouteDef] = [
    *readable(f"{BASE}/search", search_orders),
    *readable(f"{BASE}/query", search_orders),
    web.get(f"{BASE}/{{id}}", get_order),
]
