"""The end of an answer goes out in a moment, and before everything that follows it."""

from __future__ import annotations

import asyncio

import pytest

from tests.public_listener import GET, HEAD, LAST_GET, Listener, listening, settled
from wixproxy.client_connection import ClientConnection
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import ClientGone


def only_connection(listener: Listener) -> ClientConnection:
    (connection,) = listener.server.connections
    assert isinstance(connection, ClientConnection)
    return connection


async def answer_page(downstream: ClientDownstream) -> None:
    await downstream.answer(200, [], downstream.request.path)


async def test_the_answers_of_pipelined_requests_come_in_their_order() -> None:
    targets = [b"/%d" % number for number in range(20)]
    asked = b"".join(GET.replace(b" / ", b" %b " % target) for target in targets)
    async with listening(answer_page) as listener:
        client = await listener.client(asked + LAST_GET)
        received = await client.rest()
    bodies = [answer.partition(b"\r\n\r\n")[2] for answer in received.split(b"HTTP/1.1 ")[1:]]
    assert bodies == [*targets, b"/"]


@pytest.mark.parametrize("how", ["force_close", "half_close", "reset"])
async def test_an_answer_that_waits_goes_out_before_its_connection_ends(how: str) -> None:
    ended = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.answer(200, [], b"whole")
        getattr(only_connection(listener), how)()
        ended.set()

    async with listening(serve) as listener:
        client = await listener.client(GET)
        await ended.wait()
        assert (await client.head()).startswith(b"HTTP/1.1 200 OK\r\n")
        assert await client.exactly(5) == b"whole"


async def test_an_answer_that_waits_goes_out_before_a_fin_closes_its_connection() -> None:
    closes = None

    async def serve(downstream: ClientDownstream) -> None:
        nonlocal closes
        await downstream.answer(200, [], b"whole")
        connection = only_connection(listener)
        connection.exchange = None
        if not (closes := not connection.eof_received()):
            raise AssertionError("there is nothing left to wait for")
        assert connection.transport is not None
        connection.transport.close()

    async with listening(serve) as listener:
        client = await listener.client(GET)
        assert (await client.rest()).endswith(b"whole")
    assert closes


async def test_what_is_said_behind_an_answer_that_waits_comes_behind_it() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        await downstream.answer(200, [], b"whole")
        only_connection(listener).send(b"behind")

    async with listening(serve) as listener:
        client = await listener.client(GET)
        await client.head()
        assert await client.exactly(11) == b"wholebehind"


async def test_a_client_that_left_in_the_turn_of_its_answer_is_no_fault() -> None:
    gone = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        connection = only_connection(listener)
        await downstream.answer(200, [], b"whole")
        assert connection.transport is not None
        connection.transport.abort()
        with pytest.raises(ClientGone):
            connection.send(b"more")
        gone.set()

    async with listening(serve) as listener:
        client = await listener.client(GET)
        await gone.wait()
        assert await client.rest() == b""


@pytest.mark.parametrize("request_bytes", [GET, HEAD], ids=["GET", "HEAD"])
async def test_a_chunked_answer_of_one_piece_is_written_at_once(request_bytes: bytes) -> None:
    """Its head, its only chunk and its last one would be three packets."""
    written: list[bytes] = []

    async def serve(downstream: ClientDownstream) -> None:
        transport = only_connection(listener).transport
        assert transport is not None
        only_connection(listener).transport = Recording(transport, written)
        await downstream.head(200, [], more=True)
        await downstream.write(b"piece", last=True)
        await downstream.end()

    async with listening(serve) as listener:
        client = await listener.client(request_bytes)
        await client.head()
        if request_bytes is GET:
            assert await client.exactly(15) == b"5\r\npiece\r\n0\r\n\r\n"
    assert len(written) == 1


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
async def test_who_reads_no_answer_is_not_served_without_end(method: bytes) -> None:
    served = 0

    async def serve(downstream: ClientDownstream) -> None:
        nonlocal served
        served += 1
        await downstream.answer(200, [(b"X-Long", b"y" * 8_000)], b"x")

    async with listening(serve) as listener:
        client = await listener.client()
        client.writer.transport.pause_reading()
        client.writer.write(GET.replace(b"GET", method) * 5_000)
        assert await settled(lambda: served) < 2_500


EVENTS = [(b"Content-Type", b"text/event-stream")]


async def test_a_stream_that_its_reader_does_not_read_can_be_ended_twice() -> None:
    begun = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(200, EVENTS)
        begun.set()
        await downstream.write(b"x" * 6_000_000)

    async with listening(serve) as listener:
        client = await listener.client(GET)
        client.writer.transport.pause_reading()
        await begun.wait()
        only_connection(listener).dismiss(patiently=True)
        only_connection(listener).dismiss(patiently=False)
        client.writer.transport.resume_reading()
        assert (await client.rest()).endswith(b"\r\n0\r\n\r\n")


async def test_a_stream_that_came_whole_is_ended_with_what_was_held_of_it() -> None:
    """Its client reads nothing, so its only piece waits for room."""
    held = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        if downstream.request.path == b"/large":
            await downstream.answer(200, [], b"x" * 6_000_000)
            return
        await downstream.head(200, EVENTS, more=True)
        asyncio.get_running_loop().call_soon(held.set)
        await downstream.write(b"data: 1\n\n", last=True)
        await downstream.end()

    async with listening(serve) as listener:
        client = await listener.client(GET.replace(b" / ", b" /large "))
        client.writer.transport.pause_reading()
        await settled(lambda: only_connection(listener).writing_paused)
        await client.send(GET)
        await held.wait()
        only_connection(listener).dismiss(patiently=True)
        client.writer.transport.resume_reading()
        assert (await client.rest()).endswith(b"\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n")


async def test_a_fault_on_one_connection_costs_the_others_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        asked.set()
        await go.wait()
        await downstream.answer(200, [], b"whole")

    dismiss = ClientConnection.dismiss

    def fail_once(connection: ClientConnection, *, patiently: bool) -> None:
        if connection is faulty:
            raise RuntimeError("a fault of ours")
        dismiss(connection, patiently=patiently)

    async with listening(serve) as listener:
        await listener.client()
        await settled(lambda: len(listener.server.connections))
        faulty = only_connection(listener)
        monkeypatch.setattr(ClientConnection, "dismiss", fail_once)
        client = await listener.client(GET)
        await asked.wait()
        listener.server.dismiss(patiently=False)
        go.set()
        assert (await client.head()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert "a connection could not be dismissed" in caplog.text


class Recording:
    """A transport that remembers what was written to it."""

    def __init__(self, transport: asyncio.Transport, written: list[bytes]) -> None:
        self._transport = transport
        self._written = written

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._written.append(data)
        self._transport.write(data)
