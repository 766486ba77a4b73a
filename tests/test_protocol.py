"""Connections of clients: pace, departure, refusal and the end, over real sockets."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.public_listener import (
    GET,
    LAST_GET,
    OLD_GET,
    PIECE,
    PIECES,
    Client,
    Listener,
    listening,
    settled,
)
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import ClientGone, FieldsTooLarge, MalformedRequest, TargetTooLong
from wixproxy.parser_limits import PARSER_FIELDS, PARSER_LINE_BYTES
from wixproxy.protocol import Serve

SECRET = b"eyJhbGciOiJSUzI1NiJ9-secret"


async def answer_page(downstream: ClientDownstream) -> None:
    await downstream.answer(200, [], downstream.request.path)


class Endless:
    """Answers that stay unfinished, and what became of those who wrote them."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def serve(self, downstream: ClientDownstream) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def test_a_client_that_does_not_read_stalls_whoever_writes() -> None:
    written = 0

    async def serve(downstream: ClientDownstream) -> None:
        nonlocal written
        await downstream.head(200, [])
        for _ in range(PIECES):
            await downstream.write(PIECE)
            written += 1
        await downstream.end()

    async with listening(serve) as listener:
        client = await listener.client(LAST_GET)
        client.writer.transport.pause_reading()
        stalled_at = await settled(lambda: written)
        assert 0 < stalled_at < PIECES / 2
        client.writer.transport.resume_reading()
        received = await client.rest()
    assert written == PIECES
    assert received.count(b"x") == PIECES * len(PIECE)


@pytest.mark.parametrize("how", [Client.leave, Client.reset], ids=["end of file", "reset"])
async def test_a_client_that_leaves_ends_its_exchange_at_once(how: object) -> None:
    assert callable(how)
    endless = Endless()
    async with listening(endless.serve) as listener:
        client = await listener.client(GET)
        await endless.begun.wait()
        left_at = time.perf_counter()
        how(client)
        async with asyncio.timeout(5):
            await endless.cancelled.wait()
        assert time.perf_counter() - left_at < 0.1


async def test_a_client_that_leaves_within_its_body_is_noticed_by_the_reader() -> None:
    outcome: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def serve(downstream: ClientDownstream) -> None:
        try:
            await downstream.read_whole(100)
        except (ClientGone, asyncio.CancelledError) as gone:
            outcome.set_result(gone)
            raise

    async with listening(serve) as listener:
        client = await listener.client(
            b"POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 9\r\n\r\nhalf"
        )
        client.leave()
        async with asyncio.timeout(5):
            await outcome


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(LAST_GET, id="after Connection: close"),
        pytest.param(OLD_GET, id="from an HTTP/1.0 client"),
    ],
)
async def test_a_half_close_of_a_client_that_said_all_still_gets_the_answer(
    request_bytes: bytes,
) -> None:
    """RFC 9112 §9.6."""
    begun, closed = asyncio.Event(), asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        begun.set()
        await closed.wait()
        await downstream.answer(200, [], b"late")

    async with listening(serve) as listener:
        client = await listener.client(request_bytes)
        await begun.wait()
        client.half_close()
        # Nothing tells when the end of file was seen, so it gets a moment to arrive.
        await asyncio.sleep(0.05)
        closed.set()
        assert (await client.rest()).endswith(b"late")


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    first = b"GET /first HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    async with listening(answer_page) as listener:
        client = await listener.client(first + LAST_GET.replace(b"/ ", b"/second ", 1))
        received = await client.rest()
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert received.index(b"\r\n\r\n/first") < received.index(b"\r\n\r\n/second")


