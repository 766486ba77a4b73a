"""Read a raw path in every way that some server might, so that no spelling hides another.

Nested escapes are decoded, backslashes and doubled slashes are slashes, dot
segments are walked, parameters are dropped, the path ends at a decoded `?`, `#`
or NUL, and case is no difference. What is read like that is never sent
anywhere; it only decides.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

# No server decodes so often.
MAX_DECODED = 8

# Nothing in such a path can be read in two ways, and most paths are such.
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+").fullmatch

# Where some reader ends a segment, and where the whole path.
_SEGMENT_ENDS = re.compile(rb"[;?#\x00-\x20]")
_PATH_ENDS = re.compile(rb"[?#\x00]")


def readings(path: bytes) -> set[bytes]:
    """Return the path as each reader might see it, who decodes once, twice or never."""
    if _PLAIN(path):
        return {path.lower()}
    found = set()
    for _ in range(MAX_DECODED):
        for whole in (path, _PATH_ENDS.split(path, maxsplit=1)[0]):
            segments = whole.lower().replace(b"\\", b"/").split(b"/")
            # Some drop a segment's parameters, some end a segment where a decoded
            # delimiter or a blank stands, and some walk no dots.
            bare = [_SEGMENT_ENDS.split(segment, maxsplit=1)[0] for segment in segments]
            for each in (segments, bare):
                found |= {_joined(each), _joined(_walked(each))}
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
