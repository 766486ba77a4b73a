"""The body of a request, as it is read: invited, bounded, and to its end."""

from __future__ import annotations

import asyncio

import pytest

from tests.public_listener import listening
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import BodyTooLarge, BodyTooSlow, MalformedRequest

POST = b"POST / HTTP/1.1\r\nHost: shop.example\r\n"
LAST_POST = POST + b"Connection: close\r\n"
EXPECTING_POST = LAST_POST + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"


async def test_a_body_is_invited_when_it_is_wanted() -> None:
    """RFC 9110 §10.1.1."""

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.answer(200, [], await downstream.read_whole(100))

    async with listening(serve) as listener:
        client = await listener.client(EXPECTING_POST)
        assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"body")
        assert (await client.rest()).endswith(b"\r\n\r\nbody")


async def test_a_body_that_nobody_reads_is_not_invited() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        await downstream.answer(200, [], b"no")

    async with listening(serve) as listener:
        client = await listener.client(EXPECTING_POST)
        assert (await client.head()).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(LAST_POST + b"Content-Length: 4\r\n\r\nbody", id="counted"),
        pytest.param(
            LAST_POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
            id="chunked",
        ),
    ],
)
async def test_a_body_is_read_to_its_end_and_not_further(request_bytes: bytes) -> None:
    bodies = []

    async def serve(downstream: ClientDownstream) -> None:
        bodies.append(await downstream.read_whole(4))
        bodies.append(await downstream.read())
        await downstream.answer(200, [])

    async with listening(serve) as listener:
        await listener.answer(request_bytes)
    assert bodies == [b"body", b""]


async def test_a_body_over_its_limit_is_refused_and_ends_the_connection() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        with pytest.raises(BodyTooLarge):
            await downstream.read_whole(3)
        await downstream.answer(413, [])

    async with listening(serve) as listener:
        head, _ = await listener.answer(POST + b"Content-Length: 4\r\n\r\nbody")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in head


async def test_a_body_that_stops_coming_is_refused_and_ends_the_connection() -> None:
    """P21: whoever sends a body slowly holds a connection, and what it has sent in memory."""

    async def serve(downstream: ClientDownstream) -> None:
        with pytest.raises(BodyTooSlow, match="after 2 bytes"):
            await downstream.read_whole(100, idle_seconds=0.02)
        await downstream.answer(408, [])

    async with listening(serve) as listener:
        client = await listener.client(POST + b"Content-Length: 4\r\n\r\nbo")
        head = await client.head()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close\r\n" in head


async def test_a_body_that_comes_byte_by_byte_is_refused_when_its_time_is_over() -> None:
    received = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        with pytest.raises(BodyTooSlow):
            await downstream.read_whole(100_000, idle_seconds=30, whole_seconds=0.1)
        received.set()
        await downstream.answer(408, [])

    async with listening(serve) as listener:
        client = await listener.client(POST + b"Content-Length: 100000\r\n\r\n")
        async with asyncio.timeout(5):
            while not received.is_set():
                await client.send(b"x")
                await asyncio.sleep(0.005)
        assert (await client.head()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_with_broken_framing_is_refused() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        with pytest.raises(MalformedRequest):
            await downstream.read_whole(100)
        await downstream.answer(400, [])

    async with listening(serve) as listener:
        head, _ = await listener.answer(POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close\r\n" in head
