"""Decide how the body of an answer to a client ends, and say so in the answer's head.

A length that is known is kept to. Without one the body is chunked, or ends
with the connection for an HTTP/1.0 client, which knows no chunks (RFC 9112 §6).
"""

from __future__ import annotations

from typing import NamedTuple

from .exchange import Fields, Request
from .names import LOWER


class Framed(NamedTuple):
    """The fields of an answer as they are sent, and what they promise.

    `length` is None where it is not known; `keep_alive` tells whether the
    connection goes on behind the answer, `dated` whether there is a Date.
    """

    fields: Fields
    bodiless: bool
    chunked: bool
    length: int | None
    keep_alive: bool
    dated: bool

    def __repr__(self) -> str:
        """Tell nothing of the fields, which may set a session's cookie."""
        return f"<framed answer with {len(self.fields)} fields>"


def framed(status: int, fields: Fields, request: Request, *, keep_alive: bool) -> Framed:
    """Return the answer's fields with those that frame it.

    `keep_alive` says whether the connection may go on, and the result whether
    it does. Raises ValueError for a Content-Length that is no number.
    """
    fields = list(fields)
    length: int | None = None
    dated = chunked = False
    for name, value in fields:
        lower = LOWER[name]
        if lower == b"content-length":
            length = int(value)
        elif lower == b"date":
            dated = True
    bodiless = request.method == "HEAD" or status in (101, 204, 304)
    is_old = request.version < (1, 1)
    if not bodiless and length is None:
        chunked = not is_old
        keep_alive = keep_alive and chunked
    if chunked:
        fields.append((b"Transfer-Encoding", b"chunked"))
    if status != 101:
        if not keep_alive:
            fields.append((b"Connection", b"close"))
        elif is_old:
            fields.append((b"Connection", b"keep-alive"))
    return Framed(fields, bodiless, chunked, None if bodiless else length, keep_alive, dated)
