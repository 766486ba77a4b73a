"""What is put off to the loop's next iteration, and what may happen until then."""

from __future__ import annotations

import asyncio
import time
from typing import cast

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, request
from wixproxy.errors import UpstreamUnavailable
from wixproxy.sansio.origin import Origin
from wixproxy.wire.connection import Connection
from wixproxy.wire.outbox import Outbox
from wixproxy.wire.pool import Pool, Timeouts
from wixproxy.wire.upload import request_head

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ORIGIN = Origin("http", "127.0.0.1", 80)


class Transport:
    """What a connection writes to, and what became of it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def set_write_buffer_limits(self, high: int) -> None:
        pass


def connected() -> tuple[Connection, Transport, list[Connection]]:
    """Return a connection, its transport, and where it goes when it may serve again."""
    idle: list[Connection] = []
    connection = Connection(
        ORIGIN,
        max_head_bytes=1_000,
        outbox=Outbox(),
        on_idle=idle.append,
        on_lost=lambda _: None,
    )
    transport = Transport()
    connection.connection_made(cast("asyncio.Transport", transport))
    return connection, transport, idle


async def test_what_is_put_in_one_turn_goes_out_at_its_end_in_order() -> None:
    outbox, written = Outbox(), list[str]()
    outbox.put(lambda: written.append("first"))
    outbox.put(lambda: written.append("second"))
    asyncio.get_running_loop().call_soon(written.append, "the next turn")
    assert written == []
    await asyncio.sleep(0)
    assert written == ["first", "second", "the next turn"]


async def test_what_is_put_while_others_go_out_waits_for_the_next_turn() -> None:
    outbox, written = Outbox(), list[str]()

    def write() -> None:
        written.append("first")
        outbox.put(lambda: written.append("second"))

    outbox.put(write)
    await asyncio.sleep(0)
    assert written == ["first"]
    await asyncio.sleep(0)
    assert written == ["first", "second"]


async def test_requests_of_one_turn_reach_their_upstreams_together() -> None:
    first, first_transport, _ = connected()
    second, second_transport, _ = connected()
    asked = request()
    first.start(asked, request_head(asked))
    second.start(asked, request_head(asked))
    assert first_transport.written == second_transport.written == []
    await asyncio.sleep(0)
    assert first_transport.written == second_transport.written == [request_head(asked)]


async def test_an_answer_that_comes_before_its_request_was_sent_costs_the_connection() -> None:
    """Whoever answers what was not asked would answer the next request with it, too."""
    connection, transport, idle = connected()
    asked = request()
    incoming = connection.start(asked, request_head(asked))
    connection.data_received(OK)
    await asyncio.sleep(0)
    assert transport.aborted
    assert transport.written == []
    assert idle == []
    with pytest.raises(UpstreamUnavailable, match="before it answered"):
        await incoming.next_head(1)


async def test_a_write_that_fails_costs_the_others_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox, written = Outbox(), list[str]()

    def fail() -> None:
        raise RuntimeError("a fault of ours")

    outbox.put(fail)
    outbox.put(lambda: written.append("second"))
    await asyncio.sleep(0)
    assert written == ["second"]
    assert "a write failed" in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("said", [b"", OK, b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"])
async def test_what_was_not_sent_is_sent_again_whatever_its_method(
    serve: Serve, pool: Pool, method: str, said: bytes
) -> None:
    """The upstream speaks, or leaves, while the request still waits for its turn."""
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            heads.append(head)
            await peer.send(OK)

    origin = await serve(script)
    await (await pool.send(origin, request())).discard()
    asked = request(method, content_length=0 if method == "POST" else None)
    asking = asyncio.create_task(pool.send(origin, asked))
    await asyncio.sleep(0)
    (kept,) = pool._open
    if said:
        kept.data_received(said)
    else:
        kept.eof_received()
    answer = await asking
    assert (answer.status, await answer.read()) == (200, b"ok")
    assert len(heads) == 2


async def test_a_loop_that_was_held_up_gives_a_request_its_time_once_it_is_sent(
    serve: Serve,
) -> None:
    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.send(OK)

    origin = await serve(script)
    pool = Pool(timeouts=Timeouts(first_byte_seconds=0.2))
    await (await pool.send(origin, request())).discard()
    asking = asyncio.create_task(pool.send(origin, request()))
    asyncio.get_running_loop().call_soon(time.sleep, 0.3)
    assert (await asking).status == 200
    await pool.close()


async def test_a_request_that_is_given_up_in_its_turn_is_never_sent() -> None:
    connection, transport, _ = connected()
    asked = request()
    connection.start(asked, request_head(asked)).cancel(RuntimeError("the client left"))
    await asyncio.sleep(0)
    assert transport.aborted
    assert transport.written == []


async def test_an_upstream_that_leaves_in_the_turn_of_a_request_is_no_fault(
    serve: Serve, pool: Pool
) -> None:
    """The request goes out again, over another connection."""
    heads = 0

    async def script(peer: Peer) -> None:
        nonlocal heads
        while await peer.head():
            heads += 1
            await peer.send(OK)

    origin = await serve(script)
    await (await pool.send(origin, request())).discard()
    asking = asyncio.create_task(pool.send(origin, request()))
    await asyncio.sleep(0)
    kept = next(iter(pool._open))
    kept.connection_lost(ConnectionResetError())
    await (await asking).discard()
    assert heads == 2
