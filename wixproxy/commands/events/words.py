"""Name how events stand, and how long ago or in how long something is."""

from __future__ import annotations

from collections.abc import Mapping

from ...stores.event_list import Standing

STANDINGS: Mapping[Standing, str] = {
    "waiting": "waiting",
    "delivering": "under way",
    "done": "delivered",
    "dead": "dead",
}

_UNITS = ((86_400.0, "days"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def later(seconds: float) -> str:
    """Return when something is that lies so far ahead."""
    return "now" if seconds < 1 else f"in {_span(seconds)}"


def earlier(seconds: float) -> str:
    """Return when something was that lies so far back."""
    return "just now" if seconds < 1 else f"{_span(seconds)} ago"


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{count} {one if count == 1 else many}"


def _span(seconds: float) -> str:
    size, unit = next(each for each in _UNITS if seconds >= each[0])
    return f"{seconds / size:.0f} {unit}"
