"""Where an answer ends, and which answers are refused: tables of bytes."""

from __future__ import annotations

import asyncio

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Peer, answering, request
from wixproxy.errors import UpstreamError, UpstreamMalformed, UpstreamUnavailable
from wixproxy.wire.answer import Answer
from wixproxy.wire.pool import Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def whole(answer: Answer) -> bytes:
    body = b""
    while piece := await answer.read():
        body += piece
    return body


@pytest.mark.parametrize(
    ("method", "sent", "body", "kept"),
    [
        pytest.param("GET", OK, b"ok", 1, id="counted"),
        pytest.param(
            "GET", b"HTTP/1.1 200\r\nContent-Length:2\r\n\r\nok", b"ok", 1, id="no reason"
        ),
        pytest.param("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", 1, id="empty"),
        pytest.param("GET", CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", b"ok", 1, id="chunked"),
        pytest.param(
            "GET", CHUNKED + b'2;x="y"\r\nok\r\n0\r\n\r\n', b"ok", 1, id="chunk extension"
        ),
        pytest.param("GET", b"HTTP/1.1 200 OK\r\n\r\nok", b"ok", 0, id="V79 until the close"),
        pytest.param(
            "GET",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            b"ok",
            0,
            id="V76 close announced",
        ),
        pytest.param(
            "GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", 0, id="HTTP/1.0"
        ),
        pytest.param(
            "GET",
            b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
            b"ok",
            1,
            id="HTTP/1.0 kept alive",
        ),
        pytest.param("GET", OK + b"surplus", b"ok", 0, id="V87 bytes behind a counted body"),
        pytest.param(
            "GET", CHUNKED + b"2\r\nok\r\n0\r\n\r\nHT", b"ok", 0, id="bytes behind the last chunk"
        ),
        pytest.param(
            "GET",
            CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + OK,
            b"ok",
            0,
            id="V87 another answer behind the last chunk",
        ),
        pytest.param(
            "GET",
            b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
            b"",
            0,
            id="V69 204 with a body",
        ),
        pytest.param("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b"", 1, id="204"),
        pytest.param(
            "GET", b"HTTP/1.1 304 Not\r\nContent-Length: 99\r\n\r\n", b"", 1, id="V70 304"
        ),
        pytest.param(
            "GET",
            b"HTTP/1.1 304 Not\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"",
            1,
            id="V98 304 with a coding",
        ),
        pytest.param(
            "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"", 1, id="V70 HEAD"
        ),
        pytest.param("HEAD", CHUNKED, b"", 1, id="V98 HEAD with a coding"),
        pytest.param(
            "HEAD",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsmuggled!",
            b"",
            0,
            id="V70 HEAD with a body",
        ),
        pytest.param(
            "GET",
            OK.replace(b"\r\nC", b"\r\nConnection: upgrade\r\nUpgrade: h2c\r\nC"),
            b"ok",
            1,
            id="an upgrade on offer",
        ),
        pytest.param(
            "GET",
            b"HTTP/1.1 200 OK\r\nA: \xff\xc3\xa4\r\nContent-Length: 2 \r\n\r\nok",
            b"ok",
            1,
            id="V84 bytes above ASCII",
        ),
        pytest.param(
            "GET",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
            b"ok",
            1,
            id="V68 interim answers in one read",
        ),
    ],
)
@pytest.mark.parametrize("torn", [False, True], ids=["in one read", "byte by byte"])
async def test_an_answer_ends_where_its_head_says(
    serve: Serve, pool: Pool, *, method: str, sent: bytes, body: bytes, kept: int, torn: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        if torn:
            for index in range(len(sent)):
                await peer.send(sent[index : index + 1])
                await asyncio.sleep(0)
        else:
            await peer.send(sent)
        if kept:
            await peer.gone()

    answer = await pool.send(await serve(script), request(method))
    assert await whole(answer) == body
    if not torn or kept:
        # Surplus bytes in a later read close an idle connection instead.
        assert pool.idle_connections == kept


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            id="V66 length and coding",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            id="V67 two lengths",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            id="V67 two equal lengths",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 010\r\n\r\n", id="length in octal"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", id="length with a sign"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok", id="empty length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", id="V82 folded line"),
        pytest.param(b"HTTP/1.1 200 OK\nA: b\r\n\r\n", id="V82 bare LF"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\n\nok\r\n\r\n", id="V82 head ended by bare LF"),
        pytest.param(b"HTTP/1.1 200 OK\nA: b\n\n", id="V82 no line that ends in CRLF"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\r\n\n", id="V82 an empty line of LF alone"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", id="V83 space before the colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", id="V83 CR in a value"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", id="V83 NUL in a value"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\x01c\r\n\r\n", id="control byte in a value"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\x7fc\r\n\r\n", id="DEL in a value"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", id="no colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\n: x\r\n\r\n", id="empty name"),
        pytest.param(b"HTTP/1.1 099 Odd\r\n\r\n", id="V85 status 099"),
        pytest.param(b"HTTP/1.1 600 Odd\r\n\r\n", id="V85 status 600"),
        pytest.param(b"HTTP/1.1 999 Odd\r\n\r\n", id="V85 status 999"),
        pytest.param(b"HTTP/1.1 20 Odd\r\n\r\n", id="two digits"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", id="V86 gzip, chunked"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", id="another coding"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            id="chunked twice",
        ),
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", id="HTTP/2.0"),
        pytest.param(b"HTTP/1.2 200 OK\r\n\r\n", id="HTTP/1.2"),
        pytest.param(b"HTTP/1.1200 OK\r\n\r\n", id="no space behind the version"),
        pytest.param(b"HTTP/0.9 200 OK\r\n\r\n", id="HTTP/0.9"),
        pytest.param(b"RTSP/1.0 200 OK\r\n\r\n", id="another protocol"),
        pytest.param(b"\r\nHTTP/1.1 200 OK\r\n\r\n", id="a line break first"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="V88 garbage"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="V88 TLS"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 6, id="V68 many 1xx"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, id="endless head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 12_000 + b"\r\n", id="head too long"),
    ],
)
async def test_an_ambiguous_answer_is_refused(serve: Serve, pool: Pool, sent: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(sent)
        await peer.gone()

    with pytest.raises(UpstreamMalformed, match=r"http://127\.0\.0\.1:\d+: "):
        await pool.send(await serve(script), request())


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        pytest.param(OK[:-1], UpstreamUnavailable, id="V77 counted"),
        pytest.param(CHUNKED + b"2\r\nok\r\n", UpstreamUnavailable, id="V78 no last chunk"),
        pytest.param(CHUNKED + b"2\r\nok\r\n0\r\n", UpstreamUnavailable, id="no end of trailers"),
        pytest.param(CHUNKED + b"5\r\nok\r\n", UpstreamUnavailable, id="short chunk"),
        pytest.param(CHUNKED + b"2\r\nokay\r\n0\r\n\r\n", UpstreamMalformed, id="V22 spilt chunk"),
        pytest.param(CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n", UpstreamMalformed, id="V21 size"),
        pytest.param(
            CHUNKED + b"2\r\nok\r\n0\r\nContent-Length: 9\r\n\r\n",
            UpstreamMalformed,
            id="V25 length among the trailers",
        ),
        pytest.param(
            CHUNKED + b"2;" + b"x" * 70_000, UpstreamMalformed, id="V23 endless chunk extension"
        ),
        pytest.param(
            CHUNKED + b"2\r\nok\r\n0\r\n" + b"X-A: b\r\n" * 80_000,
            UpstreamMalformed,
            id="V26 endless trailers",
        ),
    ],
)
async def test_a_body_that_breaks_off_never_ends_cleanly(
    serve: Serve, pool: Pool, sent: bytes, error: type[UpstreamError]
) -> None:
    answer = await pool.send(await serve(answering(sent)), request())
    with pytest.raises(error):
        await whole(answer)
    with pytest.raises(error):
        await answer.read()
    assert pool.idle_connections == 0
