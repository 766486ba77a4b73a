"""Keep clients away from the paths where the frontend handles events and plugin requests.

A handler believes what it is told, because it believes that only the proxy
asks. So a path that is, or that some server could read as, one of the
handlers' own, one below it or the same with a suffix is not forwarded for a
client.
"""

from __future__ import annotations

from collections.abc import Iterable

from .path_readings import canonical, is_at_or_below, readings


class DeliveryPaths:
    """The handlers' paths."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = tuple(map(canonical, paths))

    def __bool__(self) -> bool:
        return bool(self._paths)

    def cover(self, path: bytes) -> bool:
        """Tell whether a raw path may mean a handler, or something below one."""
        if not self._paths:
            return False
        return any(
            is_at_or_below(reading, handler)
            for reading in readings(path)
            for handler in self._paths
        )
