"""What comes slowly, or hours apart: each piece at once, silence where it may be, ends in time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.public_listener import SECONDS
from tests.vectors.scene import Scene, scene
from tests.wire.upstreams import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

GET = b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.test\r\n"
IDLE_SECONDS = 0.4
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def impatient_scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    flags = {
        "upstream.idle_timeout_seconds": IDLE_SECONDS,
        "upstream.first_byte_timeout_seconds": IDLE_SECONDS,
        "server.keepalive_seconds": IDLE_SECONDS,
    }
    async with scene(tmp_path_factory.mktemp("impatient"), flags) as impatient:
        yield impatient


@pytest_asyncio.fixture(loop_scope="module")
async def impatient(impatient_scene: Scene) -> AsyncIterator[Scene]:
    """A proxy that gives everybody less than half a second."""
    yield impatient_scene
    await impatient_scene.renew()


@pytest.mark.parametrize(
    "coding", [b"", b"Content-Encoding: gzip\r\n"], ids=["plain", "as if compressed"]
)
async def test_an_event_reaches_the_client_before_the_next_one_is_there(
    proxied: Scene, coding: bytes
) -> None:
    """V89: the upstream waits for each to be seen, so none is held back for another."""
    seen = asyncio.Semaphore(0)

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(STREAM.replace(b"\r\n\r\n", b"\r\n" + coding + b"\r\n"))
        for number in range(50):
            await peer.send(b"data: %d\n\n" % number)
            await seen.acquire()

    proxied.upstream.script = script
    client = await proxied.client(GET)
    async with asyncio.timeout(SECONDS):
        await client.reader.readuntil(b"\r\n\r\n")
        for number in range(50):
            await client.reader.readuntil(b"data: %d\n\n" % number)
            seen.release()


async def test_a_stream_of_events_may_be_silent(impatient: Scene) -> None:
    """V89: it outlives the idle timeout, and everything else."""
    go = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(STREAM + b"data: 1\n\n")
        await go.wait()
        await peer.send(b"data: 2\n\n")

    impatient.upstream.script = script
    client = await impatient.client(GET)
    async with asyncio.timeout(SECONDS):
        await client.reader.readuntil(b"data: 1\n\n")
        await asyncio.sleep(2 * IDLE_SECONDS)
        go.set()
        await client.reader.readuntil(b"data: 2\n\n")


async def test_a_body_that_drips_is_not_limited_as_a_whole(impatient: Scene) -> None:
    """V90."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(COUNTED)
        for _ in range(30):
            await asyncio.sleep(IDLE_SECONDS / 20)
            await peer.send(b"x")

    impatient.upstream.script = script
    client = await impatient.client(GET)
    answer = await client.answer()
    assert (answer.body, answer.whole) == (b"x" * 30, True)


async def test_a_body_that_stops_is_cut(impatient: Scene) -> None:
    """V90."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(COUNTED + b"half")
        await peer.gone()

    impatient.upstream.script = script
    client = await impatient.client(GET)
    answer = await client.answer()
    assert (answer.body, answer.whole) == (b"half", False)


async def test_an_upstream_that_does_not_begin_is_given_up(impatient: Scene) -> None:
    """V90: and the client's connection goes on."""
    impatient.upstream.script = Peer.gone
    client = await impatient.client(GET)
    assert (await client.answer()).status == 504
    await client.send(GET)
    assert (await client.answer()).status == 504


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(POST + b"Content-Length: 9\r\n\r\nhalf", id="length"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", id="chunks"),
        pytest.param(POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", id="invited"),
    ],
)
async def test_a_client_that_stops_in_its_body_is_given_up(impatient: Scene, sent: bytes) -> None:
    """V90."""
    client = await impatient.client(sent)
    assert (await client.answer()).status == 408
    assert await client.ended()
    await impatient.upstream.all_gone()
    assert impatient.upstream.requests == []


async def test_a_request_that_came_before_its_idle_connection_ended_is_answered(
    impatient: Scene,
) -> None:
    """V94: the time is over, and the request waits unread in the socket."""
    client = await impatient.client(GET)
    assert (await client.answer()).status == 200
    os.write(client.writer.get_extra_info("socket").fileno(), GET)
    # Nothing is read meanwhile, so the timer and the request are both there.
    time.sleep(2 * IDLE_SECONDS)  # noqa: ASYNC251 - the loop shall stand still
    assert (await client.answer()).status == 200


async def test_a_request_that_crosses_the_end_of_its_idle_connection_meets_no_reset(
    impatient: Scene,
) -> None:
    """V94: the client knows that nothing was done, and may ask again elsewhere."""
    client = await impatient.client(GET)
    assert (await client.answer()).status == 200
    assert await client.reader.read() == b""
    await client.send(GET)
    await asyncio.sleep(0.05)
    await client.send(GET)
    assert client.reader.exception() is None
    assert len(impatient.upstream.requests) == 1
