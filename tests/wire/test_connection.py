"""How an answer is read, stalled, given up and forgotten."""

from __future__ import annotations

import asyncio

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, answering, request
from wixproxy.errors import UpstreamTimeout, UpstreamUnavailable
from wixproxy.sansio.exchange import Fields
from wixproxy.wire.answer import Answer
from wixproxy.wire.pool import Pool, Timeouts

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def whole(answer: Answer) -> bytes:
    body = b""
    while piece := await answer.read():
        body += piece
    return body


async def test_a_reset_never_ends_a_body_that_lasts_until_the_close(
    serve: Serve, pool: Pool
) -> None:
    read = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await read.wait()
        peer.reset()

    answer = await pool.send(await serve(script), request())
    assert await answer.read() == b"half"
    read.set()
    with pytest.raises(UpstreamUnavailable):
        await answer.read()


async def test_a_reset_within_the_head_is_not_repeated(serve: Serve, pool: Pool) -> None:
    """V75: not even on a connection that had served before."""
    heads = 0

    async def script(peer: Peer) -> None:
        nonlocal heads
        await peer.head()
        await peer.send(OK)
        heads += bool(await peer.head())
        await peer.send(b"HTTP/1.1 200")

    origin = await serve(script)
    await whole(await pool.send(origin, request()))
    with pytest.raises(UpstreamUnavailable, match="broke the head of its answer off"):
        await pool.send(origin, request())
    assert heads == 1


async def test_what_came_in_pieces_is_read_at_once(serve: Serve, pool: Pool) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED)
        for _ in range(50):
            await peer.send(b"3\r\nabc\r\n")
            await asyncio.sleep(0)
        await peer.send(b"0\r\n\r\n")
        await peer.gone()

    answer = await pool.send(await serve(script), request())
    async with asyncio.timeout(2):
        while not answer._incoming.ended:  # noqa: ASYNC110 - the reader must not read to see it
            await asyncio.sleep(0)
    assert await answer.read() == b"abc" * 50
    assert await answer.read() == b""


async def test_interim_answers_are_handed_on_in_order(serve: Serve, pool: Pool) -> None:
    """V68."""
    interim: list[tuple[int, Fields]] = []

    async def note(status: int, fields: Fields) -> None:
        interim.append((status, fields))

    origin = await serve(
        answering(
            b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            b"HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" + OK
        )
    )
    answer = await pool.send(origin, request(), on_interim=note)
    assert interim == [(103, [(b"Link", b"</a.css>")]), (103, [(b"Link", b"</b.css>")])]
    assert await whole(answer) == b"ok"


async def test_trailers_are_kept_apart_from_the_head(serve: Serve, pool: Pool) -> None:
    """V25, V81."""
    origin = await serve(answering(CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 7\r\nCookie: a\r\n\r\n"))
    answer = await pool.send(origin, request())
    assert await whole(answer) == b"ok"
    assert answer.trailers == [(b"X-Sum", b"7"), (b"Cookie", b"a")]
    assert answer.fields == [(b"Transfer-Encoding", b"chunked")]


async def test_an_unasked_byte_closes_an_idle_connection(serve: Serve, pool: Pool) -> None:
    speak, gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await speak.wait()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        await peer.gone()
        gone.set()

    await whole(await pool.send(await serve(script), request()))
    assert pool.idle_connections == 1
    speak.set()
    async with asyncio.timeout(2):
        await gone.wait()
    assert pool.idle_connections == 0


async def test_a_slow_reader_stalls_the_upstream(serve: Serve, pool: Pool) -> None:
    """V90, P28."""
    size = 64 * 1024 * 1024
    sent = 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await peer.send(b"x" * 65536)
            sent += 65536
        await peer.gone()

    answer = await pool.send(await serve(script), request())
    stalled_at = -1
    while stalled_at != sent:
        stalled_at = sent
        await asyncio.sleep(0.1)
    assert sent < 32 * 1024 * 1024
    received = 0
    while piece := await answer.read():
        received += len(piece)
    assert received == size
    assert pool.idle_connections == 1


async def test_a_silent_upstream_is_given_up(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.gone()

    pool = Pool(timeouts=Timeouts(first_byte_seconds=0.05))
    with pytest.raises(UpstreamTimeout, match=r"did not answer: nothing for 0\.05 seconds"):
        await pool.send(await serve(script), request())
    await pool.close()


async def test_a_body_that_falls_silent_is_given_up(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK[:-1])
        await peer.gone()

    pool = Pool(timeouts=Timeouts(idle_seconds=0.05))
    answer = await pool.send(await serve(script), request())
    with pytest.raises(UpstreamTimeout, match="fell silent"):
        await whole(answer)
    await pool.close()


async def test_an_event_stream_may_be_silent_for_as_long_as_it_likes(serve: Serve) -> None:
    """V89."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        await asyncio.sleep(0.15)
        await peer.send(b"data: late\n\n")

    pool = Pool(timeouts=Timeouts(idle_seconds=0.05))
    answer = await pool.send(await serve(script), request())
    assert await answer.read() == b"data: late\n\n"
    await pool.close()


async def test_a_forgotten_answer_closes_its_connection(serve: Serve, pool: Pool) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK[:-1])
        await peer.gone()
        gone.set()

    answer = await pool.send(await serve(script), request())
    assert answer.status == 200
    del answer
    async with asyncio.timeout(2):
        await gone.wait()


async def test_a_small_rest_is_discarded_to_save_the_connection(serve: Serve, pool: Pool) -> None:
    answer = await pool.send(await serve(answering(OK, OK)), request())
    await answer.discard()
    assert pool.idle_connections == 1


async def test_a_large_rest_is_given_up(serve: Serve, pool: Pool) -> None:
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 300_000
    answer = await pool.send(await serve(answering(sent)), request())
    await answer.discard()
    assert pool.idle_connections == 0
    with pytest.raises(UpstreamUnavailable, match="was given up"):
        await answer.read()


async def test_an_answer_that_was_given_up_never_looks_complete(serve: Serve, pool: Pool) -> None:
    answer = await pool.send(await serve(answering(OK)), request())
    answer.abort()
    with pytest.raises(UpstreamUnavailable, match="was given up"):
        await answer.read()


@pytest.mark.parametrize("rest", [b"no chunk\r\n", b""], ids=["broken", "slow"])
async def test_a_rest_that_nobody_wants_raises_nothing(
    serve: Serve, pool: Pool, rest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wixproxy.wire.answer.DISCARD_SECONDS", 0.05)

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED)
        await peer.send(rest or b"1")
        await peer.gone()

    answer = await pool.send(await serve(script), request())
    await answer.discard()
    assert pool.idle_connections == 0
