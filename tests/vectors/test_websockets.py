"""WebSockets: asked for, refused, and carried so that nobody can tell the proxy from no proxy."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web

from tests.public_listener import SECONDS, settled
from tests.vectors.frames import CLOSE, SCRIPTS, TEXT, close, deflated, frame
from tests.vectors.readers import Client, Fields, values
from tests.vectors.scene import Scene, scene
from tests.wire.upstreams import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = b"GET /socket HTTP/1.1\r\nHost: shop.test\r\nConnection: %b\r\nUpgrade: websocket\r\n"
ASK += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
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


async def opened(client: Client, extra: bytes = b"") -> Fields:
    """Ask for a WebSocket; return the fields of the answer, which agrees."""
    await client.send(ASK % (b"Upgrade", extra))
    answer = await client.answer(asks_websocket=True)
    assert answer.status == 101
    return [field for field in answer.fields if field[0].lower() not in (b"date", b"server")]


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


async def test_a_half_closed_websocket_does_not_hold_a_stop_up_for_the_others(
    proxied: Scene,
) -> None:
    """Nothing can be said on it any more, and what others wait for goes on to its end."""

    async def leaves(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"\r\n")
        peer.writer.write_eof()
        await peer.gone()

    async def is_slow(peer: Peer) -> None:
        await peer.head()
        asked.set()
        await asyncio.sleep(0.3)
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")

    asked = asyncio.Event()
    proxied.upstream.script = leaves
    standing = await proxied.client()
    await opened(standing)
    assert await standing.reader.read() == b""
    proxied.upstream.script = is_slow
    waiting = await proxied.client(b"GET /slow HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    await asked.wait()
    for server in proxied.proxy._servers:
        server.dismiss(patiently=True)
        server.dismiss(patiently=False)
    answer = await waiting.answer()
    assert (answer.status, answer.body) == (200, b"slow")
    standing.leave()


async def test_an_upstream_that_breaks_off_behind_its_fin_is_no_fault_of_ours(
    proxied: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    async def upstream(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"\r\n")
        peer.writer.write_eof()
        await peer.reader.readexactly(3)
        peer.reset()

    proxied.upstream.script = upstream
    client = await proxied.client()
    await opened(client)
    assert await client.reader.read() == b""
    async with asyncio.timeout(SECONDS):
        while not client.writer.is_closing():
            client.writer.write(b"x")
            await asyncio.sleep(0.01)
    assert "failed" not in caplog.text


@pytest.mark.parametrize("upgrade", [b", websocket", b"websocket,"])
async def test_what_the_parser_takes_for_no_upgrade_is_forwarded_without_one(
    proxied: Scene, upgrade: bytes
) -> None:
    """It would read the frames behind it as the next request."""
    client = await proxied.client()
    ask = ASK % (b"Upgrade", b"")
    await client.send(ask.replace(b"Upgrade: websocket", b"Upgrade: " + upgrade))
    assert (await client.answer()).status == 200
    (asked,) = proxied.upstream.requests
    assert values(asked.fields, b"upgrade") == []
    client.leave()


async def test_an_idle_websocket_keeps_nothing_of_the_heads_that_led_to_it(proxied: Scene) -> None:
    """Thousands of them stand for days, and their heads would weigh more than all the rest."""

    async def upstream(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"X-Answered: mark\r\n\r\n")
        await peer.gone()

    proxied.upstream.script = upstream
    client = await proxied.client()
    await opened(client, b"X-Asked: mark\r\n")
    gc.collect()
    held = gc.get_objects()
    client.leave()
    assert [thing for thing in held if are_marked(thing)] == []


def are_marked(thing: object) -> bool:
    """Tell whether these are fields of the proxy's; those of a test are read by h11, in its way."""
    names = (b"X-Asked", b"X-Answered")
    return isinstance(thing, (list, tuple)) and any(
        type(each) is tuple and len(each) == 2 and each[0] in names for each in thing
    )
