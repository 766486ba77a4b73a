"""How requests go out, how connections serve again, and what is sent twice."""

from __future__ import annotations

import asyncio

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, Pieces, Upstream, answering, request
from wixproxy.errors import UpstreamUnavailable
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
