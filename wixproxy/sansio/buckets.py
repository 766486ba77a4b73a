"""Limit how often something happens, by a bucket of tokens for each name.

A bucket holds at most one minute's worth and fills steadily. The number of
names is bounded: the one unused for longest is forgotten, and a forgotten
bucket is a full one, so the bound costs strictness and never memory.
"""

from __future__ import annotations

from collections import OrderedDict

MAX_NAMES = 10_000


class Buckets:
    """A bucket of `per_minute` tokens for each name."""

    def __init__(self, per_minute: float, max_names: int = MAX_NAMES) -> None:
        self._capacity = per_minute
        self._per_second = per_minute / 60
        self._max_names = max_names
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now: float) -> float:
        """Take one token; return 0, or the seconds to wait until there is one."""
        level, filled_at = self._buckets.pop(name, (self._capacity, now))
        level = min(self._capacity, level + max(0.0, now - filled_at) * self._per_second)
        wait = 0.0 if level >= 1 else (1 - level) / self._per_second
        self._buckets[name] = (level if wait else level - 1, now)
        if len(self._buckets) > self._max_names:
            self._buckets.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._buckets)
