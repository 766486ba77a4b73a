"""Clients that leave, close their half, or come at the last moment; and what the log says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import pytest

from tests.public_listener import SECONDS
from tests.vectors.readers import Client
from tests.vectors.scene import Scene
from tests.wire.upstreams import Peer, Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = b"Host: shop.test\r\n"
GET = b"GET / HTTP/1.1\r\n%b\r\n" % HOST
UPLOAD = b"POST / HTTP/1.1\r\n%bContent-Length: 9\r\n\r\nhalf" % HOST
SOCKET = b"GET / HTTP/1.1\r\n%bConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" % HOST
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
# A busy machine may be late once, and not each time.
TRIES = 8
AT_ONCE_SECONDS = 0.1


def watching(answer: bytes, gone: asyncio.Future[float], asked: asyncio.Event) -> Script:
    """Begin this answer, and note when the proxy has closed the connection."""

    async def script(peer: Peer) -> None:
        await peer.head()
        if answer:
            await peer.send(answer)
        asked.set()
        await peer.gone()
        gone.set_result(time.perf_counter())

    return script


@pytest.mark.parametrize("how", [Client.leave, Client.reset], ids=["FIN", "reset"])
@pytest.mark.parametrize(
    ("sent", "answer", "logged"),
    [
        pytest.param(UPLOAD, b"", "POST / cut", id="within its upload"),
        pytest.param(GET, b"", "GET / cut", id="while it waits"),
        pytest.param(GET, BEGUN, "GET / 200 cut", id="within its download"),
        pytest.param(SOCKET, SWITCH, "GET / 101", id="with a WebSocket"),
    ],
)
async def test_a_client_that_leaves_is_not_worked_for_any_longer(
    proxied: Scene,
    caplog: pytest.LogCaptureFixture,
    *,
    sent: bytes,
    answer: bytes,
    logged: str,
    how: Callable[[Client], None],
) -> None:
    """V92: the upstream learns of it within 100 ms."""
    caplog.set_level(logging.INFO, "wixproxy.requests")
    took: list[float] = []
    while not took or (min(took) >= AT_ONCE_SECONDS and len(took) < TRIES):
        gone: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        asked = asyncio.Event()
        proxied.upstream.script = watching(answer, gone, asked)
        client = await proxied.client(sent)
        async with asyncio.timeout(SECONDS):
            await asked.wait()
            if answer:
                await client.reader.readexactly(4)
            left_at = time.perf_counter()
            how(client)
            took.append(await gone - left_at)
    assert min(took) < AT_ONCE_SECONDS
    await proxied.renew()
    assert logged in caplog.text


async def test_a_client_that_leaves_within_its_head_asked_for_nothing(proxied: Scene) -> None:
    """V92."""
    client = await proxied.client(GET[:-2])
    client.leave()
    await proxied.renew()
    assert proxied.upstream.raw == b""


def slow(go: asyncio.Event, asked: asyncio.Event, body: bytes = b"late") -> Script:
    """Answer as soon as it is time."""

    async def script(peer: Peer) -> None:
        await peer.head()
        asked.set()
        waiting, leaving = asyncio.create_task(go.wait()), asyncio.create_task(peer.gone())
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        leaving.cancel()
        if go.is_set():
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    return script


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(GET.replace(HOST, HOST + b"Connection: close\r\n"), id="the last request"),
        pytest.param(b"GET / HTTP/1.0\r\n%b\r\n" % HOST, id="HTTP/1.0"),
        pytest.param(
            b"POST / HTTP/1.1\r\n%bConnection: close\r\nContent-Length: 4\r\n\r\nbody" % HOST,
            id="the last request, with a body",
        ),
    ],
)
async def test_a_client_that_has_said_all_hears_the_answer_with_its_half_closed(
    proxied: Scene, sent: bytes
) -> None:
    """V93."""
    go, asked = asyncio.Event(), asyncio.Event()
    proxied.upstream.script = slow(go, asked)
    client = await proxied.client(sent)
    await asked.wait()
    client.half_close()
    # Nothing tells when the FIN was seen, so it gets a moment to arrive.
    await asyncio.sleep(0.05)
    go.set()
    assert (await client.answer()).body == b"late"
    assert await client.ended()


async def test_a_client_that_might_have_asked_more_has_left_with_its_fin(proxied: Scene) -> None:
    """V93."""
    asked = asyncio.Event()
    proxied.upstream.script = slow(asyncio.Event(), asked)
    client = await proxied.client(GET)
    await asked.wait()
    client.half_close()
    assert await client.ended()
    async with asyncio.timeout(SECONDS):
        await proxied.upstream.all_gone()
