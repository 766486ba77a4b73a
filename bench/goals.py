"""Judge the medians by the numbers that wixproxy set itself.

A goal bounds one figure: as it is, as a multiple of another's in the same
run, or as what it has more than another. One whose case was not run is not
judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .figures import Case

DIRECT = "direct"
_UNITS = {
    "growth_mib": "MiB",
    "ahead_mib": "MiB",
    "p99_ms": "ms",
    "start_ms": "ms",
    "kb_each": "kB",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on a figure of `row`, taken as `relation` says to the same figure of `other`."""

    what: str
    case: str
    figure: str
    bound: float
    relation: Literal["itself", "times", "more than"] = "itself"
    other: str | None = None
    row: str = "wixproxy"
    direction: Literal["at most", "at least"] = "at most"

    def value(self, case: Case) -> float | None:
        """Return what is to be compared with the bound; None when it was not measured."""
        own = case.medians(self.row).get(self.figure)
        if self.other is None or own is None:
            return own
        theirs = case.medians(self.other).get(self.figure)
        if theirs is None:
            return None
        return own - theirs if self.relation == "more than" else own / theirs


GOALS = (
    Goal("CPU of a frontend's file", "frontend", "cpu_us", 2.5, "times", "nginx"),
    Goal("CPU of a frontend's file", "frontend", "cpu_us", 0.6, "times", "http-proxy-3"),
    Goal("CPU of a call to Wix", "api", "cpu_us", 3.0, "times", "nginx"),
    Goal("CPU of a call to Wix", "api", "cpu_us", 0.75, "times", "http-proxy-3"),
    Goal("a page of many modules", "vite-page", "ready_ms", 1.1, "times", DIRECT),
    Goal(
        *("throughput down", "download", "mib_per_second", 0.5, "times", "nginx"),
        direction="at least",
    ),
    Goal(
        *("throughput up", "upload", "mib_per_second", 0.5, "times", "nginx"), direction="at least"
    ),
    Goal("memory growth, a large body down", "download", "growth_mib", 16),
    Goal("memory growth, a large body up", "upload", "growth_mib", 16),
    Goal("memory growth, a reader that stops", "stall", "growth_mib", 16),
    # Two connections' buffers in the kernel, which grow by themselves, and none of ours.
    Goal("what the upstream sends ahead", "stall", "ahead_mib", 64),
    Goal("an event's delay", "events", "p99_ms", 5, "more than", DIRECT),
    Goal("a WebSocket message's delay", "websocket-latency", "p99_ms", 5, "more than", DIRECT),
    Goal("memory of an idle WebSocket", "idle-websockets", "kb_each", 20),
    Goal("cold start", "start", "start_ms", 800, row="serve"),
    Goal("--help", "start", "start_ms", 200, row="--help"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found for a goal."""

    goal: Goal
    found: float

    @property
    def is_met(self) -> bool:
        """Tell whether the bound is kept."""
        if self.goal.direction == "at most":
            return self.found <= self.goal.bound
        return self.found >= self.goal.bound

    def __str__(self) -> str:
        goal = self.goal
        unit = "×" if goal.relation == "times" else _UNITS[goal.figure]
        other = f" {goal.other}" if goal.other else ""
        than = " more than" if goal.relation == "more than" else ""
        word = "met   " if self.is_met else "MISSED"
        found, wanted = (f"{value:.3g} {unit}{than}{other}" for value in (self.found, goal.bound))
        return f"{word}  {goal.what}: {found}; wanted {goal.direction} {wanted}"

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self.goal), "found": self.found, "met": self.is_met}


def verdicts(cases: Sequence[Case]) -> list[Verdict]:
    """Return the verdict of each goal whose figures are there."""
    by_name = {case.name: case for case in cases}
    return [
        Verdict(goal, found)
        for goal in GOALS
        if goal.case in by_name and (found := goal.value(by_name[goal.case])) is not None
    ]
