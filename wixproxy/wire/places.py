"""Bound how many exchanges one upstream has at once; whoever finds no place waits in line.

First come, first served: a place that becomes free goes to the head of the
line and never to a newcomer. Whoever is cancelled, or has waited for long
enough, leaves the line; a place that was just given to them goes on to the
next.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ..errors import UpstreamBusy, UpstreamUnavailable
from ..sansio.origin import Origin

RETRY_AFTER_SECONDS = 1


class Places:
    """The places at one upstream; `taken` of them are in use."""

    def __init__(self, origin: Origin, limit: int) -> None:
        self.taken = 0
        self._origin = origin
        self._limit = limit
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def take_at_once(self) -> bool:
        """Take a place, if one is free."""
        if self.taken >= self._limit:
            return False
        self.taken += 1
        return True

    async def take(self, seconds: float) -> None:
        """Return with a place; raises `UpstreamBusy` when none became free for so long."""
        if self.take_at_once():
            return
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            self._leave(turn)
            raise UpstreamBusy(
                f"All {self._limit} connections to {self._origin} are in use, and none became "
                f"free within {seconds:g} seconds.",
                retry_after=RETRY_AFTER_SECONDS,
            ) from None
        except asyncio.CancelledError:
            self._leave(turn)
            raise

    def give_back(self) -> None:
        """Hand the place to the head of the line, or free it."""
        turn = self._next() if self._line else None
        if turn is not None:
            turn.set_result(None)
        else:
            self.taken -= 1

    def close(self) -> None:
        """Send everyone in line away."""
        while (turn := self._next()) is not None:
            turn.set_exception(UpstreamUnavailable("The proxy is shutting down."))

    def _next(self) -> asyncio.Future[None] | None:
        """Take who waits longest out of the line; who was cancelled waits no more."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                return turn
        return None

    def _leave(self, turn: asyncio.Future[None]) -> None:
        if turn in self._line:
            self._line.remove(turn)
        elif not turn.cancelled() and turn.exception() is None:
            self.give_back()
