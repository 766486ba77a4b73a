"""A frontend of streams: bodies in and out, events, WebSockets that echo, and a page.

    python -m bench.upstreams.streams PORT

It tells how much it has sent (`/sent`), so that one can see whether a reader
that does not read stalls it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvloop
from aiohttp import web

from ..processes import HOST, ROOT, Server, free_port, running

ECHO, EVENTS, SINK, SOURCE, SENT = "/echo", "/events", "/sink", "/source", "/sent"
PIECE = bytes(256 * 1024)
BACKLOG = 4096
SENT_BYTES = web.AppKey("sent_bytes", list[int])


@asynccontextmanager
async def streams(folder: Path) -> AsyncIterator[Server]:
    """Serve until the block ends."""
    port = free_port()
    async with running(
        "streams",
        [sys.executable, "-m", "bench.upstreams.streams", str(port)],
        port=port,
        folder=folder,
        environment={"PYTHONPATH": str(ROOT)},
    ) as server:
        yield server


async def _page(request: web.Request) -> web.Response:
    """Show a page."""
    return web.Response(text="<!doctype html><html><head></head></html>", content_type="text/html")


async def _echo(request: web.Request) -> web.StreamResponse:
    """Send each message back."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


async def _events(request: web.Request) -> web.StreamResponse:
    """Send `count` events, each with the time of a clock that all processes share."""
    count, every_ms = int(request.query["count"]), float(request.query["every_ms"])
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache",
            # As such frontends tell nginx.
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    for _ in range(count):
        await asyncio.sleep(every_ms / 1000)
        await response.write(b"data: %d\n\n" % time.monotonic_ns())
    return response


async def _sink(request: web.Request) -> web.Response:
    """Read the body to its end and tell how long it was."""
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
    return web.json_response({"bytes": size})


async def _source(request: web.Request) -> web.StreamResponse:
    """Send `bytes` zeros."""
    left = int(request.query["bytes"])
    response = web.StreamResponse(headers={"Content-Length": str(left)})
    await response.prepare(request)
    sent = request.app[SENT_BYTES]
    sent[0] = 0
    with suppress(ConnectionError):
        while left:
            piece = PIECE[:left]
            await response.write(piece)
            left -= len(piece)
            sent[0] += len(piece)
    return response


async def _sent(request: web.Request) -> web.Response:
    """Tell how much the latest `/source` has got rid of."""
    return web.json_response({"bytes": request.app[SENT_BYTES][0]})


async def main(port: int) -> None:
    """Serve until the process is ended."""
    app = web.Application(client_max_size=2**40)
    app[SENT_BYTES] = [0]
    app.add_routes(
        [
            web.get("/", _page),
            web.get(ECHO, _echo),
            web.get(EVENTS, _events),
            web.post(SINK, _sink),
            web.get(SOURCE, _source),
            web.get(SENT, _sent),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port, backlog=BACKLOG).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as running_loop:
        running_loop.run(main(int(sys.argv[1])))
