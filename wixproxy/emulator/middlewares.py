"""Do what is the same for every call: number it, record it, let it go wrong, refuse in kind.

Law: every answer carries `x-wix-request-id` and the emulator's time, every
successful write `X-Wix-Consistent`. A `[[respond]]` entry of the data comes before any of the
emulator's own answers, and a fault before both. Calls to the emulator's own
administration are neither recorded nor struck.

Source: Wix "About Errors", "Rate Limits" (200 calls a minute for each app
instance, then 429); the two headers as Wix's client reads them.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from aiohttp import web

from .apis.respond import responded
from .errors import ApplicationError, WixError, invalid
from .exchanges import Exchange
from .faults import Fault
from .state import STATE, State

ADMIN_PREFIX = "/__emulator/"
_BROWSER_PREFIXES = (
    "/_api/oauth2/authorize",
    "/__ecom/",
    "/login",
    "/password-reset",
    "/r/",
    "/signup",
    "/social",
    "/verify",
)
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SLOW_PIECES = 10

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
REQUEST_ID = web.RequestKey("wix_request_id", str)
WAS_RESET = web.RequestKey("was_reset", bool)
_log = logging.getLogger("wixproxy.emulator")


@web.middleware
async def give_up_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Close the connection behind the answer to a body that cannot be decompressed.

    aiohttp would read on to the body's end, and fail.
    """
    response = await handler(request)
    if request.content.exception() is not None:
        request.content.feed_eof()
        response.force_close()
    return response


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id and keep the exchange."""
    state = request.app[STATE]
    request[REQUEST_ID] = f"{int(state.clock.now())}.{state.randomness.digits('request', 18)}"
    status = 0
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        if not is_administration(request):
            state.exchanges.add(_exchange(request, status))
    return response


@web.middleware
async def refuse_in_kind(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals into Wix's bodies, and a mistake of ours into its empty 500."""
    try:
        return await handler(request)
    except WixError as error:
        body = error.body()
        settings = request.app[STATE].settings
        if error.status == 403 and settings.empty_descriptions:
            body = {"message": "", "details": {"applicationError": {"description": ""}}}
            if isinstance(error, ApplicationError):
                body["details"]["applicationError"] |= {"code": error.code, "data": error.data}
        return web.json_response(body, status=error.status)
    except web.HTTPException:
        raise
    except web.RequestPayloadError:
        refusal = invalid("", "the body is not what its Content-Encoding says", "FORMAT")
        return web.json_response(refusal.body(), status=refusal.status)
    except Exception:
        _log.exception("the emulator failed to answer %s %r", request.method, request.path)
        return web.json_response({"message": "", "details": {}}, status=500)


@web.middleware
async def go_wrong(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the planned fault strike."""
    if is_administration(request):
        return await handler(request)
    state = request.app[STATE]
    fault = state.faults.strike(request.method, _raw_path(request))
    if fault is None:
        return await handler(request)
    if fault.kind == "slow_body":
        return await _slowly(request, await handler(request), fault)
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    if fault.kind == "latency":
        return await handler(request)
    if fault.when == "after":
        await handler(request)
    return _struck(request, fault)


@web.middleware
async def limit_rate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse the calls of one minute that are too many for the app instance."""
    state = request.app[STATE]
    most = state.settings.rate_limit_per_minute
    if most is None or is_administration(request) or request.path.startswith(_BROWSER_PREFIXES):
        return await handler(request)
    now = state.clock.now()
    recent = state.area("calls of the last minute", deque[float])
    while recent and recent[0] <= now - 60:
        recent.popleft()
    if len(recent) >= most:
        raise ApplicationError(429, "RESOURCE_EXHAUSTED", "Too many requests")
    recent.append(now)
    return await handler(request)


@web.middleware
async def respond_from_data(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer as a `[[respond]]` entry of the data says."""
    if not is_administration(request):
        response = await responded(request)
        if response is not None:
            return response
    return await handler(request)


# Outermost first.
MIDDLEWARES = (give_up_body, record, refuse_in_kind, go_wrong, limit_rate, respond_from_data)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer carries, just before its head is written."""
    response.headers["Date"] = formatdate(request.app[STATE].clock.now(), usegmt=True)
    request_id = request.get(REQUEST_ID)
    if request_id is not None:
        response.headers["x-wix-request-id"] = request_id
    if _is_write(request, response):
        state = request.app[STATE]
        response.headers["X-Wix-Consistent"] = state.randomness.text("consistent", 24)


def is_administration(request: web.Request) -> bool:
    """Tell whether a call is about the emulator and not to the emulated Wix."""
    return request.path.startswith(ADMIN_PREFIX)


def _is_write(request: web.Request, response: web.StreamResponse) -> bool:
    return (
        request.method in _WRITES
        and response.status == 200
        and not request.path.startswith((ADMIN_PREFIX, "/oauth2/", *_BROWSER_PREFIXES))
    )


def _exchange(request: web.Request, status: int) -> Exchange:
    headers = tuple(
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in request.raw_headers
    )
    was_reset = request.get(WAS_RESET, False)
    return Exchange(
        request_id=request[REQUEST_ID],
        method=request.method,
        target=request.raw_path,
        headers=headers,
        status=0 if was_reset else status,
    )


def _raw_path(request: web.Request) -> str:
    return request.raw_path.partition("?")[0]


def _struck(request: web.Request, fault: Fault) -> web.Response:
    """Return the answer of a fault; after a reset nobody receives it."""
    if fault.kind == "reset":
        request[WAS_RESET] = True
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=fault.status)
    if fault.kind == "html":
        page = "<!doctype html><title>Oops</title><h1>Something is wrong on our side</h1>"
        return web.Response(text=page, status=fault.status, content_type="text/html")
    if fault.kind == "nonsense":
        return web.json_response({"teapot": [True, None, {"short": "stout"}]})
    return web.json_response({"message": "", "details": {}}, status=fault.status)


async def _slowly(
    request: web.Request, response: web.StreamResponse, fault: Fault
) -> web.StreamResponse:
    """Send a finished answer in pieces with `latency_ms` between them."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes):
        return response
    slow = web.StreamResponse(status=response.status, headers=response.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    size = max(1, -(-len(body) // _SLOW_PIECES))
    for start in range(0, len(body), size):
        await asyncio.sleep(fault.latency_ms / 1000)
        await slow.write(body[start : start + size])
    await slow.write_eof()
    return slow


def register_middlewares(app: web.Application, state: State) -> None:
    """Set up an application's state and what is the same for every call."""
    app[STATE] = state
    app.middlewares.extend(MIDDLEWARES)
    app.on_response_prepare.append(add_headers)


def dumped(value: object) -> str:
    """Return JSON that survives bytes which are not UTF-8."""
    return json.dumps(value, ensure_ascii=True)
