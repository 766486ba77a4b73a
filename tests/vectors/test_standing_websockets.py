"""WebSockets that stand for long: what they hold, and how they end beside other requests."""

from __future__ import annotations

import asyncio
import gc

import pytest

from tests.public_listener import SECONDS
from tests.vectors.handshake import ASK, SWITCH, opened
from tests.vectors.readers import values
from tests.vectors.scene import Scene
from tests.wire.upstreams import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
