"""Hot reload: a WebSocket passes as bytes, and only for pages of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import HandClock
from tests.stage import Stage, staged


class Socket:
    """A frontend whose every path is a WebSocket that answers what it hears."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = asyncio.Event()
        self.codes: list[int | None] = []
        self._runner: web.AppRunner | None = None
        self.origin = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/refuses", self._refuse)
        app.router.add_get("/{path:.*}", self._echo)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _refuse(self, request: web.Request) -> web.Response:
        return web.Response(status=426, text="not here", headers={"X-Why": "because"})

    async def _echo(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("vite-hmr", "vite-ping"), max_msg_size=0)
        await socket.prepare(request)
        self.opened += 1
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is aiohttp.WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        self.codes.append(socket.close_code)
        self.closed.set()
        return socket


@pytest.fixture
async def socket() -> AsyncIterator[Socket]:
    socket = Socket()
    await socket.start()
    yield socket
    await socket.stop()


@pytest.fixture
async def stage(socket: Socket, clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path, {"upstream.url": socket.origin}) as stage:
        yield stage


async def test_messages_and_the_close_code_pass_with_the_protocol_that_was_chosen(
    stage: Stage, socket: Socket
) -> None:
    """V60, V62, V65."""
    http = stage.browser().http
    async with http.ws_connect(
        f"{stage.origin}/", protocols=("other", "vite-hmr"), headers={"Origin": stage.origin}
    ) as connected:
        assert connected.protocol == "vite-hmr"
        for text in ("", "hello", "x" * 200_000):
            await connected.send_str(text)
            assert await connected.receive_str(timeout=5) == text
        await connected.send_bytes(b"\x00" * 1_000_000)
        assert len(await connected.receive_bytes(timeout=5)) == 1_000_000
        await connected.close(code=4_321)
    async with asyncio.timeout(5):
        await socket.closed.wait()
    assert socket.codes == [4_321]


async def test_a_client_that_leaves_ends_the_frontends_socket_too(
    stage: Stage, socket: Socket
) -> None:
    http = stage.browser().http
    connected = await http.ws_connect(f"{stage.origin}/", headers={"Origin": stage.origin})
    connected._response.close()
    async with asyncio.timeout(5):
        await socket.closed.wait()
    await connected.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null"])
async def test_a_foreign_page_opens_no_socket(stage: Stage, socket: Socket, origin: str) -> None:
    """R52, C33: refused before the frontend is asked."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await stage.browser().http.ws_connect(f"{stage.origin}/", headers={"Origin": origin})
    assert caught.value.status == 403
    assert socket.opened == 0


async def test_without_an_origin_a_socket_passes_only_without_our_cookie(
    stage: Stage, socket: Socket
) -> None:
    browser = stage.browser()
    async with browser.http.ws_connect(f"{stage.origin}/"):
        pass
    await browser.fetch("/_wix/session?start=1")
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await browser.http.ws_connect(f"{stage.origin}/")
    assert caught.value.status == 403


async def test_a_refusal_of_the_frontend_is_passed_on(stage: Stage) -> None:
    """V63."""
    http = stage.browser().http
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(f"{stage.origin}/refuses", headers={"Origin": stage.origin})
    assert caught.value.status == 426
    assert caught.value.headers is not None
    assert caught.value.headers["X-Why"] == "because"


async def test_a_socket_is_no_use_of_the_api(stage: Stage, socket: Socket) -> None:
    http = stage.browser().http
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(
            f"{stage.origin}/_wix/api/stores/v3/products/query", headers={"Origin": stage.origin}
        )
    assert socket.opened == 0


async def test_an_open_socket_does_not_hold_up_the_end(stage: Stage, socket: Socket) -> None:
    """A page that is left open would, for as long as a drain may last."""
    http = stage.browser().http
    connected = await http.ws_connect(f"{stage.origin}/", headers={"Origin": stage.origin})
    await connected.send_str("hello")
    assert await connected.receive_str(timeout=5) == "hello"
    async with asyncio.timeout(5):
        await stage.proxy.stop()
        await socket.closed.wait()
    goodbye = await connected.receive(timeout=5)
    assert (goodbye.type, goodbye.data) == (aiohttp.WSMsgType.CLOSE, 1001)
