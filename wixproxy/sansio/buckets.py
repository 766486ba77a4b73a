"""Limit how often something happens, by a bucket of tokens for each name.

A bucket fills steadily and holds at most a burst, by default one minute's
worth. The number of names is bounded: the one unused for longest is
forgotten, and a forgotten bucket is a full one, so the bound costs
strictness and never memory. Looking at a bucket makes none.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

MAX_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """One token of one bucket, for those who count it together: whose it is, and how it fills."""

    kind: str
    name: str = field(repr=False)
    capacity: float
    per_second: float


class Buckets:
    """A bucket for each name, that `per_minute` tokens flow into and that holds `burst`.

    `kind` tells these buckets from others where several processes share them.
    """

    def __init__(
        self,
        per_minute: float,
        *,
        burst: float | None = None,
        kind: str = "",
        max_names: int = MAX_NAMES,
    ) -> None:
        self._kind = kind
        self._capacity = per_minute if burst is None else burst
        self._per_second = per_minute / 60
        self._max_names = max_names
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str, now: float) -> float:
        """Return 0 if there is a token, or the seconds to wait until there is one."""
        level = self._level(name, now)
        return 0.0 if level >= 1 else (1 - level) / self._per_second

    def take(self, name: str, now: float) -> float:
        """Take one token; return 0, or the seconds to wait until there is one."""
        wait = self.wait(name, now)
        self._set(name, self._level(name, now) - (0 if wait else 1), now)
        return wait

    def give_back(self, name: str, now: float) -> None:
        """Put back a token that was taken."""
        self._set(name, min(self._capacity, self._level(name, now) + 1), now)

    def drawn(self, name: str) -> Drawn:
        """Return what a token of this bucket is to those who count it together."""
        return Drawn(self._kind, name, self._capacity, self._per_second)

    def _level(self, name: str, now: float) -> float:
        level, filled_at = self._buckets.get(name, (self._capacity, now))
        return min(self._capacity, level + max(0.0, now - filled_at) * self._per_second)

    def _set(self, name: str, level: float, now: float) -> None:
        self._buckets[name] = (level, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._max_names:
            self._buckets.popitem(last=False)

    def __len__(self) -> int:
        return len(self._buckets)
