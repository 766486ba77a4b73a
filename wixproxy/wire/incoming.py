"""Hold what has arrived of one answer and is not yet read.

The connection puts in, the reader takes out. Above the high-water mark the
connection is asked to stop reading, so a slow client stalls the upstream
instead of filling memory; since a read in progress cannot be stopped, one
read buffer may come on top. An answer that broke off ends with an error,
never with a clean end.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol

from ..errors import UpstreamTimeout
from ..sansio.exchange import Fields
from ..sansio.origin import Origin
from .alarm import CLOCK_GRAIN_SECONDS, Alarm

HIGH_WATER_BYTES = 64 * 1024


class Source(Protocol):
    """The connection as its answer sees it."""

    def pause_reading(self) -> None:
        """Stop reading from the socket."""
        ...

    def resume_reading(self) -> None:
        """Read from the socket again."""
        ...

    def abort(self) -> None:
        """Close the connection at once."""
        ...


class Incoming:
    """One answer as it arrives: interim heads, the final head, the body, its end.

    `begun` is true after the first byte. `source` is the connection while it
    still belongs to this answer, then None. `upload` sends the request's body;
    `sending` is true until all of it is sent.
    """

    __slots__ = (
        "_alarm",
        "_error",
        "_interim",
        "_loop",
        "_origin",
        "_paused",
        "_pieces",
        "_sent_at",
        "_size",
        "_waiter",
        "begun",
        "ended",
        "fields",
        "sending",
        "source",
        "status",
        "switched",
        "trailers",
        "upload",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, alarm: Alarm, origin: Origin, source: Source
    ) -> None:
        self._loop = loop
        self._alarm = alarm
        self._origin = origin
        self.source: Source | None = source
        self._interim: list[tuple[int, Fields]] = []
        self.status = 0
        self.fields: Fields = []
        self.trailers: Fields = []
        self.begun = False
        self.switched = False
        self.ended = False
        self.sending = True
        self.upload: asyncio.Task[None] | None = None
        self._sent_at = 0.0
        self._pieces: list[bytes] = []
        self._size = 0
        self._paused = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def exhausted(self) -> bool:
        """Tell whether the answer has ended and has been read, its connection let go."""
        return self.source is None and not self._pieces

    @property
    def has_pieces(self) -> bool:
        """Tell whether some of the body has arrived and is not read."""
        return bool(self._pieces)

    # The connection's side.

    def sent(self) -> None:
        """Note that the request has been sent, so that the upstream's time begins."""
        self.sending = False
        self._sent_at = self._loop.time()

    def hint(self, status: int, fields: Fields) -> None:
        """Take an interim head."""
        self._interim.append((status, fields))
        self._wake()

    def head(self, status: int, fields: Fields) -> None:
        """Take the final head."""
        self.status, self.fields = status, fields
        self._wake()

    def push(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > HIGH_WATER_BYTES and not self._paused and self.source is not None:
            self._paused = True
            self.source.pause_reading()
        if self._waiter is not None:
            self._wake()

    def end(self) -> None:
        """Note the clean end of the body."""
        self.ended = True
        if self._waiter is not None:
            self._wake()

    def release(self) -> None:
        """Let go of the connection; nothing more will arrive from it."""
        source, self.source = self.source, None
        if self._paused and source is not None:
            self._paused = False
            source.resume_reading()
        if self.upload is not None:
            self.upload.cancel()

    def fail(self, error: BaseException) -> None:
        """Note that the answer broke off; the first error counts."""
        if self._error is None and not self.ended:
            self._error = error
            self._wake()

    # The reader's side.

    async def next_head(self, seconds: float | None) -> tuple[int, Fields]:
        """Return the next interim head, or the final one.

        Raises what the connection failed with, and `UpstreamTimeout` when
        nothing came for `seconds`.
        """
        while True:
            if self._interim:
                return self._interim.pop(0)
            if self.status:
                return self.status, self.fields
            if self._error is not None:
                raise self._error
            try:
                await self._more(seconds)
            finally:
                self._waited()

    async def read(self, seconds: float | None) -> bytes:
        """Return all that has arrived of the body, at least a byte; empty at its end.

        Raises as `next_head` does.
        """
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.ended:
                return b""
            try:
                await self._more(seconds)
            finally:
                self._waited()
        return self.take()

    def take(self) -> bytes:
        """Return all that has arrived of the body; empty bytes if nothing is unread."""
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._size = 0
        if self._paused and self.source is not None:
            self._paused = False
            self.source.resume_reading()
        return data

    def cancel(self, error: BaseException) -> None:
        """Give the answer up: drop what is unread and close its connection at once."""
        if self._pieces:
            self._pieces.clear()
            self.ended = False
        self.fail(error)
        if self.source is not None:
            self.source.abort()

    def _more(self, seconds: float | None) -> asyncio.Future[None]:
        """Return what is done when there is something new, or nothing came for `seconds`."""
        waiter = self._waiter = self._loop.create_future()
        if seconds is not None:
            self._alarm.set(seconds, partial(self._silent, seconds))
        return waiter

    def _waited(self) -> None:
        self._waiter = None
        self._alarm.clear()

    def _silent(self, seconds: float) -> None:
        if self._waiter is None or self._waiter.done():
            # On a machine that was held up, what came in time is seen together with its end.
            return
        # An upstream may be silent while it is still being told something:
        # its time begins when the request has been sent.
        is_told = self.sending if self.upload is None else not self.upload.done()
        left = seconds if is_told else self._sent_at + seconds - self._loop.time()
        if left > CLOCK_GRAIN_SECONDS:
            self._alarm.set(left, partial(self._silent, seconds))
        else:
            what = "fell silent in the middle of its answer" if self.status else "did not answer"
            self.cancel(UpstreamTimeout(f"{self._origin} {what}: nothing for {seconds:g} seconds."))

    def _wake(self) -> None:
        """Let the reader look again."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
