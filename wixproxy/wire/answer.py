"""Hand an upstream's answer to its reader.

An answer that ends short raises and never looks finished. One that nobody
reads to its end closes its connection, also when it is merely forgotten.
"""

from __future__ import annotations

import asyncio

from ..errors import UpstreamError, UpstreamUnavailable
from ..sansio.exchange import Fields
from ..sansio.headers import get
from .connection import Connection
from .incoming import Incoming

# What may still be read of an unwanted body to save the connection.
DISCARD_BYTES = 64 * 1024
DISCARD_SECONDS = 0.5


class Answer:
    """A final answer, its body still to be read; `fields` are as received.

    `upgraded` tells that it is a 101 that the request asked for: what follows
    is read and written as bytes of the new protocol.
    """

    __slots__ = ("__weakref__", "_connection", "_idle_seconds", "_incoming", "fields", "status")

    def __init__(
        self, connection: Connection, incoming: Incoming, idle_seconds: float | None
    ) -> None:
        self._connection = connection
        self._incoming = incoming
        self.status = incoming.status
        self.fields: Fields = incoming.fields
        # Events may be hours apart, and so may the frames of a WebSocket.
        endless = incoming.switched or _is_event_stream(self.fields)
        self._idle_seconds = None if endless else idle_seconds

    @property
    def upgraded(self) -> bool:
        """Tell whether the connection now speaks another protocol."""
        return self._incoming.switched

    @property
    def has_arrived(self) -> bool:
        """Tell whether some of the body is here to be read without waiting."""
        return self._incoming.has_pieces

    @property
    def is_read(self) -> bool:
        """Tell whether the body has arrived whole, and was read to its end."""
        return self._incoming.ended and not self._incoming.has_pieces

    @property
    def trailers(self) -> Fields:
        """The trailers as received, once the body has been read."""
        return self._incoming.trailers

    def take(self) -> bytes:
        """Return what has arrived of the body and was not read; empty bytes if nothing has."""
        return self._incoming.take()

    async def read(self) -> bytes:
        """Return the next piece of the body; empty bytes at its end.

        Raises `UpstreamUnavailable` when the body ends short,
        `UpstreamMalformed` when it is no valid body, `UpstreamTimeout` when
        nothing came for the idle time.
        """
        # Awaited here, so that the answer is not forgotten, and given up, meanwhile.
        return await self._incoming.read(self._idle_seconds)

    def forget_head(self) -> None:
        """Keep nothing of the head, which a tunnel outlives by days."""
        self.fields = self._incoming.fields = []

    async def write(self, data: bytes) -> None:
        """Send bytes of the new protocol; raises `UpstreamUnavailable`."""
        await self._connection.write(data)

    def write_eof(self) -> None:
        """End our direction of the new protocol."""
        self._connection.write_eof()

    def abort(self) -> None:
        """Give the rest of the answer up and close its connection at once."""
        if not self._incoming.exhausted:
            origin = self._connection.origin
            self._incoming.cancel(UpstreamUnavailable(f"The answer of {origin} was given up."))

    close = abort

    async def discard(self) -> None:
        """Read a small rest, so that the connection can serve again; give up a large one.

        At most `DISCARD_BYTES` are read, for at most `DISCARD_SECONDS`; a rest that breaks off
        is given up, too, and raises nothing.
        """
        size = 0
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                while size < DISCARD_BYTES and (piece := await self.read()):
                    size += len(piece)
        except (TimeoutError, UpstreamError):
            pass
        finally:
            self.abort()

    def __del__(self) -> None:
        if self._incoming.source is not None:
            self.abort()


def _is_event_stream(fields: Fields) -> bool:
    return (get(fields, b"content-type") or b"").lower().startswith(b"text/event-stream")
