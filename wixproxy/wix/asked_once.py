"""Ask for a value once, whoever wants it meanwhile, and keep it while it is fresh.

Those who come while the question is under way share its answer; one who leaves
takes nothing from the others. A failure is told to all who wait, and not kept.
The number of values is bounded: the one unused for longest is forgotten.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class AskedOnce(Generic[K, V]):
    """Values by key; `is_fresh` says whether a kept one still counts."""

    def __init__(self, is_fresh: Callable[[V], bool], max_kept: int) -> None:
        self._is_fresh = is_fresh
        self._max_kept = max_kept
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    def fresh(self, key: K) -> V | None:
        """Return the kept value while it counts."""
        value = self._kept.get(key)
        if value is None or not self._is_fresh(value):
            return None
        self._kept.move_to_end(key)
        return value

    async def get(self, key: K, ask: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Return the kept value, or what `ask` yields; raises what `ask` raises."""
        value = self.fresh(key)
        if value is not None:
            return value
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(ask())
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def is_asked(self, key: K) -> bool:
        """Tell whether somebody is asking for this value just now."""
        return key in self._flights

    def forget(self, unwanted: Callable[[V], bool]) -> None:
        """Drop the kept values that are no longer wanted."""
        for key in [key for key, value in self._kept.items() if unwanted(value)]:
            del self._kept[key]

    def _landed(self, key: K, flight: asyncio.Task[V]) -> None:
        del self._flights[key]
        # Asking for it also reads a failure that nobody waits for any more.
        if flight.cancelled() or flight.exception() is not None:
            return
        self._kept[key] = flight.result()
        self._kept.move_to_end(key)
        if len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)
