"""Stream an upstream's answer to the client.

Nothing is collected: each piece is written before the next is read, so the
client's pace is the upstream's. A body that broke off cuts the client's
connection, because a clean end would make half an answer look whole; a
client that left closes the upstream's (RFC 9112 §8).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..sansio.exchange import Downstream, Fields, Request
from ..sansio.headers import answer_fields, takes_trailers, trailer_fields
from .answer import Answer


async def relay(
    answer: Answer,
    downstream: Downstream,
    *,
    request: Request,
    fields: Fields | None = None,
    read: Callable[[], Awaitable[bytes]] | None = None,
) -> None:
    """Write head, body and trailers of `answer` to the client.

    `request` is the client's, `fields` take the place of the answer's own,
    and `read` that of its body, when something is changed on the way.
    Raises `ClientGone` with the upstream's connection closed, or an
    `UpstreamError` with the client's connection cut if the head was written.
    """
    try:
        if fields is None:
            fields = answer_fields(answer.fields, answer.status)
        at_once = read is None and answer.has_arrived
        await downstream.head(answer.status, fields, more=at_once)
        next_piece = read or answer.read
        piece = (answer.take() if at_once else b"") or await next_piece()
        while piece:
            last = read is None and answer.is_read
            await downstream.write(piece, last=last)
            piece = b"" if last else await next_piece()
        trailers: Fields | None = None
        if answer.trailers and takes_trailers(request.fields):
            trailers = trailer_fields(answer.trailers)
        await downstream.end(trailers)
    except BaseException:
        answer.abort()
        if downstream.head_sent:
            downstream.abort()
        raise
