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
    known = known_calls(request.app)
    path = request.path
    methods = [call.partition(" ")[0] for call in known if call.partition(" ")[2] == path]
    near = get_close_matches(
        f"{request.method} {path}", known, n=1, cutoff=0.3
    ) or get_close_matches(path, known, n=1, cutoff=0.0)
    told = f"The emulator does not know {request.method} {path}."
    if methods:
        told += f" It knows this path with {', '.join(methods)}."
    elif near:
        told += f" The nearest it knows is {near[0]}."
    told += " A [[respond]] entry in the data can answer it."
    data = {"method": request.method, "path": path, "nearest": near[0] if near else None}
    raise ApplicationError(501, "NOT_EMULATED", told, data)


def known_calls(app: web.Application) -> list[str]:
    """Return "METHOD /path" for every call the application answers."""
    calls = []
    for route in app.router.routes():
        resource = route.resource
        if resource is None or route.method in ("*", "HEAD"):
            continue
        calls.append(f"{route.method} {resource.canonical}")
    return calls


# Registered last, so it meets what nothing else has matched.
ROUTES: list[web.RouteDef] = [web.route("*", "/{unknown:.*}", refuse_unknown)]
