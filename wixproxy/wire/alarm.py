"""One timer for all the waits of a connection: put off, rather than set anew for each.

Almost every wait ends before its time, and timers cost more than anything
else about it. So a timer that was set for an earlier end is left where it is,
and looks again when it rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# uvloop's clock counts milliseconds.
CLOCK_GRAIN_SECONDS = 0.002


class Alarm:
    """Calls back when a wait has lasted for its time."""

    __slots__ = ("_due", "_loop", "_ring", "_rings_at", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due = 0.0
        self._rings_at = 0.0
        self._ring: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, ring: Callable[[], None]) -> None:
        """Call `ring` after `seconds`, unless it is cleared or set again before."""
        self._due = self._loop.time() + seconds
        self._ring = ring
        if self._timer is None or self._rings_at > self._due:
            self._schedule(seconds)

    def clear(self) -> None:
        """Call nobody."""
        self._ring = None

    def close(self) -> None:
        """Call nobody any more, and leave no timer behind."""
        self._ring = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = self._loop.time() + seconds
        self._timer = self._loop.call_later(seconds, self._rang)

    def _rang(self) -> None:
        self._timer = None
        if self._ring is None:
            return
        left = self._due - self._loop.time()
        if left > CLOCK_GRAIN_SECONDS:
            self._schedule(left)
        else:
            ring, self._ring = self._ring, None
            ring()
