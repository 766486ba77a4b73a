"""A proxy as one writes it in an afternoon: aiohttp's server, and its `ClientSession` behind.

python -m bench.peers.naive PORT UPSTREAM [AUTHORIZATION]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import aiohttp
import uvloop
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from ..processes import HOST, ROOT
from .peer import Peer, Task

HOP_BY_HOP = ("Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "TE", "Trailer")
PIECE_BYTES = 64 * 1024
BACKLOG = 4096


class Naive(Peer):
    """What it costs to forward with aiohttp alone."""

    name = "naive-aiohttp"
    environment: ClassVar[Mapping[str, str]] = {"PYTHONPATH": str(ROOT)}

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Return how this module is started."""
        arguments = [str(port), task.upstream, task.authorization or ""]
        return [sys.executable, "-m", "bench.peers.naive", *arguments]

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        told = (
            "import sys, aiohttp; print(aiohttp.__version__, 'on Python', sys.version.split()[0])"
        )
        return [sys.executable, "-c", told]


class Forwarder:
    """Forwards requests and WebSockets to one upstream."""

    def __init__(self, http: aiohttp.ClientSession, upstream: str, authorization: str) -> None:
        self._http = http
        self._upstream = f"http://{upstream}"
        self._authorization = authorization

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Forward one request."""
        url = URL(self._upstream + request.raw_path, encoded=True)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request, url)
        headers = _without_hop_by_hop(request)
        if self._authorization:
            headers["Authorization"] = self._authorization
        async with self._http.request(
            request.method,
            url,
            headers=headers,
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        ) as answer:
            response = web.StreamResponse(status=answer.status, headers=_without_hop_by_hop(answer))
            await response.prepare(request)
            async for piece in answer.content.iter_chunked(PIECE_BYTES):
                await response.write(piece)
            await response.write_eof()
            return response

    async def _websocket(self, request: web.Request, url: URL) -> web.StreamResponse:
        async with self._http.ws_connect(url, headers=_cookies(request)) as upstream:
            client = web.WebSocketResponse()
            await client.prepare(request)
            pumps = [
                asyncio.create_task(_pump(client, upstream)),
                asyncio.create_task(_pump(upstream, client)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            return client


Messages = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Messages, target: Messages) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)


def _cookies(request: web.Request) -> dict[str, str]:
    return {"Cookie": request.headers["Cookie"]} if "Cookie" in request.headers else {}


def _without_hop_by_hop(message: web.Request | aiohttp.ClientResponse) -> CIMultiDict[str]:
    headers = CIMultiDict(message.headers)
    for name in HOP_BY_HOP:
        headers.popall(name, None)
    return headers


async def main(port: int, upstream: str, authorization: str) -> None:
    """Serve until the process is ended."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as http:
        app = web.Application(client_max_size=2**40)
        app.router.add_route("*", "/{path:.*}", Forwarder(http, upstream, authorization).handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, port, backlog=BACKLOG).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as running_loop:
        running_loop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
