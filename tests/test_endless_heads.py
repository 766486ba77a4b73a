"""What a client sends without end before there is anything to judge: it is not collected."""

from __future__ import annotations

import pytest

from tests.public_listener import GET, listening
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import FieldsTooLarge, MalformedRequest
from wixproxy.parser_limits import PARSER_HEAD_BYTES, PARSER_LINE_BYTES

FIELD = b"a: " + b"b" * (PARSER_LINE_BYTES // 2) + b"\r\n"
HEAD = b"GET / HTTP/1.1\r\nHost: shop.example\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n"


async def swallow(downstream: ClientDownstream) -> None:
    try:
        await downstream.read_whole(10 * PARSER_HEAD_BYTES)
        await downstream.answer(200, [])
    except MalformedRequest as error:
        await downstream.answer(error.status, [])


async def test_a_head_without_end_is_refused_before_it_is_complete() -> None:
    """A gigabyte of fields used to be collected before the gate saw the first of them."""
    async with listening(swallow) as listener:
        client = await listener.client(HEAD)
        for _ in range(PARSER_HEAD_BYTES // len(FIELD) + 2):
            await client.send(FIELD)
        head = await client.head()
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"\r\nConnection: close\r\n" in head
    assert [type(error) for error in listener.refused] == [FieldsTooLarge]


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        pytest.param(CHUNKED + b"1\r\nx\r\n0\r\n", FIELD, id="trailers"),
        pytest.param(CHUNKED + b"1;", b"x" * 65_536, id="a chunk's extension"),
    ],
)
async def test_a_body_that_never_ends_without_bringing_a_byte_is_refused(
    beginning: bytes, piece: bytes
) -> None:
    async with listening(swallow) as listener:
        client = await listener.client(beginning)
        for _ in range(PARSER_HEAD_BYTES // len(piece) + 2):
            await client.send(piece)
        head = await client.head()
    assert head.startswith(b"HTTP/1.1 400 ")


async def test_an_endless_head_behind_another_request_waits_for_its_turn() -> None:
    async with listening(swallow) as listener:
        client = await listener.client(GET + HEAD)
        for _ in range(PARSER_HEAD_BYTES // len(FIELD) + 2):
            await client.send(FIELD)
        assert (await client.head()).startswith(b"HTTP/1.1 200 ")
        assert (await client.head()).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("chunk", [1, 7, 4096])
async def test_a_body_larger_than_any_head_is_taken(chunk: int) -> None:
    count = 2 * PARSER_HEAD_BYTES // (chunk + 5)
    body = (b"%x\r\n%b\r\n" % (chunk, b"x" * chunk)) * count + b"0\r\n\r\n"
    async with listening(swallow) as listener:
        client = await listener.client(CHUNKED + body)
        assert (await client.head()).startswith(b"HTTP/1.1 200 ")


async def test_many_small_requests_are_no_large_head() -> None:
    count = PARSER_HEAD_BYTES // len(GET) + 100
    async with listening(swallow) as listener:
        client = await listener.client()
        for _ in range(count):
            await client.send(GET)
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")
