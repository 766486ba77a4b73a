"""Put short writes off to the loop's next iteration, so that one wake-up serves many of them.

To wake the process that waits at the other end costs the kernel more than all
else about a short write. While many exchanges are under way, an iteration of
the loop goes on with dozens of them; were each written out in between, the
other side would wake for it, find one message, and sleep again before the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger("wixproxy.server")


class Outbox:
    """What is to be written when the callbacks that are queued now have run."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []

    def put(self, write: Callable[[], None]) -> None:
        """Call `write` in the loop's next iteration, in the order of asking."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._empty)
        self._due.append(write)

    def _empty(self) -> None:
        due, self._due = self._due, []
        for write in due:
            try:
                write()
            except Exception:
                # A fault of ours on one connection; the others wait behind it.
                log.exception("a write failed")
