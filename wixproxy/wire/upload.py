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
from ..sansio.headers import get, get_all
from .connection import Connection
from .incoming import Incoming

CRLF = b"\r\n"
# Some servers never say 100 Continue, and a client need not wait for it.
CONTINUE_SECONDS = 1.0
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
    A request that expects `100 Continue` waits for it, and is not sent on
    after a final answer (RFC 9110 §10.1.1). Failures go to `incoming`: nobody awaits this task.
    """
    try:
        if _expects_to_be_asked(request):
            await incoming.first_head(CONTINUE_SECONDS)
            if incoming.status:
                return
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


def _expects_to_be_asked(request: Request) -> bool:
    return (get(request.fields, b"expect") or b"").strip().lower() == b"100-continue"


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
