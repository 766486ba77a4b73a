"""How long a client may be silent, and that nothing is limited as a whole."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, Stalled, request
from wixproxy.errors import BodyTooSlow
from wixproxy.wire.pool import Pool, Timeouts

PAUSE_SECONDS = 0.05
PIECES = 20


class Dripping:
    """A body of many pieces, each of which comes after a pause."""

    def __init__(self, pieces: int) -> None:
        self._left = pieces

    async def read(self) -> bytes:
        await asyncio.sleep(PAUSE_SECONDS)
        self._left -= 1
        return b"x" if self._left >= 0 else b""


@pytest.mark.parametrize("chunked", [False, True], ids=["counted", "chunked"])
async def test_a_client_that_stops_in_the_middle_of_its_body_is_given_up(
    serve: Serve, *, chunked: bool
) -> None:
    """The upstream's connection is not kept for it."""
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.gone()
        gone.set()

    pool = Pool(timeouts=Timeouts(idle_seconds=PAUSE_SECONDS))
    asked = request("POST", content_length=None if chunked else 9, chunked=chunked)
    with pytest.raises(BodyTooSlow, match=r"Nothing of the body came for 0\.05 seconds"):
        await pool.send(await serve(script), asked, Stalled())
    async with asyncio.timeout(5):
        await gone.wait()
    await pool.close()


async def test_what_goes_on_slowly_is_not_limited_as_a_whole(serve: Serve) -> None:
    """V90: each pause is short, and each body takes longer than any limit."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reader.readexactly(PIECES)
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % PIECES)
        for _ in range(PIECES):
            await asyncio.sleep(PAUSE_SECONDS)
            await peer.send(b"x")

    limit = PIECES * PAUSE_SECONDS * 2 / 3
    pool = Pool(timeouts=Timeouts(limit, limit, limit))
    asked = request("POST", content_length=PIECES)
    answer = await pool.send(await serve(script), asked, Dripping(PIECES))
    body = b""
    while piece := await answer.read():
        body += piece
    assert body == b"x" * PIECES
    await pool.close()


async def test_a_body_may_pause_while_its_answer_streams(serve: Serve) -> None:
    """Both may be of one talk, and the answer's pauses count by themselves."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.1)
            await peer.send(b".")
        await peer.gone()

    pool = Pool(timeouts=Timeouts(idle_seconds=0.5))
    answer = await pool.send(await serve(script), request("POST", chunked=True), Stalled())
    body = b""
    while piece := await answer.read():
        body += piece
    assert body == b"........"
    await pool.close()


async def test_what_came_in_time_counts_although_it_is_seen_late(serve: Serve) -> None:
    """On a machine that was held up, the bytes and the end of their time are met together."""
    waiting = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
        await waiting.wait()
        os.write(peer.writer.get_extra_info("socket").fileno(), b"lf")
        time.sleep(2 * PAUSE_SECONDS)  # noqa: ASYNC251 - the loop shall stand still

    pool = Pool(timeouts=Timeouts(idle_seconds=PAUSE_SECONDS))
    answer = await pool.send(await serve(script), request())
    assert await answer.read() == b"ha"
    reading = asyncio.create_task(answer.read())
    await asyncio.sleep(0)
    waiting.set()
    assert await reading == b"lf"
    await pool.close()
