"""Put short writes off to the loop's next iteration, so that one wake-up serves many of them.

To wake the process that waits at the other end costs the kernel more than all
else about a short write. While many exchanges are under way, an iteration of
the loop goes on with dozens of them; were each written out in between, the
other side would wake for it, find one message, and sleep again before the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Outbox:
    """What is to be written when the callbacks that are queued now have run."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []

    def put(self, write: Callable[[], None]) -> None:
        """Call `write` in the loop's next iteration, in the order of asking.

        It must not raise: what was put behind it would be lost.
        """
        if not self._due:
            asyncio.get_running_loop().call_soon(self._empty)
        self._due.append(write)

    def _empty(self) -> None:
        due, self._due = self._due, []
        for write in due:
            write()
