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
        self._paths = tuple(_joined(path.lower().encode("utf-8").split(b"/")) for path in paths)

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
        segments = path.lower().replace(b"\\", b"/").split(b"/")
        # Some drop a segment's parameters, and some walk no dots.
        bare = [segment.partition(b";")[0] for segment in segments]
        readings |= {
            _joined(walked) for each in (segments, bare) for walked in (each, _walked(each))
        }
        decoded = unquote_to_bytes(path)
        if decoded == path:
            break
        path = decoded
    return readings


def _walked(segments: list[bytes]) -> list[bytes]:
    walked: list[bytes] = []
    for segment in segments:
        if segment == b"..":
            del walked[-1:]
        elif segment not in (b"", b"."):
            walked.append(segment)
    return walked


def _joined(segments: list[bytes]) -> bytes:
    return b"/" + b"/".join(filter(None, segments))
