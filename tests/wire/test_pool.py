"""How requests go out, how connections serve again, and what is sent twice."""

from __future__ import annotations

import asyncio

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, Pieces, Upstream, answering, request
from wixproxy.errors import ClientGone, UpstreamUnavailable
from wixproxy.wire.answer import Answer
from wixproxy.wire.pool import Pool, Timeouts

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def whole(answer: Answer) -> bytes:
    body = b""
    while piece := await answer.read():
        body += piece
    return body


async def test_a_request_is_sent_byte_for_byte(serve: Serve, pool: Pool) -> None:
    """V29, V43, V55, V57: nothing invented, nothing re-encoded."""
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        heads.append(await peer.head())
        await peer.send(OK)

    origin = await serve(script)
    fields = [(b"x-A", b"\xff\xfe"), (b"X-a", b"2"), (b"Cookie", b"a=1; b=2")]
    answer = await pool.send(origin, request("GET", b"/a%2fb/../%7e;p?q=%zz&q=+", fields))
    assert await whole(answer) == b"ok"
    assert b"".join(heads) == (
        b"GET /a%2fb/../%7e;p?q=%zz&q=+ HTTP/1.1\r\nHost: shop.example\r\n"
        b"x-A: \xff\xfe\r\nX-a: 2\r\nCookie: a=1; b=2\r\n\r\n"
    )


async def test_a_connection_serves_again(
    serve: Serve, pool: Pool, upstreams: list[Upstream]
) -> None:
    origin = await serve(answering(OK, OK, OK))
    for _ in range(3):
        assert await whole(await pool.send(origin, request())) == b"ok"
    assert upstreams[0].connections == 1
    assert pool.idle_connections == 1


async def test_a_post_on_a_dead_connection_is_never_sent_twice(serve: Serve, pool: Pool) -> None:
    """V73."""
    posts = 0

    async def script(peer: Peer) -> None:
        nonlocal posts
        await peer.head()
        await peer.send(OK)
        if (await peer.head()).startswith(b"POST"):
            posts += 1
        peer.reset()

    origin = await serve(script)
    await whole(await pool.send(origin, request()))
    with pytest.raises(UpstreamUnavailable, match="closed the connection before it answered"):
        await pool.send(origin, request("POST", content_length=2), Pieces(b"hi"))
    assert posts == 1


async def test_a_get_on_a_dead_connection_is_sent_once_more(
    serve: Serve, pool: Pool, upstreams: list[Upstream]
) -> None:
    """V72."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.head()
        peer.reset()

    origin = await serve(script)
    await whole(await pool.send(origin, request()))
    assert await whole(await pool.send(origin, request())) == b"ok"
    assert upstreams[0].connections == 2


async def test_a_cancelled_request_closes_its_connection_at_once(serve: Serve, pool: Pool) -> None:
    """V92: the client left while the upstream thought."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        asked.set()
        await peer.gone()
        gone.set()

    origin = await serve(script)
    sending = asyncio.create_task(pool.send(origin, request()))
    await asked.wait()
    sending.cancel()
    async with asyncio.timeout(0.1):
        await gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_an_idle_connection_is_closed_after_its_time(serve: Serve) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.gone()
        gone.set()

    origin = await serve(script)
    pool = Pool(timeouts=Timeouts(kept_seconds=0.05))
    await whole(await pool.send(origin, request()))
    async with asyncio.timeout(2):
        await gone.wait()
    assert pool.idle_connections == 0
    await pool.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY"])
async def test_what_may_be_repeated_is_repeated_once(
    serve: Serve, pool: Pool, upstreams: list[Upstream], method: str
) -> None:
    """P4: the second connection dies as well, and that is the end of it."""
    answered = False

    async def script(peer: Peer) -> None:
        nonlocal answered
        await peer.head()
        if not answered:
            answered = True
            await peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
            await peer.head()
        peer.reset()

    origin = await serve(script)
    await pool.send(origin, request())
    with pytest.raises(UpstreamUnavailable):
        await pool.send(origin, request(method))
    assert upstreams[0].connections == 2


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_what_may_not_be_repeated_is_delivered_once(
    serve: Serve, pool: Pool, method: str
) -> None:
    """P3, V73: DELETE because of its body."""
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append((await peer.head()).split()[0])
        await peer.send(OK)
        if head := await peer.head():
            seen.append(head.split()[0])
        peer.reset()

    origin = await serve(script)
    await whole(await pool.send(origin, request()))
    with pytest.raises(UpstreamUnavailable):
        await pool.send(origin, request(method, content_length=1), Pieces(b"x"))
    assert seen == [b"GET", method.encode()]


