"""What of an answer reaches the client."""

from __future__ import annotations

import asyncio

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, Recorder, answering, request
from wixproxy.errors import ClientGone, UpstreamUnavailable
from wixproxy.wire.forward import relay
from wixproxy.wire.pool import Pool

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"


async def test_an_answer_reaches_the_client_without_its_hop(serve: Serve, pool: Pool) -> None:
    """V46, V57."""
    origin = await serve(
        answering(
            b"HTTP/1.1 201 Made\r\nSet-Cookie: a=1\r\nKeep-Alive: timeout=5\r\nset-cookie: b=2\r\n"
            b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nok"
        )
    )
    client = Recorder()
    await relay(await pool.send(origin, request()), client, request=request())
    assert (client.status, bytes(client.body), client.ended) == (201, b"ok", True)
    assert client.fields == [
        (b"Set-Cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"Content-Length", b"2"),
    ]


async def test_the_caller_may_give_other_fields(serve: Serve, pool: Pool) -> None:
    origin = await serve(answering(b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n"))
    client = Recorder()
    answer = await pool.send(origin, request())
    await relay(answer, client, request=request(), fields=[(b"C", b"d")])
    assert client.fields == [(b"C", b"d")]


@pytest.mark.parametrize(
    ("fields", "trailers"),
    [
        pytest.param([(b"TE", b"trailers")], [(b"X-Sum", b"7")], id="client takes trailers"),
        pytest.param([(b"te", b"gzip, Trailers")], [(b"X-Sum", b"7")], id="among codings"),
        pytest.param([], None, id="client does not"),
    ],
)
async def test_trailers_reach_clients_that_take_them(
    serve: Serve, pool: Pool, fields: list[tuple[bytes, bytes]], trailers: object
) -> None:
    """V81."""
    sent = CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 7\r\nSet-Cookie: evil=1\r\n\r\n"
    client = Recorder()
    answer = await pool.send(await serve(answering(sent)), request())
    await relay(answer, client, request=request("GET", b"/", fields))
    assert client.trailers == trailers
    assert client.fields == []


async def test_half_a_body_cuts_the_client_off(serve: Serve, pool: Pool) -> None:
    """P1, V77."""
    origin = await serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    client = Recorder()
    with pytest.raises(UpstreamUnavailable):
        await relay(await pool.send(origin, request()), client, request=request())
    assert (bytes(client.body), client.aborted, client.ended) == (b"half", True, False)


async def test_a_client_that_left_closes_the_upstream(serve: Serve, pool: Pool) -> None:
    """P2, V92."""
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nevent")
        await peer.gone()
        gone.set()

    answer = await pool.send(await serve(script), request())
    with pytest.raises(ClientGone):
        await relay(answer, Recorder(gone_after=0), request=request())
    async with asyncio.timeout(0.1):
        await gone.wait()


async def test_a_cancelled_relay_closes_the_upstream(serve: Serve, pool: Pool) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nevent")
        await peer.gone()
        gone.set()

    client = Recorder()
    answer = await pool.send(await serve(script), request())
    relaying = asyncio.create_task(relay(answer, client, request=request()))
    async with asyncio.timeout(5):
        await client.written.wait()
    relaying.cancel()
    async with asyncio.timeout(0.1):
        await gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await relaying
    assert client.aborted


async def test_a_slow_client_stalls_the_upstream(serve: Serve, pool: Pool) -> None:
    """V90."""
    size, sent = 64 * 1024 * 1024, 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await peer.send(b"x" * 65536)
            sent += 65536

    client = Recorder()
    client.room.clear()
    answer = await pool.send(await serve(script), request())
    relaying = asyncio.create_task(relay(answer, client, request=request()))
    stalled_at = -1
    while stalled_at != sent:
        stalled_at = sent
        await asyncio.sleep(0.1)
    assert sent < 32 * 1024 * 1024
    client.room.set()
    await relaying
    assert len(client.body) == size


async def test_the_answer_to_head_keeps_its_content_length(serve: Serve, pool: Pool) -> None:
    """V70."""
    origin = await serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"))
    client = Recorder()
    await relay(await pool.send(origin, request("HEAD")), client, request=request("HEAD"))
    assert client.fields == [(b"Content-Length", b"99")]
    assert (bytes(client.body), client.ended) == (b"", True)
