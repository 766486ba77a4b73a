"""Answer what the emulator does not know: 501, with the nearest path it does.

Law: the emulator never pretends. An unknown call is not a 404 of Wix, which
would mean that an entity is missing; it is a gap here, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from aiohttp import web

from .errors import ApplicationError


async def refuse_unknown(request: web.Request) -> web.Response:
    """Raise ApplicationError 501 naming method, path and the nearest known call."""
    path = request.path
    known: dict[str, list[str]] = {}
    for method, known_path in known_calls(request.app):
        known.setdefault(known_path, []).append(method)
    near = nearest(path, known)
    methods = ", ".join(known[near])
    told = f"The emulator does not know {request.method} {path}. "
    told += "It knows this path" if near == path else f"The nearest it knows is {near}"
    told += f" with {methods}. A [[respond]] entry in the data can answer it."
    data = {"method": request.method, "path": path, "nearest": near}
    raise ApplicationError(501, "NOT_EMULATED", told, data)


def nearest(path: str, known: Iterable[str]) -> str:
    """Return the known path that is most like this one.

    To compare two in earnest takes long, so those are passed over that an upper bound rules out.
    """
    matcher: SequenceMatcher[str] = SequenceMatcher(b=path)
    near, best = "", -1.0
    for each in known:
        matcher.set_seq1(each)
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
            ratio = matcher.ratio()
            if ratio > best:
                near, best = each, ratio
    return near


def known_calls(app: web.Application) -> list[tuple[str, str]]:
    """Return method and path of every call the application answers."""
    calls = []
    for route in app.router.routes():
        resource = route.resource
        if resource is None or route.method in ("*", "HEAD"):
            continue
        calls.append((route.method, resource.canonical))
    return calls


# Registered last, so it meets what nothing else has matched.
ROUTES: list[web.RouteDef] = [web.route("*", "/{unknown:.*}", refuse_unknown)]
