"""Bodies that are long, come late, come in crumbs or break off: what passes, and at whose pace."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.public_listener import SECONDS, settled
from tests.requirements import require
from tests.vectors.readers import Client, values
from tests.vectors.scene import OK, Scene
from tests.wire.upstreams import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

GET = b"GET /%d HTTP/1.1\r\nHost: shop.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.test\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"x" * 65_536
# More than all buffers on the way take together.
MUCH_BYTES = 64 * 1024 * 1024
ROOM_BYTES = 24 * 1024 * 1024
STATM = Path("/proc/self/statm")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


async def until_seen(client: Client, text: bytes) -> None:
    async with asyncio.timeout(SECONDS):
        while text not in client.raw:  # noqa: ASYNC110 - h11 tells nobody what is half read
            await asyncio.sleep(0)


async def test_a_body_is_sent_when_it_was_invited(proxied: Scene) -> None:
    """V20: the upstream is not asked to invite it as well."""
    client = await proxied.client(POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    answering = asyncio.create_task(client.answer())
    await until_seen(client, b"HTTP/1.1 100 ")
    await client.send(b"hello")
    assert (await answering).statuses == [100, 200]
    assert [asked.line for asked in proxied.upstream.requests] == [b"POST / hello"]


@pytest.mark.parametrize("end", [Client.half_close, Client.leave], ids=["FIN", "close"])
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(CHUNKED + b"1\r\nx\r\n", id="chunks"),
        pytest.param(CHUNKED + b"1\r\nx\r\n0\r\n", id="trailers"),
        pytest.param(POST + b"Content-Length: 5\r\n\r\nhell", id="length"),
        pytest.param(
            POST + b"Connection: close\r\nContent-Length: 5\r\n\r\nhell", id="the last request"
        ),
    ],
)
async def test_a_body_that_ends_short_is_never_completed(
    proxied: Scene, sent: bytes, end: object
) -> None:
    """V24: a FIN within a body is the end of the client."""
    assert callable(end)
    client = await proxied.client(sent)
    await proxied.upstream.begun.wait()
    end(client)
    async with asyncio.timeout(SECONDS):
        await proxied.upstream.all_gone()
    assert proxied.upstream.requests == []
    if end is Client.half_close:
        assert await client.ended()


async def test_a_body_in_crumbs_costs_little_more_than_its_bytes(proxied: Scene) -> None:
    """V27: a wide bound; a quarter of a megabyte takes a third of a second where this was written.

    What grew with the square of the number of chunks would take minutes.
    """
    crumbs = 262_144
    began = time.process_time()
    client = await proxied.client(CHUNKED + b"1\r\nx\r\n" * crumbs + b"0\r\n\r\n")
    async with asyncio.timeout(60):
        assert (await client.answer()).status == 200
    assert time.process_time() - began < 15
    assert proxied.upstream.requests[0].body == b"x" * crumbs


async def test_requests_that_nobody_reads_the_answers_of_wait_for_their_turn(
    proxied: Scene,
) -> None:
    """V28: one at a time, and the client is stopped long before all of them are taken."""
    go, waiting = asyncio.Event(), 0

    async def script(peer: Peer) -> None:
        nonlocal waiting
        while await peer.head():
            waiting += 1
            await go.wait()
            await peer.send(OK)

    proxied.upstream.script = script
    client = await proxied.client(b"".join(GET % number for number in range(500)))
    taken = 0

    async def go_on() -> None:
        nonlocal taken
        while True:
            await client.send(GET % 500 * 1_000)
            taken += 1

    sending = asyncio.create_task(go_on())
    assert await settled(lambda: taken) < 1_000
    assert waiting == 1
    sending.cancel()
    go.set()
    for _ in range(500):
        assert (await client.answer()).body == b"ok"


async def test_a_refusal_that_comes_before_the_body_is_whole_ends_the_upload(
    proxied: Scene,
) -> None:
    """V91."""
    refused = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reader.readexactly(len(PIECE))
        await peer.send(refused)
        peer.writer.write_eof()
        await peer.gone()
        gone.set()

    proxied.upstream.script = script
    client = await proxied.client(POST + b"Content-Length: %d\r\n\r\n" % 10**12)

    async def upload() -> None:
        while True:
            await client.send(PIECE)

    uploading = asyncio.create_task(upload())
    answer = await client.answer()
    assert (answer.status, answer.body) == (413, b"no")
    assert values(answer.fields, b"Connection") == [b"close"]
    async with asyncio.timeout(SECONDS):
        await gone.wait()
    assert await client.ended()
    uploading.cancel()


async def test_a_client_that_does_not_read_stalls_the_upstream(proxied: Scene) -> None:
    """V90."""
    sent = 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MUCH_BYTES)
        while sent < MUCH_BYTES:
            await peer.send(PIECE)
            sent += len(PIECE)

    proxied.upstream.script = script
    client = await proxied.client(GET % 1)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    assert 0 < await settled(lambda: sent) < ROOM_BYTES
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]
    assert len((await client.answer()).body) == MUCH_BYTES


async def test_an_upstream_that_does_not_read_stalls_the_client(proxied: Scene) -> None:
    """V90."""
    go, sent = asyncio.Event(), 0

    async def script(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await go.wait()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        left = MUCH_BYTES
        while left:
            left -= len(await peer.reader.read(1_048_576))
        await peer.send(OK)

    async def upload(client: Client) -> None:
        nonlocal sent
        while sent < MUCH_BYTES:
            await client.send(PIECE)
            sent += len(PIECE)

    proxied.upstream.script = script
    client = await proxied.client(POST + b"Content-Length: %d\r\n\r\n" % MUCH_BYTES)
    uploading = asyncio.create_task(upload(client))
    assert 0 < await settled(lambda: sent) < ROOM_BYTES
    go.set()
    await uploading
    assert (await client.answer()).body == b"ok"


async def test_a_large_body_takes_neither_memory_nor_a_file(proxied: Scene) -> None:
    """V97: both ways; ten gigabytes would only take longer."""
    require(
        STATM.exists(),  # noqa: ASYNC240 - it is no file on a disk
        "Linux: the memory of this process is read from /proc",
    )
    highest, before, files = 0, _resident(), _open_files()

    async def script(peer: Peer) -> None:
        nonlocal highest
        await peer.head()
        left = MUCH_BYTES
        while left:
            left -= len(await peer.reader.read(1_048_576))
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MUCH_BYTES)
        for _ in range(MUCH_BYTES // len(PIECE)):
            await peer.send(PIECE)
            highest = max(highest, _resident())
        assert _open_files() == files

    proxied.upstream.script = script
    client = await proxied.client(POST + b"Content-Length: %d\r\n\r\n" % MUCH_BYTES)
    for _ in range(MUCH_BYTES // len(PIECE)):
        await client.send(PIECE)
        highest = max(highest, _resident())
    received = 0
    while received < MUCH_BYTES:
        async with asyncio.timeout(SECONDS):
            received += len(await client.reader.read(1_048_576))
    assert highest - before < ROOM_BYTES


def _resident() -> int:
    return int(STATM.read_text().split()[1]) * PAGE_BYTES


def _open_files() -> set[str]:
    found = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))
    targets = (os.readlink(path) for path in found if path.is_symlink())
    return {target for target in targets if target.startswith("/") and "/proc/" not in target}
