"""Decide what a redirect of an upstream says once it passes through the proxy.

A Location that names the upstream's own origin would lead the browser past
the proxy, so that origin, and only an equal one after parsing, is replaced.
Any other Location is the upstream's word and travels as it came; no token
follows it, because the proxy follows no redirect.

Source: RFC 9110 §10.2.2 (Location) and §8.7 (Content-Location).
"""

from __future__ import annotations

import re

from .exchange import Fields
from .public_url import DEFAULT_PORTS, PublicURL, parse_authority
from .routes import API_PREFIX

RELOCATING = frozenset({b"location", b"content-location"})
# A backslash in the authority is read in more than one way, so nothing with one is equal.
_ABSOLUTE = re.compile(
    rb"(?:([A-Za-z][A-Za-z0-9+.-]*):)?//([^/?#\\]*)([/?#].*)?", re.DOTALL
).fullmatch


def public_locations(fields: Fields, upstream: str, public: PublicURL) -> Fields:
    """Return a frontend's answer fields with its own origin replaced by the public one.

    `upstream` is an origin such as "http://localhost:5173".
    """
    return _relocated(fields, upstream, public.origin.encode("ascii"))


def api_locations(fields: Fields, api_origin: str) -> Fields:
    """Return Wix's answer fields with redirects within its API led through the proxy."""
    relocated = _relocated(fields, api_origin, API_PREFIX)
    return [
        (new[0], API_PREFIX + old[1]) if _is_path(*old) else new
        for old, new in zip(fields, relocated, strict=True)
    ]


def _is_path(name: bytes, value: bytes) -> bool:
    # "//host" and what browsers read like it name another origin.
    return name.lower() in RELOCATING and value[:1] == b"/" and value[1:2] not in (b"/", b"\\")


def _relocated(fields: Fields, upstream: str, replacement: bytes) -> Fields:
    return [
        (name, _replaced(value, upstream, replacement))
        if name.lower() in RELOCATING
        else (name, value)
        for name, value in fields
    ]


def _replaced(value: bytes, upstream: str, replacement: bytes) -> bytes:
    match = _ABSOLUTE(value)
    here = _origin(upstream.encode("ascii"), "")
    if match is None or here is None or _origin(value, here[0]) != here:
        return value
    rest = match[3] or b"/"
    return replacement + (rest if rest[:1] == b"/" else b"/" + rest)


def _origin(url: bytes, scheme: str) -> tuple[str, str, int | None] | None:
    match = _ABSOLUTE(url)
    if match is None:
        return None
    if match[1] is not None:
        scheme = match[1].decode("ascii").lower()
    try:
        host, port = parse_authority(match[2].decode("ascii"))
    except ValueError:
        return None
    return scheme, host, port if port is not None else DEFAULT_PORTS.get(scheme)
