"""Judge whether what a process holds still grows.

Caches fill for a while, so the beginning does not count: the last third of
the samples is compared with the middle one. Medians, because one large body
or a collection that is due moves a single sample.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_SAMPLES = 9
MEMORY_GROWTH = 0.03
DESCRIPTOR_GROWTH = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """What the proxy held at one time."""

    minute: int
    rss_mib: float
    descriptors: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether it is flat; None when there were too few samples to tell."""

    flat: bool | None
    told: str


def judge(samples: Sequence[Sample]) -> Judgement:
    """Compare the last third with the middle one."""
    if len(samples) < FEWEST_SAMPLES:
        return Judgement(
            None, f"{len(samples)} minutes are too few to tell; {FEWEST_SAMPLES} would do"
        )
    third = len(samples) // 3
    middle, last = samples[third:-third], samples[-third:]
    rss = [statistics.median(sample.rss_mib for sample in part) for part in (middle, last)]
    opened = [statistics.median(sample.descriptors for sample in part) for part in (middle, last)]
    flat = rss[1] <= rss[0] * (1 + MEMORY_GROWTH) and opened[1] <= opened[0] + DESCRIPTOR_GROWTH
    told = (
        f"memory went from {rss[0]:.1f} to {rss[1]:.1f} MiB and descriptors from {opened[0]:g} to "
        f"{opened[1]:g} between the middle third and the last; at most {MEMORY_GROWTH:.0%} and "
        f"{DESCRIPTOR_GROWTH} more count as flat"
    )
    return Judgement(flat, told)
