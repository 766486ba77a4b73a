"""Decide which path below a prefix of ours may reach Wix, and send exactly what was judged.

The prefix is stripped once; the bytes behind it travel as they came. A path
that two readers could read in two ways (an encoded slash, dot or percent
sign, an escape of a letter that needs none, an empty or dot segment, `;`) is
refused and never repaired, so that the call which was judged is the call
which Wix receives. The query is data: it travels untouched, `?.r=` included.

Source: RFC 3986 §3.3 and §6.2 (equivalence), RFC 9112 §3.2.
"""

from __future__ import annotations

import re

from ..errors import CallRefused, PathRefused, quoted
from .call_rules import CallRules
from .routes import API_PREFIX

# pchar of RFC 3986 without ";", which some servers cut a segment at.
_PATH = re.compile(rb"/[A-Za-z0-9\-._~!$&'()*+,=:@%/]+").fullmatch
_QUERY = re.compile(rb"[\x21\x22\x24-\x7e]*").fullmatch
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
# Every reader may write these without an escape (RFC 3986 §6.2.2.2), so an
# escaped one is a second spelling of the same path.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Once decoded they would end the path, a segment or the line.
_DELIMITERS = frozenset(b"/\\%;?#") | frozenset(range(0x20)) | {0x7F}


def api_target(target: bytes, prefix: bytes = API_PREFIX) -> bytes:
    """Return the target to send to Wix for a raw target below the prefix.

    Raises `PathRefused` where two readers could disagree about the path.
    """
    path, mark, query = target[len(prefix) :].partition(b"?")
    if not target.startswith(prefix) or path in (b"", b"/"):
        where = prefix.decode("ascii")
        raise PathRefused(f"Expected the path of a Wix API call behind {where}; there is none.")
    reason = _ambiguity(path)
    if reason is not None:
        raise PathRefused(f"The path {quoted(path)} of the Wix call {reason}.")
    if not _QUERY(query):
        raise PathRefused("The query holds a raw '#', space, control character or byte above 0x7e.")
    return path + mark + query


def check_call(method: str, target: bytes, rules: CallRules, *, elevated: bool = False) -> None:
    """Refuse a call that hands out credentials, administers the app, or that the rules exclude.

    `target` is what `api_target` returned; its query decides nothing;
    `elevated` says that an elevation rule names the call. Raises
    `CallRefused` with the reason.
    """
    path = target.partition(b"?")[0]
    reason = rules.refusal(method, path, elevated=elevated)
    if reason is not None:
        raise CallRefused(f"{method} {quoted(path)} {reason}")


def _ambiguity(path: bytes) -> str | None:
    if not _PATH(path):
        return (
            "holds a character that a path has only percent-encoded, or ';', or starts with no '/'"
        )
    if b"//" in path:
        return "has an empty segment ('//')"
    if b"/." in path:
        for segment in path.split(b"/"):
            if segment in (b".", b".."):
                return "has a dot segment ('.' or '..')"
    if b"%" in path:
        return _escape_ambiguity(path)
    return None


def _escape_ambiguity(path: bytes) -> str | None:
    decoded = bytearray()
    end = 0
    for match in _ESCAPE.finditer(path):
        if match[1] is None:
            return "has a '%' that starts no percent escape"
        value = int(match[1], 16)
        if value in _DELIMITERS or value in _UNRESERVED:
            return f"has the escape {match[0].decode()!r}, which readers may or may not decode"
        decoded += path[end : match.start()]
        decoded.append(value)
        end = match.end()
    decoded += path[end:]
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        return "has percent escapes that are not UTF-8"
    return None
