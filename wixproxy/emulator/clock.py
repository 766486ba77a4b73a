"""Tell the emulator's time, which a test may move forward or hold still.

Law: everything in the emulator that has an age asks this clock and no other,
so a four-hour token can be made to expire without waiting, and who waits for a
moment is woken when it is moved there. The clock never runs backwards except
through `reset`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Clock:
    """A clock in epoch seconds: real time plus an offset, or one held moment."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0
        self._held: float | None = None
        self._waiting: set[asyncio.Event] = set()

    def now(self) -> float:
        """Return the emulator's time in epoch seconds."""
        return self._held if self._held is not None else self._source() + self._offset

    @property
    def is_frozen(self) -> bool:
        """Tell whether time stands still."""
        return self._held is not None

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds`; raise ValueError when that would go back."""
        if seconds < 0:
            raise ValueError(f"the clock only goes forward, not by {seconds} seconds")
        if self._held is not None:
            self._held += seconds
        else:
            self._offset += seconds
        self._wake()

    def freeze(self, at: float | None = None) -> None:
        """Hold time at `at` epoch seconds, or at this moment."""
        self._held = self.now() if at is None else at
        self._wake()

    def resume(self) -> None:
        """Let time run on from where it was held."""
        if self._held is not None:
            self._offset = self._held - self._source()
            self._held = None
        self._wake()

    def reset(self) -> None:
        """Return to real time."""
        self._offset, self._held = 0.0, None
        self._wake()

    async def wait_until(self, moment: float) -> None:
        """Return once it is `moment` (epoch seconds), by passing time or by being moved."""
        while (left := moment - self.now()) > 0:
            moved = asyncio.Event()
            self._waiting.add(moved)
            try:
                async with asyncio.timeout(None if self.is_frozen else left):
                    await moved.wait()
            except TimeoutError:
                pass
            finally:
                self._waiting.discard(moved)

    def _wake(self) -> None:
        for moved in self._waiting:
            moved.set()
