"""Carry bytes both ways once an upstream has switched protocols.

Nothing is looked at: a WebSocket's frames, its compression and its close
codes are an affair of its two ends. An end of file is passed on and leaves
the other direction open; a broken connection ends both.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..errors import WixproxyError
from .answer import Answer


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


async def tunnel(answer: Answer, client: ByteStream) -> None:
    """Carry bytes between the two until both have ended, or one broke off.

    Returns normally in either case: a tunnel has no answer that could fail.
    """
    ways = [
        asyncio.create_task(_carry(client, answer)),
        asyncio.create_task(_carry(answer, client)),
    ]
    try:
        await asyncio.gather(*ways)
    except (WixproxyError, OSError):
        pass
    finally:
        for way in ways:
            way.cancel()
        answer.close()
        client.close()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(source: ByteStream, sink: ByteStream) -> None:
    while data := await source.read():
        await sink.write(data)
    sink.write_eof()
