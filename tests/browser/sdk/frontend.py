"""A frontend of a few pages, each with the script tag as a proxy or a person puts it there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.conftest import HandClock
from tests.stage import Stage, staged
from wixproxy.sansio.html import HeadInjector, nonce_of, script_tag

TAG = '<script src="/_wix/sdk.js"></script>'


def page(body: str = "", head: str = TAG) -> str:
    """Return a page that loads the script in its head."""
    return (
        f"<!doctype html><html><head>{head}<title>A page</title></head><body>{body}</body></html>"
    )


def injected(html: str, policy: str | None = None) -> str:
    """Return the page as the proxy makes it."""
    fields = [(b"Content-Security-Policy", policy.encode())] if policy else []
    return HeadInjector(script_tag(nonce_of(fields))).feed(html.encode()).decode()


@asynccontextmanager
async def fronted(
    clock: HandClock,
    folder: Path,
    pages: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> AsyncIterator[Stage]:
    """Set the stage with the proxy in front of these pages, by path."""

    async def answer(request: web.Request) -> web.Response:
        html = pages.get(request.path)
        if html is None:
            raise web.HTTPNotFound
        return web.Response(text=html, content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_route("GET", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://localhost:{runner.addresses[0][1]}"
    try:
        async with staged(clock, folder, {"upstream.url": origin, **(flags or {})}) as stage:
            yield stage
    finally:
        await runner.cleanup()
