"""Decide which file of a folder a path names, and how long it may be kept.

A path names a file by its decoded segments, and each segment must be a plain
name: no dot files, no `..`, no separator of any system, nothing that one
file system reads differently from another. Anything else names nothing.
Files whose names hold a content hash never change and may be kept for ever;
a page must be asked for again each time, and so must the rest, which costs
one conditional request.

Source: RFC 3986 §3.3, RFC 9111 §5.2.2, RFC 8246 (immutable), RFC 9110
§12.5.3 (Accept-Encoding).
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

INDEX = "index.html"

IMMUTABLE = b"public, max-age=31536000, immutable"
ALWAYS_ASK = b"no-cache"
ASK_WHEN_STALE = b"public, max-age=0, must-revalidate"

# Suffixes of the twins that build tools put beside a file, the smaller first.
TWINS = ((b"br", ".br"), (b"gzip", ".gz"))

_PAGES = (".html", ".htm", ".xhtml")
# The separators and wildcards of other systems, "a:b" as Windows' streams, controls.
_FOREIGN = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]').search
_ESCAPE_FAULT = re.compile(rb"%(?![0-9A-Fa-f]{2})").search
# "photo-1024x768.jpg" names a size.
_HASHED = re.compile(
    r"[^/]*?[.-](?![0-9]+x[0-9]+\.)([A-Za-z0-9_-]{8,40})\.[A-Za-z0-9.]{1,12}"
).fullmatch
# Where hashes change their kind of character and words do not: "MyWidget" has one
# such place, "awesome5" one, "BRBmoGS9" two, "4f3a2b1c" seven.
_CHANGE = re.compile(
    r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z0-9])_"
)
_WEIGHT = re.compile(rb"[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*", re.IGNORECASE)


def resolve(path: bytes) -> list[str] | None:
    """Return the segments of the file that a raw path names, or None if it can name none.

    A path that ends in "/" names the index of that folder.
    """
    if path[:1] != b"/" or _ESCAPE_FAULT(path):
        return None
    *folders, last = path[1:].split(b"/")
    segments = [*map(_name, folders), _name(last) if last else INDEX]
    names = [segment for segment in segments if segment is not None]
    return names if len(names) == len(segments) else None


def candidates(segments: list[str]) -> list[list[str]]:
    """Return the files that may stand for the path, in the order to try them.

    Site generators write the page `/about` as `about.html` or `about/index.html`.
    """
    found = [segments]
    if "." not in segments[-1]:
        found.append([*segments[:-1], f"{segments[-1]}.html"])
        found.append([*segments, INDEX])
    return found


def falls_back(path: bytes, *, navigation: bool) -> bool:
    """Tell whether a missing file is a page that the application's own router draws.

    Only for navigations, and only without an extension: a script that is
    missing must not arrive as HTML.
    """
    return navigation and b"." not in path.rpartition(b"/")[2] and resolve(path) is not None


def cache_control(name: str) -> bytes:
    """Return the Cache-Control value for a file of this name."""
    if name.lower().endswith(_PAGES):
        return ALWAYS_ASK
    return IMMUTABLE if is_hashed(name) else ASK_WHEN_STALE


def is_hashed(name: str) -> bool:
    """Tell whether the name holds a hash of the file's content, as build tools write it.

    In doubt it does not: a file kept wrongly is stale for a year, one asked
    for again costs a round trip.
    """
    match = _HASHED(name.rpartition("/")[2])
    if match is None:
        return False
    changes = len(_CHANGE.findall(match[1]))
    return changes >= (2 if len(match[1]) == 8 else 3)


def twins(accept_encoding: bytes | None) -> list[tuple[bytes, str]]:
    """Return the codings and file suffixes that the client takes, the best first.

    Empty where the client prefers the file as it is.
    """
    weights: dict[bytes, float] = {}
    for part in (accept_encoding or b"").split(b","):
        coding, mark, parameters = part.partition(b";")
        weight = _WEIGHT.fullmatch(mark + parameters) if mark else None
        if mark and weight is None:
            continue
        weights[coding.strip().lower()] = float(weight[1]) if weight else 1.0
    if b"x-gzip" in weights:
        weights.setdefault(b"gzip", weights[b"x-gzip"])
    rest = weights.get(b"*", 0.0)
    plain = weights.get(b"identity", 0.0)
    wanted = [(weights.get(coding, rest), coding, suffix) for coding, suffix in TWINS]
    wanted.sort(key=lambda twin: -twin[0])
    return [(coding, suffix) for weight, coding, suffix in wanted if 0 < weight >= plain]


def _name(raw: bytes) -> str | None:
    try:
        name = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return None
    # Windows drops dots and spaces at the end, so "x." would be a second name of "x".
    if not name or name[0] == "." or name[-1] in ". " or _FOREIGN(name):
        return None
    return name
