"""WebSockets: asked for, refused, and carried so that nobody can tell the proxy from no proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web

from tests.public_listener import SECONDS, settled
from tests.vectors.frames import CLOSE, SCRIPTS, TEXT, close, deflated, frame
from tests.vectors.handshake import ASK, SWITCH, opened
from tests.vectors.readers import Client, values
from tests.vectors.scene import Scene, scene
from tests.wire.upstreams import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


class Echo:
    """An upstream that repeats each message; `heard` is all that it made of what it got."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0, autoping=True)
        await socket.prepare(request)
        async for message in socket:
            is_fault = message.type is WSMsgType.ERROR
            self.heard.append((message.type.name, repr(message.data) if is_fault else message.data))
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        self.heard.append(("CLOSED", socket.close_code))
        return socket


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    await echo.start()
    yield echo
    await echo.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def before_echo(echo: Echo, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A proxy whose upstream is the echo."""
    flags = {"upstream.url": f"http://127.0.0.1:{echo.port}"}
    async with scene(tmp_path_factory.mktemp("echo"), flags) as before_echo:
        yield before_echo


async def play(echo: Echo, client: Client, script: bytes, extra: bytes = b"") -> object:
    """Send a script and a FIN; return the handshake, all that came back, and what was heard."""
    echo.heard.clear()
    fields = sorted((name.lower(), value.lower()) for name, value in await opened(client, extra))
    client.writer.write(script)
    client.half_close()
    received = client.tunnelled()
    try:
        async with asyncio.timeout(SECONDS):
            while piece := await client.reader.read(1_048_576):
                received += piece
    except ConnectionResetError:
        received += b" reset"
    async with asyncio.timeout(SECONDS):
        while not echo.heard or echo.heard[-1][0] != "CLOSED":  # noqa: ASYNC110
            await asyncio.sleep(0)
    return fields, received, list(echo.heard)


async def directly(echo: Echo) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", echo.port))


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_both_ends_come_to_the_same_verdict_as_without_a_proxy(
    echo: Echo, before_echo: Scene, script: bytes
) -> None:
    """V62."""
    client = await directly(echo)
    expected = await play(echo, client, script)
    client.leave()
    assert await play(echo, await before_echo.client(), script) == expected


async def test_compression_is_an_affair_of_the_two_ends(echo: Echo, before_echo: Scene) -> None:
    """V62: permessage-deflate is agreed on between them, and its frames pass as they are."""
    script = frame(TEXT, deflated(b"hello " * 100), rsv=4) + close()
    client = await directly(echo)
    expected = await play(echo, client, script, DEFLATE)
    client.leave()
    assert ("TEXT", "hello " * 100) in echo.heard
    assert await play(echo, await before_echo.client(), script, DEFLATE) == expected


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_every_byte_passes_both_ways(proxied: Scene, script: bytes) -> None:
    """V62: whatever the two ends make of it."""
    heard = bytearray()

    async def upstream(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"\r\n")
        while piece := await peer.reader.read(1_048_576):
            heard.extend(piece)
            await peer.send(piece)

    proxied.upstream.script = upstream
    client = await proxied.client()
    await opened(client)
    client.writer.write(script)
    client.half_close()
    received = client.tunnelled()
    async with asyncio.timeout(SECONDS):
        while piece := await client.reader.read(1_048_576):
            received += piece
    assert heard == script
    assert received == script


HELLO = frame(TEXT, b"hello", masked=False)
FAILED = frame(CLOSE, (1011).to_bytes(2, "big"), masked=False)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        pytest.param(b"", FAILED, id="before a frame"),
        pytest.param(HELLO, HELLO + FAILED, id="between two frames"),
        pytest.param(HELLO[:4], HELLO[:4], id="within a frame"),
        pytest.param(HELLO + FAILED, HELLO + FAILED, id="behind its own close"),
    ],
)
async def test_an_upstream_that_breaks_off_is_a_failed_server_to_the_client(
    proxied: Scene, said: bytes, heard: bytes
) -> None:
    """P15: it is told so by the code 1011, where a frame can be put in."""
    go = asyncio.Event()

    async def upstream(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"\r\n" + said)
        await go.wait()
        peer.reset()

    proxied.upstream.script = upstream
    client = await proxied.client()
    await opened(client)
    received = client.tunnelled()
    async with asyncio.timeout(SECONDS):
        received += await client.reader.readexactly(len(said) - len(received))
        go.set()
        received += await client.reader.read()
    assert received == heard


async def test_firefoxs_way_of_asking_is_understood(proxied: Scene) -> None:
    """V60."""

    async def upstream(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"\r\nfirst")
        assert await peer.reader.readexactly(5) == b"hello"
        await peer.send(b"second")

    proxied.upstream.script = upstream
    client = await proxied.client(ASK % (b"keep-alive, Upgrade", b""))
    assert (await client.answer(asks_websocket=True)).status == 101
    await client.send(b"hello")
    received = client.tunnelled()
    async with asyncio.timeout(SECONDS):
        received += await client.reader.readexactly(len(b"firstsecond") - len(received))
    assert received == b"firstsecond"


async def test_the_fields_of_a_switch_are_those_of_its_two_ends(proxied: Scene) -> None:
    """V61: what belongs to the connection to the upstream stays there."""
    hop = SWITCH.replace(b"Upgrade\r\n", b"Upgrade, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n", 1)
    proxied.upstream.answers.append((hop + b"Sec-WebSocket-Accept: x\r\n\r\n", "closes"))
    assert await opened(await proxied.client()) == [
        (b"Sec-WebSocket-Accept", b"x"),
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
    ]


async def test_the_protocols_keep_their_order_and_the_choice_is_the_upstreams(
    proxied: Scene,
) -> None:
    """V65: Vite's own client asks so."""
    offered = b"vite-ping, vite-hmr"
    chosen = SWITCH + b"Sec-WebSocket-Protocol: vite-hmr\r\n\r\n"
    proxied.upstream.answers.append((chosen, "closes"))
    client = await proxied.client()
    fields = await opened(client, b"Sec-WebSocket-Protocol: %b\r\n" % offered)
    assert values(fields, b"Sec-WebSocket-Protocol") == [b"vite-hmr"]
    asked = proxied.upstream.requests[0]
    assert values(asked.fields, b"Sec-WebSocket-Protocol") == [offered]


async def test_a_client_that_does_not_read_stalls_the_messages_for_it(proxied: Scene) -> None:
    """V64: they come as fast as they can, and wait at their source."""
    message = frame(TEXT, b"x" * 1_000, masked=False)
    batch, sent, go = message * 100, 0, asyncio.Event()

    async def upstream(peer: Peer) -> None:
        nonlocal sent
        await peer.head()
        await peer.send(SWITCH + b"\r\n")
        while not go.is_set():
            await peer.send(batch)
            sent += len(batch)

    proxied.upstream.script = upstream
    client = await proxied.client()
    await opened(client)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    assert await settled(lambda: sent) < 24 * 1024 * 1024
    go.set()
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]
    received = client.tunnelled()
    async with asyncio.timeout(SECONDS):
        while piece := await client.reader.read(1_048_576):
            received += piece
    assert len(received) == sent
