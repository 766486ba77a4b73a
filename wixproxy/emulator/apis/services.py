"""Answer Bookings services: what can be booked, to anyone who asks.

Wix: Services V2; `mainSlug` holds the slug; a service paid at a fixed price has
`payment.fixed.price` with a value and a currency.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..callers import authenticate
from ..data import Data
from ..errors import not_found
from ..offers import Service
from ..state import State
from . import money
from .calls import message, readable, state_of
from .filters import an_object
from .query import Page, parse, run


def service_of(state: State, service_id: object) -> Service:
    """Return a service by its id; raise ApplicationError 404."""
    for service in state.data.services:
        if service.id == service_id:
            return service
    raise not_found("Service not found", "SERVICE_NOT_FOUND")


def on_the_wire(service: Service, data: Data) -> dict[str, Any]:
    """Return a service of V2."""
    currency = data.site.currency
    price = {"value": money.amount(service.price, currency), "currency": currency}
    paid = service.price > 0
    slug = {"name": service.slug, "custom": False}
    payment = {"rateType": "FIXED", "fixed": {"price": price}} if paid else {"rateType": "NO_FEE"}
    return {
        "id": service.id,
        "type": "CLASS" if service.capacity > 1 else "APPOINTMENT",
        "name": service.name,
        "description": service.description,
        "tagLine": "",
        "defaultCapacity": service.capacity,
        "hidden": False,
        "mainSlug": slug,
        "supportedSlugs": [slug],
        "onlineBooking": {"enabled": True, "requireManualApproval": False},
        "payment": payment | {"options": {"online": paid, "inPerson": not paid}},
        "schedule": {
            "id": service.id,
            "availabilityConstraints": {
                "sessionDurations": [service.duration_minutes],
                "durations": [{"minutes": service.duration_minutes}],
            },
        },
        "locations": [{"type": "BUSINESS"}],
        "staffMemberIds": [],
        "resourceGroups": [],
        "revision": "1",
    }


async def query_services(request: web.Request) -> web.Response:
    """Return the services that a query or a search finds."""
    authenticate(request)
    asked = await message(request)
    page = _found(request, asked.get("query") or asked.get("search"))
    metadata = page.offsets | page.cursors
    return web.json_response({"services": page.entities, "pagingMetadata": metadata})


async def count_services(request: web.Request) -> web.Response:
    """Return how many services a filter finds."""
    authenticate(request)
    page = _found(request, {"filter": (await message(request)).get("filter")})
    return web.json_response({"count": page.total})


async def get_service(request: web.Request) -> web.Response:
    """Return one service."""
    authenticate(request)
    state = state_of(request)
    service = service_of(state, request.match_info["id"])
    return web.json_response({"service": on_the_wire(service, state.data)})


def _found(request: web.Request, raw: object) -> Page:
    data = state_of(request).data
    wanted = {key: part for key, part in an_object(raw, "query").items() if part}
    return run(parse(wanted), [on_the_wire(service, data) for service in data.services])


ROUTES: list[web.RouteDef] = [
    route
    for base in ("/_api/bookings/v2/services", "/bookings/v2/services")
    for route in (
        *readable(f"{base}/query", query_services),
        *readable(f"{base}/search", query_services),
        web.post(f"{base}/count", count_services),
        web.get(f"{base}/{{id}}", get_service),
    )
]
