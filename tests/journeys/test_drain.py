"""A stop loses no answer: what was taken is served, streams are told, the rest is cut visibly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from tests.stage import Stage
from wixproxy.sansio.origin import Origin


class SlowFrontend:
    """A frontend whose answers the test lets go."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.closed: list[int | None] = []

    async def slow(self, request: web.Request) -> web.Response:
        self.asked.set()
        await self.go.wait()
        return web.Response(text="whole")

    async def events(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b"data: first\n\n")
        self.asked.set()
        await asyncio.sleep(30)
        return answer

    async def download(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "10"})
        await answer.prepare(request)
        await answer.write(b"01234")
        self.asked.set()
        await asyncio.sleep(30)
        return answer

    async def echo(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        self.closed.append(socket.close_code)
        return socket


@pytest.fixture
async def slow(stage: Stage) -> AsyncIterator[SlowFrontend]:
    """Put the slow frontend in the place of the stage's own."""
    frontend = SlowFrontend()
    app = web.Application()
    app.router.add_get("/slow", frontend.slow)
    app.router.add_get("/events", frontend.events)
    app.router.add_get("/download", frontend.download)
    app.router.add_get("/echo", frontend.echo)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    upstream = stage.config.upstream.model_copy(update={"url": str(Origin.parse(url))})
    server = stage.config.server.model_copy(update={"drain_timeout_seconds": 5.0})
    config = stage.config.model_copy(update={"upstream": upstream, "server": server})
    await stage.restart(config.with_sources(stage.config.sources))
    yield frontend
    frontend.go.set()
    await runner.cleanup()


@pytest.fixture
def stage(cookie_stage: Stage) -> Stage:
    return cookie_stage


@dataclass
class Client:
    """A connection to the proxy itself."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: bytes

    def ask(self, path: bytes) -> None:
        self.writer.write(b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (path, self.host))


@pytest.fixture
async def connect(stage: Stage) -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    opened: list[Client] = []

    async def connect() -> Client:
        streams = await asyncio.open_connection("127.0.0.1", stage.tap.target_port)
        opened.append(Client(*streams, host(stage)))
        return opened[-1]

    yield connect
    for client in opened:
        client.writer.close()


Connect = Callable[[], Awaitable[Client]]


def host(stage: Stage) -> bytes:
    return stage.origin.removeprefix("http://").encode()


async def test_what_is_under_way_is_answered_and_its_connection_closed(
    stage: Stage, slow: SlowFrontend, connect: Connect
) -> None:
    client = await connect()
    client.ask(b"/slow")
    await slow.asked.wait()
    stopping = asyncio.create_task(stage.proxy.stop())
    await asyncio.sleep(0.3)
    slow.go.set()
    answer = await client.reader.read()
    await stopping
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nwhole")


async def test_while_a_stop_is_only_announced_everything_is_served_and_nobody_is_kept(
    stage: Stage, slow: SlowFrontend, connect: Connect
) -> None:
    """P9: readiness goes first."""
    slow.go.set()
    announcing = asyncio.create_task(stage.proxy.announce_stop(30))
    await asyncio.sleep(0)
    for path in (b"/slow", b"/_wix/session", b"/_wix/readyz"):
        client = await connect()
        client.ask(path)
        answer = await client.reader.read()
        assert b"\r\nConnection: close\r\n" in answer
        status = 503 if path.endswith(b"readyz") else 200
        assert answer.startswith(b"HTTP/1.1 %d " % status)
    stage.proxy.hurry()
    await announcing


async def test_who_waits_at_the_door_is_served(stage: Stage, slow: SlowFrontend) -> None:
    slow.go.set()
    opened = []
    for _ in range(50):
        client = socket.create_connection(("127.0.0.1", stage.tap.target_port))
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: %b\r\n\r\n" % host(stage))
        client.settimeout(10)
        opened.append(client)
    await stage.proxy.stop()
    for client in opened:
        with client:
            answer = b"".join(iter(lambda c=client: c.recv(65_536), b""))  # type: ignore[misc]
        assert answer.endswith(b"whole")


async def test_a_connection_that_has_just_been_made_gets_a_moment_to_ask(
    stage: Stage, slow: SlowFrontend, connect: Connect
) -> None:
    slow.go.set()
    client = await connect()
    stopping = asyncio.create_task(stage.proxy.stop())
    await asyncio.sleep(0.5)
    client.ask(b"/slow")
    assert (await client.reader.read()).endswith(b"whole")
    await stopping


async def test_idle_connections_do_not_hold_a_stop_up(
    stage: Stage, slow: SlowFrontend, connect: Connect
) -> None:
    slow.go.set()
    client = await connect()
    client.ask(b"/slow")
    await client.reader.readuntil(b"whole")
    silent = await connect()
    async with asyncio.timeout(4):
        await stage.proxy.stop()
        assert await client.reader.read() == b""
        assert await silent.reader.read() == b""


async def test_a_websocket_is_told_that_the_server_goes_away(
    stage: Stage, slow: SlowFrontend
) -> None:
    """P9: both ends see a close in good order, with 1001 and no frame torn."""
    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{stage.tap.target_port}/echo"
        opened = await http.ws_connect(url, headers={"Host": host(stage).decode()})
        await opened.send_str("hello")
        assert (await opened.receive_str()) == "hello"
        stopping = asyncio.create_task(stage.proxy.stop())
        message = await opened.receive()
        assert message.type is WSMsgType.CLOSE
        assert message.data == 1001
        await stopping
    # A close in good order, with the code that the client answers.
    assert slow.closed == [1000]


async def test_a_stream_of_events_is_ended(
    stage: Stage, slow: SlowFrontend, connect: Connect
) -> None:
    client = await connect()
    client.ask(b"/events")
    await slow.asked.wait()
    await client.reader.readuntil(b"data: first\n\n")
    await stage.proxy.stop()
    assert (await client.reader.read()).endswith(b"\r\n0\r\n\r\n")


async def test_what_takes_too_long_is_cut_and_looks_cut(
    stage: Stage, slow: SlowFrontend, connect: Connect
) -> None:
    client = await connect()
    client.ask(b"/download")
    await slow.asked.wait()
    await client.reader.readuntil(b"01234")
    stopping = asyncio.create_task(stage.proxy.stop())
    await asyncio.sleep(0.3)
    stage.proxy.hurry()
    with pytest.raises(ConnectionResetError):
        await client.reader.read()
    await stopping


async def test_nobody_new_is_let_in_once_the_listeners_close(
    stage: Stage, slow: SlowFrontend
) -> None:
    await stage.proxy.stop()
    with pytest.raises(ConnectionRefusedError), contextlib.closing(socket.socket()) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", stage.tap.target_port))
