"""Carry bytes both ways once an upstream has switched protocols.

Nothing is looked at: a WebSocket's frames, its compression and its close
codes are an affair of its two ends. An end of file is passed on and leaves
the other direction open, but for an upstream over TLS, which cannot be
half-closed: there it ends both, as a broken connection does. Of an upstream
that breaks off the client is told, if there is a way to say so.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..errors import UpstreamError, WixproxyError
from .answer import Answer

# How long one direction may be silent once the other has ended.
LINGER_SECONDS = 60.0


class ByteStream(Protocol):
    """One end of a tunnel."""

    async def read(self) -> bytes:
        """Return the next bytes; empty bytes when the other side has said all."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; return when there is room for more."""
        ...

    def write_eof(self) -> None:
        """Say that nothing more will be sent."""
        ...

    def close(self) -> None:
        """Close both directions."""
        ...


class ClientEnd(ByteStream, Protocol):
    """The end of a tunnel that can be told why it closes."""

    def break_off(self) -> None:
        """Say that the other side broke off, and close."""
        ...


async def tunnel(
    answer: Answer, client: ClientEnd, *, linger_seconds: float = LINGER_SECONDS
) -> None:
    """Carry bytes between the two until both have ended, or one broke off.

    Returns normally in either case: a tunnel has no answer that could fail.
    """
    answer.forget_head()
    up, down = _Way(client, answer), _Way(answer, client)
    running = {asyncio.create_task(up.carry()), asyncio.create_task(down.carry())}
    ways = list(running)
    try:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        while running and not any(way.exception() for way in done):
            carried = up.carried + down.carried
            done, running = await asyncio.wait(running, timeout=linger_seconds)
            if not done and carried == up.carried + down.carried:
                break
    finally:
        for way in ways:
            way.cancel()
        answer.close()
        ends = await asyncio.gather(*ways, return_exceptions=True)
        # A client that has said all may have ended the other side itself.
        broke_off = ends[0] is not None and any(isinstance(end, UpstreamError) for end in ends)
        (client.break_off if broke_off else client.close)()
    for end in ends:
        if isinstance(end, Exception) and not isinstance(end, (WixproxyError, OSError)):
            raise end


class _Way:
    """One direction; `carried` counts its bytes."""

    __slots__ = ("_sink", "_source", "carried")

    def __init__(self, source: ByteStream, sink: ByteStream) -> None:
        self._source = source
        self._sink = sink
        self.carried = 0

    async def carry(self) -> None:
        while data := await self._source.read():
            await self._sink.write(data)
            self.carried += len(data)
        self._sink.write_eof()
