"""Answer Pricing Plans: what plans there are, and which a member has bought.

Anyone may read public plans; only members buy, on the page that Wix hosts, and
they see their own orders alone.

Wix: Plans V2; a plan is paid in cycles, or once and for all; the thank-you page
is given `planOrderId`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ..callers import authenticate, require
from ..changes import PLAN_PURCHASED, Change
from ..data import Data
from ..errors import not_found
from ..offers import Plan
from ..state import State
from . import money
from .calls import message, readable, state_of, timestamp
from .filters import an_object
from .query import parse, run


@dataclass(frozen=True)
class PlanOrder:
    """One plan that a member has bought."""

    id: str
    plan: Plan
    member_id: str
    created_at: float


class PlanOrderBook:
    """The plans that were bought, by order id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._orders: dict[str, PlanOrder] = {}

    @classmethod
    def of(cls, state: State) -> PlanOrderBook:
        """Return the site's one book."""
        return state.area("plan orders", lambda: cls(state))

    def placed(self, plan: Plan, member_id: str) -> PlanOrder:
        """Sell a plan to a member."""
        made_id = self._state.randomness.guid("plan order")
        order = PlanOrder(made_id, plan, member_id, self._state.clock.now())
        self._orders[made_id] = order
        body = {"order": order_json(order, self._state.data)}
        self._state.report(Change(PLAN_PURCHASED, made_id, body, "member", member_id))
        return order

    def of_member(self, member_id: str) -> list[PlanOrder]:
        """Return a member's orders, oldest first."""
        return [order for order in self._orders.values() if order.member_id == member_id]

    def all(self) -> list[PlanOrder]:
        """Return everyone's orders, oldest first."""
        return list(self._orders.values())


def plan_of(state: State, plan_id: object) -> Plan:
    """Return a plan by its id; raise ApplicationError 404."""
    for plan in state.data.plans:
        if plan.id == plan_id:
            return plan
    raise not_found("Plan not found")


def plan_json(plan: Plan, data: Data) -> dict[str, Any]:
    """Return a public plan of V2."""
    return {
        "id": plan.id,
        "name": plan.name,
        "slug": plan.slug,
        "description": plan.description,
        "perks": {"values": list(plan.perks)},
        "pricing": _pricing(plan, data),
        "primary": False,
        "hasOrders": False,
        "allowFutureStartDate": False,
        "buyerCanCancel": True,
        "termsAndConditions": "",
    }


def order_json(order: PlanOrder, data: Data) -> dict[str, Any]:
    """Return an order of V2."""
    currency = data.site.currency
    price = money.amount(order.plan.price, currency)
    created = timestamp(order.created_at)
    return {
        "id": order.id,
        "planId": order.plan.id,
        "planName": order.plan.name,
        "planDescription": order.plan.description,
        "planPrice": price,
        "buyer": {"memberId": order.member_id, "contactId": order.member_id},
        "pricing": {
            **_model(order.plan),
            "prices": [{"price": {"subtotal": price, "total": price, "currency": currency}}],
        },
        "type": "ONLINE",
        "status": "ACTIVE",
        "lastPaymentStatus": "PAID" if order.plan.price else "NOT_APPLICABLE",
        "startDate": created,
        "createdDate": created,
        "updatedDate": created,
    }


async def list_plans(request: web.Request) -> web.Response:
    """Return the public plans, or those that a query finds."""
    authenticate(request)
    data = state_of(request).data
    raw = an_object((await message(request)).get("query"), "query")
    shown = [plan_json(plan, data) for plan in data.plans]
    page = run(parse({key: part for key, part in raw.items() if part}), shown)
    return web.json_response({"plans": page.entities, "pagingMetadata": page.offsets})


async def get_plan(request: web.Request) -> web.Response:
    """Return one plan, to the app."""
    require(authenticate(request), "app")
    state = state_of(request)
    plan = plan_of(state, request.match_info["id"])
    return web.json_response({"plan": plan_json(plan, state.data)})


async def member_orders(request: web.Request) -> web.Response:
    """Return the plans that the calling member has bought."""
    caller = require(authenticate(request), "member")
    state = state_of(request)
    orders = PlanOrderBook.of(state).of_member(caller.subject_id)
    return _orders(state, orders)


async def all_orders(request: web.Request) -> web.Response:
    """Return everyone's orders, to the app."""
    require(authenticate(request), "app")
    state = state_of(request)
    return _orders(state, PlanOrderBook.of(state).all())


async def member_order(request: web.Request) -> web.Response:
    """Return one of the calling member's orders."""
    caller = require(authenticate(request), "member")
    state = state_of(request)
    for order in PlanOrderBook.of(state).of_member(caller.subject_id):
        if order.id == request.match_info["id"]:
            return web.json_response({"order": order_json(order, state.data)})
    raise not_found("Order not found")


def _orders(state: State, orders: list[PlanOrder]) -> web.Response:
    shown = [order_json(order, state.data) for order in orders]
    metadata = {"count": len(shown), "offset": 0, "total": len(shown)}
    return web.json_response({"orders": shown, "pagingMetadata": metadata})


def _pricing(plan: Plan, data: Data) -> dict[str, Any]:
    currency = data.site.currency
    price = {"value": money.amount(plan.price, currency), "currency": currency}
    return {**_model(plan), "price": price}


def _model(plan: Plan) -> dict[str, Any]:
    if plan.period == "UNLIMITED":
        return {"singlePaymentUnlimited": True}
    # Zero cycles go on until somebody cancels.
    return {"subscription": {"cycleDuration": {"count": 1, "unit": plan.period}, "cycleCount": 0}}


PLANS, ORDERS = "/pricing-plans/v2/plans", "/pricing-plans/v2/orders"
MEMBER_ORDERS = "/pricing-plans/v2/member/orders"
ROUTES: list[web.RouteDef] = [
    web.get(f"{PLANS}/public", list_plans),
    *readable(f"{PLANS}/public/query", list_plans),
    web.get(f"{PLANS}/{{id}}", get_plan),
    web.get(MEMBER_ORDERS, member_orders),
    web.get(f"{MEMBER_ORDERS}/{{id}}", member_order),
    web.get(ORDERS, all_orders),
]
