"""Refuse every request that two readers of HTTP/1.1 may understand differently.

The gate stands before the host check, the routes and the guard, and judges
the head alone. What the server's parser refuses (bare CR or LF, obs-fold,
names that are no tokens, control characters in values) is not judged twice;
what it lets through is: foreign versions, lists of transfer codings, a
chunked HTTP/1.0 request, `Content-Length: 010`, any text as Host or target.
A request is accepted or refused, never repaired, and after a refusal the
connection is closed, because nobody knows where the next request begins.

Source: RFC 9112 §2, §3 and §6, RFC 9110 §7.2 and §10.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from ..errors import (
    ExpectationRefused,
    FieldsTooLarge,
    MalformedRequest,
    MethodRefused,
    NotForwarded,
    TargetTooLong,
    VersionRefused,
    quoted,
)
from .exchange import Fields, Request
from .headers import IS_LENGTH, get, named
from .names import Remembered

VERSIONS = frozenset({(1, 0), (1, 1)})
# Named in `Allow`; other methods in upper case pass, too.
ALLOWED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# CONNECT would make a tunnel of us, TRACE would echo cookies to a script (RFC 9110 §9.3.8).
REFUSED_METHODS = frozenset({"CONNECT", "TRACE"})
MAX_METHOD_CHARACTERS = 32  # the longest registered one, UPDATEREDIRECTREF, has 17

_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]+").fullmatch
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
# Visible ASCII but "#": a fragment never travels (RFC 9112 §3.2).
_TARGET = re.compile(rb"[\x21\x22\x24-\x7e]+").fullmatch
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?@]*)([/?].*)?").fullmatch
# Narrower than RFC 3986's reg-name: no name that resolves has other characters.
_AUTHORITY = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?").fullmatch

_JUDGED = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
_OWS = b" \t"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much head one request may have, in bytes and in fields.

    `max_field_bytes` bounds the name and value of one field, and
    `max_fields_bytes` all of them together.
    """

    max_target_bytes: int = 16_384
    max_field_bytes: int = 32_768
    max_fields_bytes: int = 65_536
    max_fields: int = 200


def check(request: Request, limits: Limits) -> None:
    """Refuse the request unless its head is one that every reader understands alike.

    Raises `VersionRefused`, `MalformedRequest`, `MethodRefused`,
    `NotForwarded`, `TargetTooLong`, `FieldsTooLarge` or `ExpectationRefused`.
    """
    if request.version not in VERSIONS:
        major, minor = request.version
        raise VersionRefused(f"Expected HTTP/1.1 or HTTP/1.0, found HTTP/{major}.{minor}.")
    if request.method not in ALLOWED_METHODS:
        _check_method(request.method)
    _check_target(request.method, request.target, limits)
    _check_sizes(request.fields, limits)
    judged: dict[bytes, bytes] = {}
    values = named(request.fields)
    for name in _JUDGED & values.keys():
        if len(values[name]) > 1:
            _refuse_second(name)
        judged[name] = values[name][0]
    _check_host(judged.get(b"host"), request.version)
    if len(judged) > 1:
        _check_framing(judged, request.version)


def effective_target(request: Request) -> tuple[bytes | None, bytes]:
    """Return the authority that the request is for, and its target in origin-form.

    In absolute-form the target's authority outranks Host (RFC 9112 §3.2.2).
    The authority is None where an HTTP/1.0 request names none; the target is
    `*` for `OPTIONS *`. Raises `MalformedRequest`.
    """
    target = request.target
    if target[:1] == b"/" or target == b"*":
        host = get(request.fields, b"host")
        return host.strip(_OWS) if host is not None else None, target
    absolute = _absolute(target)
    rest = absolute[2] or b"/"
    return absolute[1], rest if rest[:1] == b"/" else b"/" + rest


def _check_method(method: str) -> None:
    if method in REFUSED_METHODS:
        raise MethodRefused(f"{method} is not served here.", allow=list(ALLOWED_METHODS))
    if len(method) > MAX_METHOD_CHARACTERS:
        raise NotForwarded(
            f"A method has at most {MAX_METHOD_CHARACTERS} characters, this one {len(method)}."
        )
    if not _METHOD(method):
        raise MalformedRequest(
            f"Expected a method in upper case, such as GET, found {quoted(method)}."
        )


