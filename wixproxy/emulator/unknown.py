"""Answer what the emulator does not know: 501, with the nearest path it does.

Law: the emulator never pretends. An unknown call is not a 404 of Wix, which
would mean that an entity is missing; it is a gap here, and says so.
"""

from __future__ import annotations

from difflib import get_close_matches

from aiohttp import web

from .errors import ApplicationError


async def refuse_unknown(request: web.Request) -> web.Response:
    """Raise ApplicationError 501 naming method, path and the nearest known call."""
    path = request.path
    known: dict[str, list[str]] = {}
    for method, known_path in known_calls(request.app):
        known.setdefault(known_path, []).append(method)
    near = get_close_matches(path, known, n=1, cutoff=0.0)[0]
    methods = ", ".join(known[near])
    told = f"The emulator does not know {request.method} {path}. "
    told += "It knows this path" if near == path else f"The nearest it knows is {near}"
    told += f" with {methods}. A [[respond]] entry in the data can answer it."
    data = {"method": request.method, "path": path, "nearest": near}
    raise ApplicationError(501, "NOT_EMULATED", told, data)


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
