"""Post one JSON object to a handler of the frontend, and read its whole answer.

There is one limit on the time of all of it, because whoever waits for the
answer waits for its end; and one on its size, because it is kept in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..errors import UpstreamMalformed, UpstreamTimeout
from ..sansio.exchange import Fields, Request
from ..sansio.origin import Origin
from ..wire.pool import Pool

MAX_ANSWER_BYTES = 4 * 1024 * 1024


class FrontendHandler:
    """The frontend, as the place where events and plugin requests are handled.

    `locate` tells where it is, or raises an `UpstreamError`. `fields` go with
    every request: the host, and whatever else the frontend is told of where it
    stands.
    """

    def __init__(self, pool: Pool, locate: Callable[[], Origin], fields: Fields) -> None:
        self._pool = pool
        self._locate = locate
        self._fields = fields

    async def post(
        self, path: str, fields: Fields, body: bytes, seconds: float
    ) -> tuple[int, bytes]:
        """Return the status and body of the handler's answer; raises an `UpstreamError`."""
        request = Request(
            method="POST",
            target=path.encode("ascii"),
            fields=[
                *self._fields,
                *fields,
                (b"Content-Type", b"application/json"),
                (b"Accept", b"application/json"),
                (b"Content-Length", str(len(body)).encode()),
            ],
            content_length=len(body),
        )
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(request, body)
        except TimeoutError:
            raise UpstreamTimeout(
                f"The frontend's handler at {path} did not answer within {seconds:g} seconds."
            ) from None

    async def _exchange(self, request: Request, body: bytes) -> tuple[int, bytes]:
        answer = await self._pool.send(self._locate(), request, _Whole(body))
        parts, size = [], 0
        try:
            while piece := await answer.read():
                parts.append(piece)
                size += len(piece)
                if size > MAX_ANSWER_BYTES:
                    raise UpstreamMalformed(
                        f"A handler answered with more than {MAX_ANSWER_BYTES} bytes."
                    )
        finally:
            # Does nothing to an answer that was read to its end.
            answer.abort()
        return answer.status, b"".join(parts)


class _Whole:
    """A body that is there already."""

    def __init__(self, body: bytes) -> None:
        self._left = body

    async def read(self) -> bytes:
        """Return the body, then nothing."""
        piece, self._left = self._left, b""
        return piece