async def test_a_request_that_follows_an_unread_body_is_not_read_out_of_it() -> None:
    body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    seen = []

    async def serve(downstream: ClientDownstream) -> None:
        seen.append(downstream.request.path)
        await downstream.answer(200, [])

    async with listening(serve) as listener:
        client = await listener.client(
            b"POST /first HTTP/1.1\r\nHost: shop.example\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        await client.head()
        await client.send(body + LAST_GET)
        await client.rest()
    assert b"/smuggled" not in seen


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\nCookie: %b\r\nno colon\r\n\r\n" % SECRET, id="no colon"),
        pytest.param(b"GET / HTTP/1.1\r\nAuthorization : %b\r\n\r\n" % SECRET, id="space"),
        pytest.param(b"GET / HTTP/1.1\r\nCookie: %b\x00\r\n\r\n" % SECRET, id="null"),
        pytest.param(b"%b / HTTP/1.1\r\n\r\n" % (b"\x16\x03" + SECRET), id="TLS on a plain port"),
    ],
)
async def test_a_request_that_breaks_the_grammar_is_refused_without_repeating_it(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        async with listening(answer_page) as listener:
            client = await listener.client(sent)
            received = await client.rest()
    assert [type(error) for error in listener.refused] == [MalformedRequest]
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close\r\n" in received
    assert SECRET not in received
    assert SECRET.decode() not in caplog.text


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(
            b"GET /%b HTTP/1.1\r\n\r\n" % (b"a" * PARSER_LINE_BYTES), TargetTooLong, id="target"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nCookie: %b\r\n\r\n" % (b"a" * (PARSER_LINE_BYTES + 2)),
            FieldsTooLarge,
            id="one field",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\n%b\r\n" % (b"a: b\r\n" * (PARSER_FIELDS + 1)),
            FieldsTooLarge,
            id="many fields",
        ),
    ],
)
async def test_a_head_beyond_the_parsers_limits_is_refused_for_what_it_is(
    sent: bytes, expected: type[Exception]
) -> None:
    async with listening(answer_page) as listener:
        client = await listener.client(sent)
        head = await client.head()
    assert [type(error) for error in listener.refused] == [expected]
    assert head.startswith(b"HTTP/1.1 %d " % listener.refused[0].status)


async def test_an_idle_connection_is_closed_after_its_time() -> None:
    async with listening(answer_page, keepalive_seconds=0.05) as listener:
        client = await listener.client(GET)
        await client.head()
        assert await client.rest() == b"/"


async def test_a_stop_closes_idle_connections_and_lets_an_exchange_finish() -> None:
    endless = asyncio.Event()
    begun = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        if downstream.request.path == b"/slow":
            begun.set()
            await endless.wait()
        await answer_page(downstream)

    async with listening(serve) as listener:
        idle = await listener.client(GET)
        await idle.head()
        busy = await listener.client(GET.replace(b"/ ", b"/slow ", 1))
        await begun.wait()
        listener.server.draining = True
        listener.server.pre_shutdown()
        stopping = asyncio.create_task(listener.server.shutdown(5))
        assert await idle.rest() == b"/"
        endless.set()
        received = await busy.rest()
        await stopping
    assert b"\r\nConnection: close\r\n" in received
    assert received.endswith(b"/slow")


async def test_a_stop_ends_what_does_not_finish_in_time() -> None:
    endless = Endless()
    async with listening(endless.serve) as listener:
        await listener.client(GET)
        await endless.begun.wait()
        listener.server.draining = True
        await listener.server.shutdown(0.05)
        assert endless.cancelled.is_set()


async def test_a_fault_before_the_head_cuts_the_connection_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await _cut(_failing)
    assert "an exchange failed" in caplog.text


async def test_a_client_that_left_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    await _cut(_gone)
    assert caplog.text == ""


async def _cut(serve: Serve) -> None:
    async with listening(serve) as listener:
        client = await listener.client(GET)
        assert await client.rest_until_cut() == b""


async def _failing(downstream: ClientDownstream) -> None:
    raise RuntimeError("a fault")


async def _gone(downstream: ClientDownstream) -> None:
    raise ClientGone


async def test_the_next_request_of_a_connection_finds_nothing_of_the_one_before() -> None:
    heads = []

    async def serve(downstream: ClientDownstream) -> None:
        heads.append((downstream.head_sent, downstream.before_head, downstream.bytes_sent))
        await answer_page(downstream)

    async with listening(serve) as listener:
        await _twice(listener)
    assert heads == [(False, None, 0), (False, None, 0)]


async def _twice(listener: Listener) -> None:
    client = await listener.client(GET)
    await client.head()
    assert await client.exactly(1) == b"/"
    await client.send(LAST_GET)
    assert (await client.rest()).endswith(b"/")