async def test_a_fresh_connection_that_dies_is_not_repeated(
    serve: Serve, pool: Pool, upstreams: list[Upstream]
) -> None:
    """V74."""

    async def script(peer: Peer) -> None:
        await peer.head()
        peer.reset()

    origin = await serve(script)
    with pytest.raises(UpstreamUnavailable, match="If it speaks TLS, write https://"):
        await pool.send(origin, request())
    assert upstreams[0].connections == 1


async def test_a_408_that_says_goodbye_is_not_the_answer(serve: Serve, pool: Pool) -> None:
    """V76."""
    goodbye = b"HTTP/1.1 408 Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    answers = iter([OK, goodbye, OK])

    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.send(next(answers))

    origin = await serve(script)
    await whole(await pool.send(origin, request()))
    assert (await pool.send(origin, request())).status == 200


async def test_an_upstream_that_closes_an_idle_connection_costs_nothing(
    serve: Serve, pool: Pool, upstreams: list[Upstream]
) -> None:
    """P4."""
    origin = await serve(answering(OK))
    for _ in range(5):
        answer = await pool.send(origin, request("POST", content_length=0))
        assert await whole(answer) == b"ok"
        async with asyncio.timeout(2):
            while pool.open_connections:  # noqa: ASYNC110 - the pool tells nobody
                await asyncio.sleep(0)
    assert upstreams[0].connections == 5


async def test_a_connection_is_let_go_before_its_upstream_closes_it(
    serve: Serve, pool: Pool, upstreams: list[Upstream]
) -> None:
    """P4: the upstream keeps a connection for one second, so this one is not kept."""
    kept = b"HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=1\r\n\r\n"
    origin = await serve(answering(kept, kept))
    await pool.send(origin, request())
    await pool.send(origin, request())
    assert upstreams[0].connections == 2


async def test_no_more_than_so_many_connections_wait(serve: Serve) -> None:
    both = asyncio.Barrier(3)

    async def script(peer: Peer) -> None:
        await peer.head()
        await both.wait()
        await peer.send(OK)
        await peer.gone()

    origin = await serve(script)
    pool = Pool(max_idle_per_origin=2)
    answers = await asyncio.gather(*(pool.send(origin, request()) for _ in range(3)))
    assert [await whole(answer) for answer in answers] == [b"ok"] * 3
    assert pool.idle_connections == 2
    await pool.close()


async def test_a_closed_pool_closes_answers_in_progress(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK[:-1])
        await peer.gone()

    origin = await serve(script)
    pool = Pool()
    answer = await pool.send(origin, request())
    assert await answer.read() == b"o"
    await pool.close()
    with pytest.raises(UpstreamUnavailable):
        await answer.read()
    with pytest.raises(UpstreamUnavailable, match="shutting down"):
        await pool.send(origin, request())
    assert pool.open_connections == 0


async def test_a_hundred_at_once_each_get_their_own_answer(serve: Serve, pool: Pool) -> None:
    async def script(peer: Peer) -> None:
        while head := await peer.head():
            path = head.split()[1]
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(path) + path)

    origin = await serve(script)

    async def ask(number: int) -> bytes:
        return await whole(await pool.send(origin, request("GET", b"/%d" % number)))

    for _ in range(3):
        bodies = await asyncio.gather(*map(ask, range(100)))
        assert bodies == [b"/%d" % number for number in range(100)]


async def test_a_failing_listener_for_interim_answers_closes_the_upstream(
    serve: Serve, pool: Pool
) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await peer.gone()
        gone.set()

    async def leave(status: int, fields: object) -> None:
        raise ClientGone

    with pytest.raises(ClientGone):
        await pool.send(await serve(script), request(), on_interim=leave)
    async with asyncio.timeout(2):
        await gone.wait()
