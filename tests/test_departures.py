"""How a connection of a client ends: what it sends last is read, and what it is told arrives."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.public_listener import GET, listening
from wixproxy.client_connection import LINGER_SECONDS
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import MalformedRequest
from wixproxy.parser_limits import PARSER_FIELDS, PARSER_HEAD_BYTES

CHUNKED = b"POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n"
# More than the socket buffers between a client and a listener take.
MUCH = b"x" * 8_388_608


async def answer_body(downstream: ClientDownstream) -> None:
    try:
        await downstream.answer(200, [], await downstream.read_whole(PARSER_HEAD_BYTES))
    except MalformedRequest as error:
        await downstream.answer(error.status, [])


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"", b"zz\r\n"], id="a size"),
        pytest.param([b"1\r\nx\r\n", b"1\r\nxyz"], id="a chunk longer than its size"),
        pytest.param([b"1\r\nx\r\n", b"0\r\na b: c\r\n\r\n"], id="a trailer"),
        pytest.param([b"", b"0\r\n" + b"a: b\r\n" * (PARSER_FIELDS + 1)], id="many trailers"),
    ],
)
async def test_a_body_that_breaks_after_its_head_has_been_read_is_refused_at_once(
    pieces: list[bytes],
) -> None:
    """It used to be waited for, as long as the client stayed."""
    begun = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        begun.set()
        await answer_body(downstream)

    first, broken = pieces
    async with listening(serve) as listener:
        client = await listener.client(CHUNKED + first)
        await begun.wait()
        await client.send(broken)
        head, _, rest = (await client.rest()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close" in head
    assert rest == b""
    assert listener.refused == []


async def test_a_body_that_breaks_while_nobody_reads_it_ends_the_connection_behind_the_answer() -> (
    None
):
    begun, broken = asyncio.Event(), asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        begun.set()
        await broken.wait()
        await downstream.answer(200, [], b"whole")

    async with listening(serve) as listener:
        client = await listener.client(CHUNKED)
        await begun.wait()
        await client.send(b"zz\r\n" + GET)
        await asyncio.sleep(0.05)
        broken.set()
        assert (await client.rest()).endswith(b"\r\n\r\nwhole")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", id="in a head"),
        pytest.param(CHUNKED + b"1\r\nx\r\n", id="in a body"),
    ],
)
async def test_a_client_that_goes_on_sending_what_is_broken_still_reads_why(sent: bytes) -> None:
    """RFC 9112 §9.6: a close over unread bytes would be a reset, and the answer lost."""
    begun = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        begun.set()
        await answer_body(downstream)

    async with listening(serve) as listener:
        client = await listener.client(sent)
        if sent.startswith(CHUNKED):
            await begun.wait()
        client.writer.write(b"zz\r\n" + MUCH)
        await client.writer.drain()
        assert (await client.rest()).startswith(b"HTTP/1.1 400 ")


async def test_a_client_that_never_stops_sending_is_not_heard_for_long() -> None:
    async with listening(answer_body) as listener:
        client = await listener.client(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")

        async def send() -> None:
            while True:
                await client.send(MUCH)

        with pytest.raises(ConnectionError):
            async with asyncio.timeout(5):
                await send()


async def test_a_client_that_has_read_why_ends_the_connection_at_once() -> None:
    async with listening(answer_body) as listener:
        client = await listener.client(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
        left_at = time.perf_counter()
        client.leave()
        async with asyncio.timeout(5):
            while listener.server.connections:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0)
        assert time.perf_counter() - left_at < LINGER_SECONDS / 2


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(GET[:-2], b"HTTP/1.1 408 Request Timeout", id="half a head"),
    ],
)
async def test_a_connection_on_which_nothing_is_asked_is_closed_after_its_time(
    sent: bytes, told: bytes
) -> None:
    """P21: many of them would otherwise take all there are."""
    async with listening(answer_body, keepalive_seconds=0.05, head_seconds=0.05) as listener:
        client = await listener.client(sent)
        assert (await client.rest()).partition(b"\r\n")[0] == told
