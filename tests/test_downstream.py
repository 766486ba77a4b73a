"""The client's side of one exchange, byte by byte over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from tests.public_listener import GET, HEAD, LAST_GET, OLD_GET, listening
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import ClientGone
from wixproxy.protocol import Serve
from wixproxy.sansio.exchange import Fields


def serving(*body: bytes, status: int = 200, fields: Fields | None = None) -> Serve:
    """Answer with these pieces of a body."""

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(status, list(fields or []))
        for piece in body:
            await downstream.write(piece)
        await downstream.end()

    return serve


def names(head: bytes) -> list[bytes]:
    return [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]


async def test_a_body_of_known_length_is_sent_as_it_is() -> None:
    """RFC 9112 §6.2."""
    async with listening(serving(b"ab", b"cd", fields=[(b"Content-Length", b"4")])) as listener:
        head, body = await listener.answer(LAST_GET)
    assert names(head) == [b"content-length", b"connection", b"date"]
    assert body == b"abcd"


async def test_a_body_of_unknown_length_is_chunked() -> None:
    """RFC 9112 §7.1."""
    async with listening(serving(b"ab", b"", b"cde")) as listener:
        head, body = await listener.answer(LAST_GET)
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    assert body == b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"


async def test_an_http_1_0_client_gets_a_body_that_ends_with_the_connection() -> None:
    async with listening(serving(b"abcd")) as listener:
        head, body = await listener.answer(OLD_GET)
    assert names(head) == [b"connection", b"date"]
    assert body == b"abcd"


async def test_an_http_1_0_client_that_asks_for_it_keeps_its_connection() -> None:
    asks = OLD_GET.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")
    async with listening(serving(b"ab", fields=[(b"Content-Length", b"2")])) as listener:
        client = await listener.client(asks)
        assert b"\r\nConnection: keep-alive\r\n" in await client.head()
        assert await client.exactly(2) == b"ab"
        await client.send(OLD_GET)
        assert b"\r\nConnection: close\r\n" in await client.head()
        assert await client.rest() == b"ab"


@pytest.mark.parametrize(
    ("request_bytes", "status", "kept"),
    [
        pytest.param(HEAD, 200, True, id="answer to HEAD"),
        pytest.param(LAST_GET, 304, True, id="not modified"),
        pytest.param(LAST_GET, 204, False, id="no content"),
    ],
)
async def test_an_answer_without_a_body_sends_none_whatever_is_written(
    request_bytes: bytes, status: int, kept: bool
) -> None:
    """RFC 9112 §6.3; the length of what a GET would bring stays."""
    fields = [(b"Content-Length", b"4")] if kept else []
    async with listening(serving(b"abcd", status=status, fields=fields)) as listener:
        head, body = await listener.answer(request_bytes)
    assert (b"content-length" in names(head)) is kept
    assert b"transfer-encoding" not in names(head)
    assert body == b""


async def test_a_body_shorter_than_announced_cuts_the_connection() -> None:
    """RFC 9112 §8."""
    async with listening(serving(b"ab", fields=[(b"Content-Length", b"4")])) as listener:
        client = await listener.client(GET)
        await client.rest_until_cut()


async def test_an_http_1_0_client_sees_that_an_answer_was_cut_short() -> None:
    """To it a clean end would be the end of a whole body."""

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(200, [])
        await downstream.write(b"half")
        downstream.abort()

    async with listening(serve) as listener:
        client = await listener.client(OLD_GET)
        await client.rest_until_cut()


async def test_a_body_longer_than_announced_cuts_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listening(serving(b"abcd", fields=[(b"Content-Length", b"2")])) as listener:
        client = await listener.client(GET)
        await client.rest_until_cut()
    assert "longer than its Content-Length" in caplog.text


async def test_a_chunked_answer_that_is_aborted_has_no_last_chunk() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(200, [])
        await downstream.write(b"half")
        downstream.abort()

    async with listening(serve) as listener:
        client = await listener.client(GET)
        assert b"0\r\n\r\n" not in await client.rest_until_cut()


async def test_an_answer_that_broke_off_by_a_fault_of_ours_is_cut_as_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(200, [])
        raise RuntimeError("a fault")

    async with listening(serve) as listener:
        client = await listener.client(GET)
        await client.rest_until_cut()
    assert "an exchange failed" in caplog.text


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"a\r\nSet-Cookie: evil=1", id="line end"),
        pytest.param(b"a\nb", id="line feed alone"),
        pytest.param(b"a\rb", id="carriage return alone"),
        pytest.param(b"a\x00b", id="null"),
        pytest.param(b"a\x7fb", id="delete"),
    ],
)
async def test_a_value_that_could_break_out_of_its_line_is_never_sent(value: bytes) -> None:
    """RFC 9110 §5.5; nothing is on the wire yet, so another answer can be given."""

    async def serve(downstream: ClientDownstream) -> None:
        with pytest.raises(AssertionError, match="control character"):
            await downstream.head(200, [(b"X-Value", value)])
        assert not downstream.head_sent
        await downstream.answer(500, [], b"no")

    async with listening(serve) as listener:
        head, body = await listener.answer(LAST_GET)
    assert head.startswith(b"HTTP/1.1 500 ")
    assert names(head) == [b"content-length", b"connection", b"date"]
    assert body == b"no"


async def test_fields_travel_as_the_bytes_they_are() -> None:
    fields = [(b"x-OdD", b"caf\xe9 \xf0\x9f\x9b\x92"), (b"X-Tab", b"a\tb"), (b"Date", b"yesterday")]
    async with listening(serving(fields=fields)) as listener:
        head, _ = await listener.answer(LAST_GET)
    assert b"\r\nx-OdD: caf\xe9 \xf0\x9f\x9b\x92\r\nX-Tab: a\tb\r\n" in head
    assert names(head).count(b"date") == 1
    assert b"server" not in names(head)
    assert b"content-type" not in names(head)


async def test_a_status_without_a_name_is_sent_with_an_empty_reason() -> None:
    async with listening(serving(status=299)) as listener:
        head, _ = await listener.answer(LAST_GET)
    assert head.startswith(b"HTTP/1.1 299 \r\n")


async def test_trailers_follow_the_last_chunk() -> None:
    """RFC 9112 §7.1.2."""

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(200, [])
        await downstream.end([(b"Digest", b"abc")])

    async with listening(serve) as listener:
        _, body = await listener.answer(LAST_GET)
    assert body == b"0\r\nDigest: abc\r\n\r\n"


async def test_an_exchange_has_one_answer() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        await downstream.answer(200, [], b"one")
        with pytest.raises(AssertionError, match="one answer"):
            await downstream.answer(200, [], b"two")

    async with listening(serve) as listener:
        _, body = await listener.answer(LAST_GET)
    assert body == b"one"


async def test_before_head_has_its_say_once_even_when_it_fails() -> None:
    asked = []

    async def before_head(status: int, fields: Fields) -> Fields:
        asked.append(status)
        if status == 200:
            raise RuntimeError("the store is away")
        return fields

    async def serve(downstream: ClientDownstream) -> None:
        downstream.before_head = before_head
        with pytest.raises(RuntimeError):
            await downstream.head(200, [])
        await downstream.answer(503, [], b"away")

    async with listening(serve) as listener:
        head, _ = await listener.answer(LAST_GET)
    assert head.startswith(b"HTTP/1.1 503 ")
    assert asked == [200]


async def test_before_head_may_change_the_fields() -> None:
    async def serve(downstream: ClientDownstream) -> None:
        downstream.before_head = _with_cookie
        await downstream.answer(200, [], b"page")

    async with listening(serve) as listener:
        head, _ = await listener.answer(LAST_GET)
    assert b"\r\nSet-Cookie: a=b\r\n" in head


async def _with_cookie(status: int, fields: Fields) -> Fields:
    return [*fields, (b"Set-Cookie", b"a=b")]


async def test_an_interim_answer_goes_before_the_final_one() -> None:
    async with listening(_hinting) as listener:
        head, rest = await listener.answer(LAST_GET)
    assert head == b"HTTP/1.1 103 Early Hints\r\nLink: </app.css>"
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_http_1_0_client_gets_no_interim_answer() -> None:
    """RFC 9110 §15.2."""
    async with listening(_hinting) as listener:
        head, _ = await listener.answer(OLD_GET)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")


async def _hinting(downstream: ClientDownstream) -> None:
    await downstream.interim(103, [(b"Link", b"</app.css>")])
    await downstream.answer(200, [], b"page")
    await downstream.interim(103, [(b"Link", b"</late.css>")])


async def test_whoever_writes_to_a_client_that_left_is_told() -> None:
    told = asyncio.Event()

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(200, [])
        downstream.abort()
        with pytest.raises(ClientGone):
            await downstream.write(b"anybody?")
        told.set()

    async with listening(serve) as listener:
        client = await listener.client(GET)
        await client.rest_until_cut()
        assert told.is_set()
