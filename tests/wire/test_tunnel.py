"""Bytes both ways after a switch of protocols."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, request
from wixproxy.errors import ClientGone, UpstreamMalformed
from wixproxy.sansio.exchange import Fields
from wixproxy.wire.answer import Answer
from wixproxy.wire.pool import Pool, Timeouts
from wixproxy.wire.tunnel import tunnel

ASKING: Fields = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Client:
    """The client's end of a tunnel: a queue in, a buffer out."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.heard = bytearray()
        self.hears = asyncio.Event()
        self.heard_eof = asyncio.Event()
        self.closed = asyncio.Event()
        self.broken_off = False
        self.room = asyncio.Event()
        self.room.set()

    async def read(self) -> bytes:
        said = await self.says.get()
        if isinstance(said, Exception):
            raise said
        return said

    async def write(self, data: bytes) -> None:
        self.heard += data
        self.hears.set()
        await self.room.wait()

    def write_eof(self) -> None:
        self.heard_eof.set()

    def break_off(self) -> None:
        self.broken_off = True
        self.close()

    def close(self) -> None:
        self.closed.set()


async def switch(serve: Serve, pool: Pool, script: object, **options: object) -> Answer:
    origin = await serve(script, **options)
    return await pool.send(origin, request("GET", b"/hmr", ASKING))


async def test_bytes_go_both_ways_until_both_ends_have_ended(serve: Serve, pool: Pool) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        # The first frame comes in the same packet as the switch.
        await peer.send(SWITCH + b"hello ")
        said = await peer.reader.read()
        await peer.send(said.upper())

    answer = await switch(serve, pool, script)
    assert answer.upgraded
    assert (b"Upgrade", b"websocket") in answer.fields
    client = Client()
    for said in (b"ping ", b"pong", b""):
        client.says.put_nowait(said)
    await tunnel(answer, client)
    assert client.heard == b"hello PING PONG"
    assert client.heard_eof.is_set()
    assert client.closed.is_set()
    assert not client.broken_off


async def test_an_upstream_that_ends_first_still_hears_the_client(serve: Serve, pool: Pool) -> None:
    """V62: half-close."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)
        peer.writer.write_eof()
        heard.set_result(await peer.reader.read())

    answer = await switch(serve, pool, script)
    client = Client()
    carrying = asyncio.create_task(tunnel(answer, client))
    await client.heard_eof.wait()
    client.says.put_nowait(b"last words")
    client.says.put_nowait(b"")
    await carrying
    assert await heard == b"last words"


async def test_an_end_of_file_ends_a_tunnel_over_tls_whole(
    serve: Serve, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    """TLS cannot be half-closed; nobody is left waiting for the other half."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)
        await peer.gone()

    pool = Pool(tls=ssl.create_default_context(cafile=certificate))
    answer = await switch(serve, pool, script, ssl=server_tls)
    client = Client()
    client.says.put_nowait(b"")
    async with asyncio.timeout(5):
        await tunnel(answer, client)
    assert client.closed.is_set()
    assert not client.broken_off
    await pool.close()


async def test_a_reset_by_the_upstream_ends_the_tunnel(serve: Serve, pool: Pool) -> None:
    """P15."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)
        await peer.reader.read(1)
        peer.reset()

    answer = await switch(serve, pool, script)
    client = Client()
    client.says.put_nowait(b"x")
    async with asyncio.timeout(2):
        await tunnel(answer, client)
    assert client.closed.is_set()
    assert client.broken_off


async def test_a_client_that_stays_silent_behind_an_ended_upstream_is_let_go(
    serve: Serve, pool: Pool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)

    answer = await switch(serve, pool, script)
    client = Client()
    async with asyncio.timeout(2):
        await tunnel(answer, client, linger_seconds=0.05)
    assert client.closed.is_set()


async def test_a_client_that_left_ends_the_tunnel(serve: Serve, pool: Pool) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)
        await peer.gone()
        gone.set()

    answer = await switch(serve, pool, script)
    client = Client()
    client.says.put_nowait(ClientGone())
    async with asyncio.timeout(2):
        await tunnel(answer, client)
        await gone.wait()


async def test_a_cancelled_tunnel_closes_both_ends(serve: Serve, pool: Pool) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH + b"x")
        await peer.gone()
        gone.set()

    answer = await switch(serve, pool, script)
    client = Client()
    carrying = asyncio.create_task(tunnel(answer, client))
    await client.hears.wait()
    carrying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await carrying
    assert client.closed.is_set()
    async with asyncio.timeout(2):
        await gone.wait()


async def test_a_silent_tunnel_outlives_the_idle_timeout(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)
        await asyncio.sleep(0.15)
        await peer.send(b"late")

    pool = Pool(timeouts=Timeouts(idle_seconds=0.05))
    answer = await switch(serve, pool, script)
    assert await answer.read() == b"late"
    answer.abort()
    await pool.close()


async def test_a_slow_client_holds_the_upstream_back(serve: Serve, pool: Pool) -> None:
    """V64: bounded memory."""
    sent = 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.head()
        await peer.send(SWITCH)
        while sent < 64 * 1024 * 1024:
            await peer.send(b"x" * 65536)
            sent += 65536

    answer = await switch(serve, pool, script)
    client = Client()
    client.room.clear()
    carrying = asyncio.create_task(tunnel(answer, client))
    await client.hears.wait()
    stalled_at = -1
    while stalled_at != sent:
        stalled_at = sent
        await asyncio.sleep(0.1)
    assert sent < 32 * 1024 * 1024
    client.says.put_nowait(ClientGone())
    await carrying


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        pytest.param([], SWITCH, id="not asked for"),
        pytest.param(ASKING, SWITCH.replace(b"websocket", b"h2c"), id="another protocol"),
        pytest.param(ASKING, b"HTTP/1.1 101 Switching Protocols\r\n\r\n", id="no protocol named"),
    ],
)
async def test_a_switch_that_was_not_asked_for_is_refused(
    serve: Serve, pool: Pool, asked: Fields, answered: bytes
) -> None:
    """V61."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(answered)
        await peer.gone()

    origin = await serve(script)
    with pytest.raises(UpstreamMalformed, match="101 that was not asked for"):
        await pool.send(origin, request("GET", b"/", asked))
    assert pool.idle_connections == 0


async def test_a_refused_upgrade_is_an_ordinary_answer(serve: Serve, pool: Pool) -> None:
    """V63."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 401 Unauthorized\r\nX-Why: login\r\nContent-Length: 2\r\n\r\nno")

    origin = await serve(script)
    answer = await pool.send(origin, request("GET", b"/hmr", ASKING))
    assert (answer.status, answer.upgraded, await answer.read()) == (401, False, b"no")
