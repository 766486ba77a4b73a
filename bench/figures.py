"""Keep what was measured: cases, the figures of each round, and their medians."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

Figures = Mapping[str, float]
"""What one round of one peer came to, by names with their unit: `cpu_us`, `p99_ms`."""

ERRORS = "errors"


@dataclass(frozen=True)
class Case:
    """One thing that was measured on several peers, and how.

    `compares` names the figure whose ratio to the yardstick is told.
    """

    name: str
    title: str
    how: str
    compares: str = "cpu_us"
    yardstick: str = "nginx"
    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, peer: str, figures: Figures) -> None:
        """Add one round."""
        self.rounds.setdefault(peer, []).append(figures)

    def medians(self, peer: str) -> dict[str, float]:
        """Return the middle of each figure over the rounds; nothing for a peer without rounds."""
        rounds = self.rounds.get(peer, [])
        names = dict.fromkeys(name for figures in rounds for name in figures)
        return {
            name: statistics.median(figures[name] for figures in rounds if name in figures)
            for name in names
        }

    def ratio(self, peer: str, to: str | None = None) -> float | None:
        """Return a peer's median as a multiple of the yardstick's, where both are known."""
        own = self.medians(peer).get(self.compares)
        other = self.medians(to or self.yardstick).get(self.compares)
        return own / other if own is not None and other else None

    @property
    def errors(self) -> int:
        """How many requests went wrong, of all peers and rounds."""
        return int(sum(each.get(ERRORS, 0) for rounds in self.rounds.values() for each in rounds))
