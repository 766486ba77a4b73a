"""Let a test on the same machine look into the emulator and turn its switches.

Law: only a loopback peer that addresses a loopback name is heard, and no
foreign web page: a name that resolves to loopback (DNS rebinding) and a page
that posts across sites are both refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

import pydantic
from aiohttp import web

from .data import DataError, parse
from .errors import ApplicationError, Violation, invalid, json_object
from .errors import ValidationError as WixValidationError
from .exchanges import as_json
from .faults import Fault
from .middlewares import dumped
from .oauth import token_answer
from .state import STATE, State
from .tokens import Subject

BASE = "/__emulator/v1"
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Handler = Callable[[web.Request], Awaitable[web.Response]]


def loopback_only(handler: Handler) -> Handler:
    """Wrap `handler` so that it raises ApplicationError 403 for anyone but this machine."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.Response:
        if not is_local(request):
            raise ApplicationError(
                403, "PERMISSION_DENIED", "The emulator is administered from its own machine only"
            )
        return await handler(request)

    return guarded


def is_local(request: web.Request) -> bool:
    """Tell whether a program, or a page of ours, on this machine makes the call."""
    try:
        address = ip_address(request.remote or "")
        name = request.url.host
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    if not mapped.is_loopback or name not in _LOOPBACK_NAMES:
        return False
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return False
    own = f"{request.scheme}://{request.host}"
    return request.headers.get("Origin", own) == own


async def show_calls(request: web.Request) -> web.Response:
    """Return what can be asked here, and what each call does."""
    return answer(
        {"calls": {f"{method} {BASE}{path}": handler.__doc__ for method, path, handler in _CALLS}}
    )


async def reset(request: web.Request) -> web.Response:
    """Return to the first moment of the seed."""
    request.app[STATE].reset()
    return answer({})


async def show_data(request: web.Request) -> web.Response:
    """Return the data the emulator started from."""
    return answer({"data": request.app[STATE].data.model_dump(mode="json")})


async def put_data(request: web.Request) -> web.Response:
    """Start from other data."""
    body = await json_object(request)
    try:
        data = parse(body.get("data", body))
    except DataError as error:
        raise invalid("data", str(error)) from None
    request.app[STATE].replace_data(data)
    return answer({})


async def show_clock(request: web.Request) -> web.Response:
    """Return the emulator's time."""
    return answer(_clock(request.app[STATE]))


async def move_clock(request: web.Request) -> web.Response:
    """Advance, freeze or resume time."""
    state, body = request.app[STATE], await json_object(request)
    unknown = set(body) - {"advance_seconds", "freeze", "resume"}
    if unknown:
        raise invalid(min(unknown), "is not a field", "UNKNOWN_FIELD")
    if body.get("resume"):
        state.clock.resume()
    freeze = body.get("freeze", False)
    if freeze is not False and freeze is not None:
        state.clock.freeze(None if freeze is True else _number("freeze", freeze))
    if "advance_seconds" in body:
        try:
            state.clock.advance(_number("advance_seconds", body["advance_seconds"]))
        except ValueError as error:
            raise invalid("advance_seconds", str(error)) from None
    return answer(_clock(state))


async def show_faults(request: web.Request) -> web.Response:
    """Return the faults in force, with what is left of their counts."""
    return answer(_faults(request.app[STATE]))


async def put_faults(request: web.Request) -> web.Response:
    """Plan these faults in place of all others."""
    state, body = request.app[STATE], await json_object(request)
    given = body.get("faults", [])
    if not isinstance(given, list):
        raise invalid("faults", "must be a list", "TYPE")
    try:
        state.faults.faults = [Fault.model_validate(item) for item in given]
    except pydantic.ValidationError as error:
        raise unsound("faults", error) from None
    return answer(_faults(state))


async def delete_faults(request: web.Request) -> web.Response:
    """Let everything go well again."""
    request.app[STATE].faults.clear()
    return answer({"faults": []})


