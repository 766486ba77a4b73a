"""Read what a call asks, and word what every answer has in common.

A complex GET may carry its request as `.r`, and the same method takes the
same request as the JSON body of a POST to the same path. Every success is 200
with a JSON object, because Wix's client takes any other status for an error.

Wix: repeated query names mean a list; times are ISO 8601 in UTC with
milliseconds; ids in the path come again as query parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aiohttp import web

from ..errors import invalid, json_object
from ..state import STATE, State
from .filters import an_object
from .query import decode

Handler: TypeAlias = Callable[[web.Request], Coroutine[Any, Any, web.Response]]

# A page as Wix names it; the path that its own shops use.
PRODUCT_PAGE = "/product-page/"
MAX_QUANTITY = 100_000


async def message(request: web.Request) -> dict[str, Any]:
    """Return the request message of a call, wherever it was put; raise ValidationError."""
    if request.method not in {"GET", "DELETE"} or request.can_read_body:
        return await json_object(request)
    if ".r" in request.query:
        return an_object(decode(request.query[".r"]), ".r")
    names = dict.fromkeys(request.query)
    values = {name: request.query.getall(name) for name in names}
    return {name: given if len(given) > 1 else given[0] for name, given in values.items()}


def names(value: object, field: str) -> tuple[str, ...]:
    """Return a repeated text field, given once or as a list; raise ValidationError."""
    given = [value] if isinstance(value, str) else [] if value is None else value
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        return tuple(given)
    raise invalid(field, "must be a list of texts", "TYPE")


def quantity(value: object, field: str, least: int = 1) -> int:
    """Return a number of pieces; raise ValidationError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(field, "must be a whole number", "TYPE")
    if not least <= value <= MAX_QUANTITY:
        rule = "GTE" if value < least else "LTE"
        threshold = least if value < least else MAX_QUANTITY
        raise invalid(field, f"must be from {least} to {MAX_QUANTITY}", rule, threshold=threshold)
    return value


def state_of(request: web.Request) -> State:
    """Return what the emulator remembers."""
    return request.app[STATE]


def origin_of(request: web.Request) -> str:
    """Return where a browser reaches the emulator, without a final slash."""
    return state_of(request).origin or str(request.url.origin())


def timestamp(seconds: float) -> str:
    """Return epoch seconds as Wix writes a time."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def readable(path: str, handler: Handler) -> list[web.RouteDef]:
    """Return the routes of a method that reads by GET, or by POST when `.r` grows too long."""
    return [web.get(path, handler), web.post(path, handler)]
