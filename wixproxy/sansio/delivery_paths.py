"""Keep clients away from the paths where the frontend handles events and plugin requests.

A handler believes what it is told, because it believes that only the proxy
asks. So a path that is, or that some server could read as, one of the
handlers' own, one below it or the same with a suffix is not forwarded for a
client: nested escapes are decoded, backslashes and doubled slashes are
slashes, dot segments are walked, parameters are dropped, and case is no
difference. What is read like that is never sent anywhere; it only decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

# No server decodes so often.
MAX_DECODED = 8


class DeliveryPaths:
    """The handlers' paths."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = tuple(_plain(path.encode("utf-8")) for path in paths)

    def cover(self, path: bytes) -> bool:
        """Tell whether a raw path may mean a handler, or something below one."""
        if not self._paths:
            return False
        return any(
            reading == handler or reading.startswith((handler + b"/", handler + b"."))
            for reading in _readings(path)
            for handler in self._paths
        )


def _readings(path: bytes) -> set[bytes]:
    """Return the path as each reader might see it, who decodes once, twice or never."""
    readings = set()
    for _ in range(MAX_DECODED):
        readings.add(_plain(path))
        # Some drop a segment's parameters before they decode, some after.
        readings.add(_plain(_without_parameters(path)))
        decoded = unquote_to_bytes(path)
        if decoded == path:
            break
        path = decoded
    return readings


def _without_parameters(path: bytes) -> bytes:
    return b"/".join(segment.partition(b";")[0] for segment in path.split(b"/"))


def _plain(path: bytes) -> bytes:
    """Return the path in lower case, with single slashes and no dot segments."""
    segments: list[bytes] = []
    for segment in path.lower().replace(b"\\", b"/").split(b"/"):
        if segment == b"..":
            del segments[-1:]
        elif segment not in (b"", b"."):
            segments.append(segment)
    return b"/" + b"/".join(segments)
