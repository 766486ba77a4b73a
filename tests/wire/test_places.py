"""P30: no upstream has more at once than it may have, and nobody waits in line for ever."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, Script, request
from wixproxy.errors import UpstreamBusy, UpstreamUnavailable
from wixproxy.sansio.exchange import Fields
from wixproxy.sansio.origin import Origin
from wixproxy.wire.answer import Answer
from wixproxy.wire.places import Places
from wixproxy.wire.pool import Pool, Timeouts

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LIMIT = 3
ORIGIN = Origin("http", "127.0.0.1", 9)
ASKING: Fields = [
    (b"Connection", b"Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Version", b"13"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
]
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def bounded(seconds: float, limit: int = 1) -> Pool:
    return Pool(timeouts=Timeouts(connect_seconds=seconds), max_per_origin=limit)


@pytest.fixture
async def patient() -> AsyncIterator[Pool]:
    """A pool of one connection, with time to wait for it."""
    pool = bounded(5)
    yield pool
    await pool.close()


@pytest.fixture
async def hurried() -> AsyncIterator[Pool]:
    """A pool of one connection that turns away at once whoever must wait."""
    pool = bounded(0.2)
    yield pool
    await pool.close()


def holding(release: asyncio.Event, asked: asyncio.Event) -> Script:
    """Answer each request once it is released; `asked` tells of the first."""

    async def script(peer: Peer) -> None:
        while await peer.head():
            asked.set()
            await release.wait()
            await peer.send(OK)

    return script


async def ask(pool: Pool, origin: Origin, method: str = "GET") -> bytes:
    answer = await pool.send(origin, request(method))
    return await answer.read()


async def test_an_upstream_never_has_more_connections_than_it_may(serve: Serve) -> None:
    now, highest = 0, 0

    async def script(peer: Peer) -> None:
        nonlocal now, highest
        now += 1
        highest = max(highest, now)
        try:
            while await peer.head():
                await asyncio.sleep(0.001)
                await peer.send(OK)
        finally:
            now -= 1

    origin = await serve(script)
    pool = bounded(5, LIMIT)
    bodies = await asyncio.gather(*(ask(pool, origin) for _ in range(50)))
    assert bodies == [b"ok"] * 50
    assert highest == LIMIT
    await pool.close()


async def test_who_finds_no_place_in_time_is_told_so(serve: Serve, hurried: Pool) -> None:
    release, asked = asyncio.Event(), asyncio.Event()
    origin = await serve(holding(release, asked))
    first = asyncio.create_task(ask(hurried, origin))
    await asked.wait()
    with pytest.raises(UpstreamBusy, match=r"All 1 connections .* within 0\.2 seconds") as told:
        await hurried.send(origin, request())
    assert told.value.status == 503
    assert told.value.retry_after == 1
    release.set()
    assert await first == b"ok"
    assert await ask(hurried, origin) == b"ok"


async def test_the_line_goes_on_in_its_order_without_those_who_left(
    serve: Serve, patient: Pool
) -> None:
    release, asked = asyncio.Event(), asyncio.Event()
    origin = await serve(holding(release, asked))
    served: list[int] = []

    async def stand_in_line(number: int) -> None:
        await ask(patient, origin)
        served.append(number)

    waiting = [asyncio.create_task(stand_in_line(number)) for number in range(5)]
    await asked.wait()
    for left in (1, 3):
        waiting[left].cancel()
    release.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert served == [0, 2, 4]
    assert await ask(patient, origin) == b"ok"


async def test_a_cancelled_exchange_gives_its_place_back(serve: Serve, patient: Pool) -> None:
    release, asked = asyncio.Event(), asyncio.Event()
    origin = await serve(holding(release, asked))
    first = asyncio.create_task(ask(patient, origin))
    await asked.wait()
    second = asyncio.create_task(ask(patient, origin))
    await asyncio.sleep(0)
    first.cancel()
    release.set()
    assert await second == b"ok"


async def test_an_answer_that_is_given_up_gives_its_place_back(serve: Serve, patient: Pool) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK[:-1])
        await peer.gone()

    origin = await serve(script)
    for _ in range(3):
        answer: Answer = await patient.send(origin, request())
        answer.abort()


async def test_an_upstream_that_cannot_be_reached_takes_no_places(hurried: Pool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for _ in range(3):
        with pytest.raises(UpstreamUnavailable, match="Nothing is listening"):
            await hurried.send(Origin("http", "127.0.0.1", port), request())


async def test_what_is_repeated_takes_no_second_place(serve: Serve, hurried: Pool) -> None:
    """The connection that died was the only one there may be."""
    connections = 0

    async def script(peer: Peer) -> None:
        nonlocal connections
        connections += 1
        await peer.head()
        await peer.send(OK)
        if connections == 1:
            await peer.head()
        peer.reset()

    origin = await serve(script)
    assert await ask(hurried, origin) == b"ok"
    assert await ask(hurried, origin) == b"ok"
    assert connections == 2


async def test_a_tunnel_leaves_its_place_to_others(serve: Serve, hurried: Pool) -> None:
    async def script(peer: Peer) -> None:
        head = await peer.head()
        if b"Upgrade: websocket" in head:
            await peer.send(SWITCH)
            await peer.gone()
        else:
            await peer.send(OK)

    origin = await serve(script)
    tunnels = [await hurried.send(origin, request("GET", b"/", ASKING)) for _ in range(3)]
    assert all(answer.upgraded for answer in tunnels)
    assert await ask(hurried, origin) == b"ok"


async def test_a_pool_that_closes_sends_the_line_away(serve: Serve) -> None:
    release, asked = asyncio.Event(), asyncio.Event()
    origin = await serve(holding(release, asked))
    pool = bounded(5)
    first = asyncio.create_task(ask(pool, origin))
    await asked.wait()
    second = asyncio.create_task(ask(pool, origin))
    await asyncio.sleep(0)
    await pool.close()
    for sent_away in (first, second):
        with pytest.raises(UpstreamUnavailable):
            await sent_away


async def test_one_busy_upstream_keeps_nobody_from_another(serve: Serve, hurried: Pool) -> None:
    release, asked = asyncio.Event(), asyncio.Event()
    busy = await serve(holding(release, asked))
    release_other = asyncio.Event()
    release_other.set()
    other = await serve(holding(release_other, asyncio.Event()))
    first = asyncio.create_task(ask(hurried, busy))
    await asked.wait()
    assert await ask(hurried, other) == b"ok"
    release.set()
    await first


async def test_a_place_given_to_one_who_leaves_at_that_moment_goes_on() -> None:
    places = Places(ORIGIN, 1)
    await places.take(5)
    leaving, staying = asyncio.create_task(places.take(5)), asyncio.create_task(places.take(5))
    await asyncio.sleep(0)
    places.give_back()
    leaving.cancel()
    await staying
    assert leaving.cancelled()
    assert (places.taken, places.waiting) == (1, 0)


async def test_a_place_that_becomes_free_passes_over_one_who_is_leaving() -> None:
    places = Places(ORIGIN, 1)
    await places.take(5)
    leaving, staying = asyncio.create_task(places.take(5)), asyncio.create_task(places.take(5))
    await asyncio.sleep(0)
    leaving.cancel()
    places.give_back()
    await staying
    places.give_back()
    assert (places.taken, places.waiting) == (0, 0)
