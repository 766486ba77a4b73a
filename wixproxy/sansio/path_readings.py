"""Read a raw path in every way that some server might, so that no spelling hides another.

Nested escapes are decoded, backslashes and doubled slashes are slashes, dot
segments are walked, parameters are dropped, and case is no difference. What is
read like that is never sent anywhere; it only decides.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

# No server decodes so often.
MAX_DECODED = 8

# Nothing in such a path can be read in two ways, and most paths are such.
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+").fullmatch

_CUT = re.compile(rb"[;?#\x00-\x20]")


def readings(path: bytes) -> set[bytes]:
    """Return the path as each reader might see it, who decodes once, twice or never."""
    if _PLAIN(path):
        return {path.lower()}
    found = set()
    for _ in range(MAX_DECODED):
        segments = path.lower().replace(b"\\", b"/").split(b"/")
        # Some drop a segment's parameters, some end a segment where a decoded
        # delimiter or a blank stands, and some walk no dots.
        bare = [_CUT.split(segment, maxsplit=1)[0] for segment in segments]
        found |= {_joined(walked) for each in (segments, bare) for walked in (each, _walked(each))}
        decoded = unquote_to_bytes(path)
        if decoded == path:
            break
        path = decoded
    return found


def canonical(path: str) -> bytes:
    """Return a configured path as `readings` would write it."""
    return _joined(path.lower().encode("utf-8").split(b"/"))


def is_at_or_below(reading: bytes, path: bytes) -> bool:
    """Tell whether a reading is this path, one below it, or the same with a suffix."""
    return reading == path or reading.startswith((path + b"/", path + b"."))


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