async def show_settings(request: web.Request) -> web.Response:
    """Return the settings."""
    return answer({"settings": request.app[STATE].settings.model_dump(mode="json")})


async def put_settings(request: web.Request) -> web.Response:
    """Change the settings named in the body; the others stay."""
    state, body = request.app[STATE], await json_object(request)
    try:
        state.settings = state.settings.changed(body.get("settings", body))
    except pydantic.ValidationError as error:
        raise unsound("settings", error) from None
    return await show_settings(request)


async def show_requests(request: web.Request) -> web.Response:
    """Return the last exchanges, or those of `?path=`."""
    kept = request.app[STATE].exchanges.kept(request.query.get("path"))
    return answer({"requests": [as_json(exchange) for exchange in kept]})


async def show_counts(request: web.Request) -> web.Response:
    """Return how often each call and each grant was made."""
    return answer(request.app[STATE].exchanges.counts())


async def show_mailbox(request: web.Request) -> web.Response:
    """Return the mails sent to members."""
    return answer({"mails": request.app[STATE].mailbox})


async def show_issued(request: web.Request) -> web.Response:
    """Return every secret ever given out or received, across resets."""
    issued = request.app[STATE].issued
    return answer({"issued": [{"kind": kind, "value": value} for value, kind in issued.items()]})


async def revoke(request: web.Request) -> web.Response:
    """End all renewal for a member (id or e-mail address) or a visitor (id)."""
    state, body = request.app[STATE], await json_object(request)
    named = body.get("member") or body.get("visitor")
    if not isinstance(named, str):
        raise invalid("member", "is required", "REQUIRED_FIELD")
    member = state.member_by_email(named)
    subject_id = member.id if member else named
    ended = state.tokens.revoke_subject(subject_id, access_too=body.get("access_too") is True)
    return answer({"revoked": ended})


async def member_tokens(request: web.Request) -> web.Response:
    """Issue tokens to a member (e-mail address) without a login, for tests that need one."""
    state, body = request.app[STATE], await json_object(request)
    named = body.get("member")
    member = state.member_by_email(named) if isinstance(named, str) else None
    if member is None:
        raise ApplicationError(404, "NOT_FOUND", "The site has no such member")
    return answer(token_answer(state.tokens.issue(Subject("member", member.id))))


_CALLS: list[tuple[str, str, Handler]] = [
    ("GET", "/", show_calls),
    ("POST", "/reset", reset),
    ("GET", "/data", show_data),
    ("PUT", "/data", put_data),
    ("GET", "/clock", show_clock),
    ("POST", "/clock", move_clock),
    ("GET", "/faults", show_faults),
    ("PUT", "/faults", put_faults),
    ("DELETE", "/faults", delete_faults),
    ("GET", "/settings", show_settings),
    ("PUT", "/settings", put_settings),
    ("GET", "/requests", show_requests),
    ("GET", "/counts", show_counts),
    ("GET", "/mailbox", show_mailbox),
    ("GET", "/issued", show_issued),
    ("POST", "/revoke", revoke),
    ("POST", "/member-tokens", member_tokens),
]
ROUTES = [web.route(method, BASE + path, loopback_only(h)) for method, path, h in _CALLS]


def answer(value: object) -> web.Response:
    """Return JSON that nobody keeps."""
    return web.json_response(value, dumps=dumped, headers={"Cache-Control": "no-store"})


def _clock(state: State) -> dict[str, Any]:
    return {"now": state.clock.now(), "frozen": state.clock.is_frozen}


def _faults(state: State) -> dict[str, Any]:
    return {"faults": [fault.model_dump(mode="json") for fault in state.faults.faults]}


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(name, "must be a number", "TYPE")
    return float(value)


def unsound(name: str, error: pydantic.ValidationError) -> WixValidationError:
    """Return the refusal of a body that does not fit its model."""
    found = error.errors(include_url=False, include_input=False)
    return WixValidationError(
        [Violation(".".join([name, *map(str, e["loc"])]), e["msg"]) for e in found]
    )
