"""Write a request: its head byte for byte, its body as the client sends it.

The framing is that of the request: a Content-Length stays and is kept to, a
chunked body is chunked again. A request whose head and body disagree is
never completed, because the upstream would take the difference for another
request.
"""

from __future__ import annotations

import asyncio

from ..errors import BodyTooSlow, ClientGone, MalformedRequest, UpstreamUnavailable
from ..sansio.exchange import BodySource, Request
from ..sansio.headers import get_all
from .connection import Connection
from .incoming import Incoming

CRLF = b"\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


def request_head(request: Request) -> bytes:
    """Return the head as it is sent: fields in order, and the chunked coding if there is one.

    Raises ValueError for a head that would not be read back as this request.
    """
    method = request.method.encode("ascii")
    lines = [b"%b %b HTTP/1.1" % (method, request.target)]
    lines += map(b": ".join, request.fields)
    if request.chunked:
        lines.append(b"Transfer-Encoding: chunked")
    head = CRLF.join(lines) + CRLF + CRLF
    breaks = len(lines) + 1
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b" " in request.target:
        raise ValueError("a line break or a space in the request's target or fields")
    _check_framing(request, head)
    return head


async def upload(
    request: Request, body: BodySource, connection: Connection, incoming: Incoming, idle: float
) -> None:
    """Send the body, each piece as soon as it comes.

    `idle` bounds the wait for the next piece and the wait for room, in seconds.
    Failures go to `incoming`: nobody awaits this task.
    """
    try:
        if request.chunked:
            await _send_chunked(body, connection, incoming, idle)
        else:
            length = request.content_length or 0
            await _send_counted(body, length, connection, incoming, idle)
        incoming.sent()
    except UpstreamUnavailable:
        # The connection says itself what came of it: an answer may have come before its end.
        return
    except Exception as error:
        incoming.fail(error)
        connection.abort()


async def _send_chunked(
    body: BodySource, connection: Connection, incoming: Incoming, idle: float
) -> None:
    while piece := await _next_piece(body, incoming, idle):
        await connection.write(b"%x\r\n%b\r\n" % (len(piece), piece), idle)
    await connection.write(_LAST_CHUNK, idle)


async def _send_counted(
    body: BodySource, left: int, connection: Connection, incoming: Incoming, idle: float
) -> None:
    while left and (piece := await _next_piece(body, incoming, idle)):
        left -= len(piece)
        if left < 0:
            raise MalformedRequest("The request's body is longer than its Content-Length.")
        await connection.write(piece, idle)
    if left:
        raise ClientGone("The request's body ended before its Content-Length.")


async def _next_piece(body: BodySource, incoming: Incoming, idle: float) -> bytes:
    """Return the next piece; once the answer has begun, it is the answer's pauses that count."""
    while True:
        try:
            async with asyncio.timeout(None if incoming.status else idle):
                return await body.read()
        except TimeoutError:
            if not incoming.status:
                raise BodyTooSlow(f"Nothing of the body came for {idle:g} seconds.") from None


def _check_framing(request: Request, head: bytes) -> None:
    """Raise ValueError unless the fields frame the body that the request has."""
    lower = head.lower()
    if lower.count(b"\r\ntransfer-encoding:") != request.chunked:
        raise ValueError("Transfer-Encoding is written here, not by the caller")
    length = request.content_length
    lengths = get_all(request.fields, b"content-length") if b"\r\ncontent-length:" in lower else []
    expected = [] if request.chunked or (not length and not lengths) else [b"%d" % (length or 0)]
    if [value.strip() for value in lengths] != expected:
        raise ValueError("Content-Length does not agree with the body of the request")
