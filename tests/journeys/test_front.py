"""The public listener on raw sockets: what is refused there, and when we close."""

from __future__ import annotations

import asyncio

import pytest

from tests.stage import Stage


async def talk(stage: Stage, *pieces: bytes, until_closed: bool = True) -> bytes:
    """Send the pieces and return everything until the server closes."""
    port = int(stage.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece.replace(b"HOST", stage.origin.partition("://")[2].encode()))
            await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read() if until_closed else await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param(b"GET / HTTP/0.9\r\nHost: HOST\r\n\r\n", 505, id="V31 HTTP/0.9"),
        pytest.param(b"GET / HTTP/2.0\r\nHost: HOST\r\n\r\n", 505, id="V31 HTTP/2.0"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: \r\n\r\n", 400, id="V33 empty Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, id="V34 user in Host"),
        pytest.param(b"GET /a#b HTTP/1.1\r\nHost: HOST\r\n\r\n", 400, id="V41 fragment"),
        pytest.param(b"CONNECT b:443 HTTP/1.1\r\nHost: HOST\r\n\r\n", 405, id="V37 CONNECT"),
        pytest.param(b"TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n", 405, id="V38 TRACE"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
            id="V14 gzip, chunked",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
            400,
            id="V13 ,chunked",
        ),
        pytest.param(
            b"POST / HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="V16 chunked on HTTP/1.0",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 010\r\n\r\n0123456789",
            400,
            id="V4 010",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 6\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
            400,
            id="V1 two framings",
        ),
        pytest.param(
            b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: HOST\r\n\r\n", 414, id="V45 target"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: HOST\r\nX: " + b"a" * 33_000 + b"\r\n\r\n",
            431,
            id="V45 field",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: HOST\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431, id="V45 fields"
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400, id="TLS on a plain port"),
    ],
)
async def test_what_two_readers_may_read_differently_is_refused_and_the_connection_closed(
    stage: Stage, request_bytes: bytes, expected: int
) -> None:
    answer = await talk(stage, request_bytes)
    assert status(answer) == expected
    assert b"Connection: close" in answer
    assert stage.frontend.requests == []


async def test_options_for_the_server_is_answered_here(stage: Stage) -> None:
    """V39."""
    answer = await talk(stage, b"OPTIONS * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")
    assert status(answer) == 204
    assert stage.frontend.requests == []


async def test_an_absolute_target_of_another_host_is_no_open_proxy(stage: Stage) -> None:
    """V35, V36."""
    answer = await talk(
        stage,
        b"GET https://www.wixapis.com/x HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
    )
    assert status(answer) == 421


async def test_a_request_that_has_passed_here_before_is_a_loop(stage: Stage) -> None:
    """V53."""
    via = stage.proxy.process.pseudonym
    answer = await talk(
        stage,
        b"GET / HTTP/1.1\r\nHost: HOST\r\nVia: 1.1 %b\r\nConnection: close\r\n\r\n" % via,
    )
    assert status(answer) == 508


async def test_an_expected_continue_is_invited_and_the_body_arrives(stage: Stage) -> None:
    """V20."""
    port = int(stage.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    host = stage.origin.partition("://")[2].encode()
    writer.write(
        b"POST /up HTTP/1.1\r\nHost: %b\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
        b"Connection: close\r\n\r\n" % host
    )
    async with asyncio.timeout(5):
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hello")
        answer = await reader.read()
    writer.close()
    assert status(answer) == 200


async def test_two_requests_on_one_connection_are_answered_in_order(stage: Stage) -> None:
    """V18, V19."""
    answer = await talk(
        stage,
        b"GET /first HTTP/1.1\r\nHost: HOST\r\n\r\n"
        b"GET /second HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
    )
    assert answer.index(b"/first") < answer.index(b"/second")


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", id="close"),
        pytest.param(b"GET / HTTP/1.0\r\nHost: HOST\r\n\r\n", id="HTTP/1.0"),
    ],
)
async def test_a_client_that_said_its_last_word_still_gets_its_answer(
    stage: Stage, head: bytes
) -> None:
    """V93."""
    port = int(stage.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.replace(b"HOST", stage.origin.partition("://")[2].encode()))
    writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    assert status(answer) == 200
    assert b"</html>" in answer


async def test_an_http_1_0_client_gets_no_chunks(stage: Stage) -> None:
    """V80."""
    answer = await talk(stage, b"GET / HTTP/1.0\r\nHost: HOST\r\n\r\n")
    assert b"chunked" not in answer.lower()


async def test_the_answer_invents_no_server_name(stage: Stage) -> None:
    """V100."""
    answer = await talk(
        stage, b"GET /_wix/healthz HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
    )
    assert b"server:" not in answer.lower()
    assert answer.lower().count(b"date:") == 1
