"""Say which paths of the frontend take calls of dashboard pages and site extensions.

A handler there believes that the proxy has verified who calls. So a request
gets to it by one road alone: the bytes of the path are those of the
configuration, and nobody could read them as a path elsewhere. What only some
server would read as such a path (`/API/dashboard`, `/api/%64ashboard`), and
what some server would read as another one (`/api/dashboard/../public`), is
refused and goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from .path_readings import canonical, is_at_or_below, readings

Meaning = Literal["none", "plain", "ambiguous"]


class BackendPaths:
    """The configured paths, each with all below it and the same with a suffix."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        listed = tuple(paths)
        self._exact = tuple(path.encode("ascii") for path in listed)
        self._folded = tuple(map(canonical, listed))

    def __bool__(self) -> bool:
        return bool(self._exact)

    def meaning(self, path: bytes) -> Meaning:
        """Tell whether a raw path is one of these, is none, or could be read as both."""
        if not self._exact:
            return "none"
        reads = readings(path)
        for exact, folded in zip(self._exact, self._folded, strict=True):
            covered = [is_at_or_below(reading, folded) for reading in reads]
            if not any(covered):
                continue
            return "plain" if all(covered) and is_at_or_below(path, exact) else "ambiguous"
        return "none"
