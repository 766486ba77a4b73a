"""A frontend of a few pages, with or without the script tag that a person puts there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

from tests.conftest import HandClock
from tests.stage import Stage, staged

TAG = '<script src="/_wix/sdk.js"></script>'


def page(body: str = "", head: str = TAG) -> str:
    """Return a page that loads the script in its head."""
    return (
        f"<!doctype html><html><head>{head}<title>A page</title></head><body>{body}</body></html>"
    )


@asynccontextmanager
async def fronted(
    clock: HandClock,
    folder: Path,
    pages: Mapping[str, str],
    headers: Mapping[str, str] = MappingProxyType({}),
    flags: Mapping[str, object] | None = None,
) -> AsyncIterator[Stage]:
    """Set the stage with the proxy in front of these pages, by path.

    The proxy puts no tag into them unless a flag says so. A browser that has
    the page of the headers' `ETag` keeps it.
    """

    async def answer(request: web.Request) -> web.Response:
        html = pages.get(request.path)
        if html is None:
            raise web.HTTPNotFound
        if headers.get("ETag", "") == request.headers.get("If-None-Match"):
            return web.Response(status=304, headers=headers)
        return web.Response(text=html, content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_route("GET", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://localhost:{runner.addresses[0][1]}"
    own = {"upstream.url": origin, "browser.inject": False}
    try:
        async with staged(clock, folder, {**own, **(flags or {})}) as stage:
            yield stage
    finally:
        await runner.cleanup()