def _check_target(method: str, target: bytes, limits: Limits) -> None:
    if len(target) > limits.max_target_bytes:
        raise TargetTooLong(
            f"The address has {len(target)} bytes; at most {limits.max_target_bytes} are accepted "
            "(server.max_target_bytes)."
        )
    if not _TARGET(target):
        raise MalformedRequest(
            "The address holds a raw '#', space, control character or a byte above 0x7e; "
            f"these are percent-encoded in a request: {quoted(target)}."
        )
    if target[:1] == b"/":
        return
    if target == b"*" and method == "OPTIONS":
        return
    _absolute(target)


def _absolute(target: bytes) -> re.Match[bytes]:
    """Read a target in absolute-form: its authority, and what stands behind it."""
    absolute = _ABSOLUTE(target)
    if absolute is None or not _is_authority(absolute[1]):
        raise MalformedRequest(
            f"Expected a path or an http URL as the request target, found {quoted(target)}."
        )
    return absolute


def _check_sizes(fields: Fields, limits: Limits) -> None:
    total = sum(map(len, chain.from_iterable(fields)))
    if total > limits.max_field_bytes:
        for name, value in fields:
            size = len(name) + len(value)
            if size > limits.max_field_bytes:
                # The value may be a Cookie or a token: it is never shown.
                raise FieldsTooLarge(
                    f"The header {quoted(name)} has {size} bytes; at most "
                    f"{limits.max_field_bytes} are accepted. Too many or too large cookies are "
                    "the usual reason: delete those of this site, or raise server.max_field_bytes.",
                )
    if total > limits.max_fields_bytes or len(fields) > limits.max_fields:
        raise FieldsTooLarge(
            f"The request has {len(fields)} headers with {total} bytes; at most "
            f"{limits.max_fields} with {limits.max_fields_bytes} bytes are accepted. "
            "Raise server.max_fields or server.max_fields_bytes if that is honest traffic.",
        )


def _refuse_second(name: bytes) -> None:
    if name == b"expect":
        raise ExpectationRefused("Expected one Expect header, found several.")
    raise MalformedRequest(f"Expected one {name.decode()} header, found several.")


def _check_host(host: bytes | None, version: tuple[int, int]) -> None:
    if host is None:
        if version == (1, 1):
            raise MalformedRequest("An HTTP/1.1 request needs a Host header; there is none.")
        return
    if not _NAMES_HOST[host]:
        raise MalformedRequest(f"Expected a host name in Host, found {quoted(host)}.")


def _is_authority(text: bytes) -> bool:
    match = _AUTHORITY(text)
    return match is not None and (not match[1] or int(match[1]) <= 65_535)


_NAMES_HOST = Remembered(lambda host: _is_authority(host.strip(_OWS)))


def _check_framing(judged: dict[bytes, bytes], version: tuple[int, int]) -> None:
    length = judged.get(b"content-length")
    if length is not None and not IS_LENGTH(length.strip(_OWS)):
        raise MalformedRequest(
            "Expected a plain decimal number without leading zeros in Content-Length, "
            f"found {quoted(length)}."
        )
    coding = judged.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            raise MalformedRequest("A request has Content-Length or Transfer-Encoding, not both.")
        if version == (1, 0):
            raise MalformedRequest("HTTP/1.0 has no Transfer-Encoding.")
        _check_coding(coding)
    expect = judged.get(b"expect")
    if expect is not None and expect.strip(_OWS).lower() != b"100-continue":
        raise ExpectationRefused(f"Expected 'Expect: 100-continue', found {quoted(expect)}.")


def _check_coding(value: bytes) -> None:
    codings = [coding.strip(_OWS).lower() for coding in value.split(b",")]
    if codings == [b"chunked"]:
        return
    if codings.count(b"chunked") > 1 or not all(map(_TOKEN, codings)):
        raise MalformedRequest(f"Expected 'Transfer-Encoding: chunked', found {quoted(value)}.")
    raise NotForwarded(f"The only transfer coding spoken here is chunked, not {quoted(value)}.")
