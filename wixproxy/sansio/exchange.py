"""Say what one exchange is: a request as received, and the client's side of its answer.

Nothing is decoded: target, field names and values are the bytes that came,
in their order, with their case and their duplicates, because a forwarded
message must be the same message (RFC 9110 §7.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from .names import LOWER

Fields = list[tuple[bytes, bytes]]


class Head(Fields):
    """The fields of one head as they came; it is asked by name, and never changed.

    A head is asked some thirty questions, most of them about fields that it
    does not have, so it is gone through once: `named` holds the values of each
    field by its name in lower case.
    """

    __slots__ = ("named",)

    def __init__(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__(fields)
        named: dict[bytes, tuple[bytes, ...]] = {}
        for name, value in self:
            lower = LOWER[name]
            named[lower] = (*named[lower], value) if lower in named else (value,)
        self.named = named


class Request(NamedTuple):
    """The head of a request.

    `target` is the request target as received (RFC 9112 §3.2). A body stands
    behind the head when `chunked`, or when `content_length` is above zero;
    `content_length` is None when the field was absent. `peer` is the address
    that the connection came from, where it is an internet one.
    """

    method: str
    target: bytes
    fields: Fields
    version: tuple[int, int] = (1, 1)
    content_length: int | None = None
    chunked: bool = False
    peer: str | None = None

    def __repr__(self) -> str:
        """Tell nothing of target and fields, which may hold codes and tokens."""
        return f"<{self.method} request with {len(self.fields)} fields>"

    @property
    def has_body(self) -> bool:
        """Tell whether a body follows the head."""
        return self.chunked or bool(self.content_length)

    @property
    def path(self) -> bytes:
        """The target up to its query, not decoded."""
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        """The target behind its first question mark, not decoded; empty if there is none."""
        return self.target.partition(b"?")[2]

    def with_fields(self, fields: Fields) -> Request:
        """Return the same request with other fields."""
        return self.sent_as(self.target, fields)

    def with_target(self, target: bytes) -> Request:
        """Return the same request for another target."""
        return self if target is self.target else self.sent_as(target, self.fields)

    def sent_as(self, target: bytes, fields: Fields) -> Request:
        """Return the same request with another target and other fields."""
        return Request(
            self.method,
            target,
            fields,
            self.version,
            self.content_length,
            self.chunked,
            self.peer,
        )


class BodySource(Protocol):
    """Where a body comes from, piece by piece."""

    async def read(self) -> bytes:
        """Return the next piece; empty bytes at the end.

        Raises `ClientGone` when the client left before the end.
        """
        ...


class Downstream(Protocol):
    """The client's side of one exchange: every answer goes through it.

    The order is `interim` any number of times, `head` once, `write` any
    number of times, then `end` or `abort`. Framing is its own affair: a body
    of known length carries Content-Length in the head's fields, any other is
    chunked, or ends with the connection for an HTTP/1.0 client.
    """

    @property
    def head_sent(self) -> bool:
        """Tell whether the answer has begun, so that no other can be given."""
        ...

    async def read(self) -> bytes:
        """Return the next piece of the request's body; empty bytes at the end.

        Raises `ClientGone` when the client left before the end.
        """
        ...

    async def interim(self, status: int, fields: Fields) -> None:
        """Send a 1xx answer; HTTP/1.0 clients get none (RFC 9110 §15.2)."""
        ...

    async def head(self, status: int, fields: Fields, *, more: bool = False) -> None:
        """Send the head of the answer, after `before_head` has had its say once.

        `more` says that `write` follows at once, so that both may go out together.
        """
        ...

    async def write(self, chunk: bytes, *, last: bool = False) -> None:
        """Send a piece of the body; returns when the client has room for more.

        `last` says that `end` follows at once, so that both may go out together.
        Raises `ClientGone` when the client left.
        """
        ...

    async def end(self, trailers: Fields | None = None) -> None:
        """Finish the answer."""
        ...

    def abort(self) -> None:
        """Cut the connection, so that the answer never looks complete."""
        ...
