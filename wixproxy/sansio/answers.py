"""Judge the head of an upstream's answer: where it ends, and what may follow it.

An answer is taken only when every reader would find the same end of it;
anything else is refused rather than repaired (RFC 9112 §6.3). What the
parser refuses by itself (folded lines, bare LF, NUL, CR and control bytes in
values, spaces before a colon) is not asked again here; what it lets through
is: status codes outside 100-599, `Content-Length: 010`, transfer codings
other than exactly `chunked`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ..errors import UpstreamMalformed, quoted
from .exchange import Fields
from .headers import IS_LENGTH, get, get_all, tokens

# 1xx answers before the final one: more than this is an upstream gone wrong.
MAX_INTERIM_ANSWERS = 5


class BodyEnd(Enum):
    """How the end of an answer's body is found."""

    NONE = "no body"
    LENGTH = "counted bytes"
    CHUNKED = "a last chunk"
    CLOSE = "the end of the connection"


class Framing(NamedTuple):
    """Where the answer ends; `reusable` tells whether its connection outlives it."""

    end: BodyEnd
    length: int = 0
    reusable: bool = True


def frame_answer(method: str, status: int, version: tuple[int, int], fields: Fields) -> Framing:
    """Decide how the body behind this head ends; raise `UpstreamMalformed` if nobody can know.

    `method` is the request's: an answer to HEAD describes a body it does not have.
    """
    if not 100 <= status <= 599:
        raise UpstreamMalformed(f"The answer's status is {status:03}; expected 100 to 599.")
    length, chunked, connection = _framing_fields(fields)
    if version == (1, 1):
        reusable = connection is None or b"close" not in connection
    else:
        reusable = connection is not None and b"keep-alive" in connection and not chunked
    if status < 200 or status == 204:
        # A body behind it would be read as the next answer, so nothing is read.
        return Framing(BodyEnd.NONE, reusable=reusable and not chunked and not length)
    if method == "HEAD" or status == 304:
        return Framing(BodyEnd.NONE, reusable=reusable)
    if chunked:
        return Framing(BodyEnd.CHUNKED, reusable=reusable)
    if length is None:
        return Framing(BodyEnd.CLOSE, reusable=False)
    if length == 0:
        return Framing(BodyEnd.NONE, reusable=reusable)
    return Framing(BodyEnd.LENGTH, length, reusable)


def agrees_to_switch(asked: Fields, answered: Fields) -> bool:
    """Tell whether a 101 switches to a protocol that the request asked for (RFC 9110 §7.8)."""
    chosen = tokens(answered, b"upgrade")
    return len(chosen) == 1 and chosen[0] in tokens(asked, b"upgrade")


def _framing_fields(fields: Fields) -> tuple[int | None, bool, list[bytes] | None]:
    """Return Content-Length, whether the coding is chunked, and Connection's tokens."""
    length: int | None = None
    for value in get_all(fields, b"content-length"):
        digits = value.strip(b" \t")
        if length is not None or not IS_LENGTH(digits):
            raise UpstreamMalformed(
                f"The answer's Content-Length {quoted(digits)} is doubled or not a number."
            )
        length = int(digits)
    chunked = False
    for value in get_all(fields, b"transfer-encoding"):
        if chunked or value.strip(b" \t").lower() != b"chunked":
            raise UpstreamMalformed(
                f"The answer's Transfer-Encoding is {quoted(value)}; only a single"
                " 'chunked' is understood."
            )
        chunked = True
    if chunked and length is not None:
        raise UpstreamMalformed("The answer has both Content-Length and Transfer-Encoding.")
    names_connection = get(fields, b"connection") is not None
    return length, chunked, tokens(fields, b"connection") if names_connection else None


def keep_alive_seconds(fields: Fields) -> float | None:
    """Return how long the upstream says it keeps an idle connection, in seconds."""
    announced = get(fields, b"keep-alive")
    if announced is None:
        return None
    for member in announced.split(b","):
        name, _, value = member.strip().partition(b"=")
        if name.lower() == b"timeout" and value.isdigit() and len(value) < 7:
            return float(value)
    return None
