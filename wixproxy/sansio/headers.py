"""Read header fields, and decide which of them travel on.

Names are compared without case (RFC 9110 §5.1), values are bytes and are
never re-encoded. What belongs to one connection stays on it (RFC 9110
§7.6.1): the fields below, and every field that `Connection` nominates.
Framing is made anew on each side, so a field that some reader could mistake
for framing (`Transfer_Encoding`) never passes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import product

from ..errors import MalformedRequest, UpstreamMalformed
from .exchange import Fields, Head, Request
from .names import Remembered


def _spellings(names: Iterable[bytes]) -> frozenset[bytes]:
    """Return the names in every spelling that `folded` takes for them."""
    return frozenset(
        b"".join(parts)
        for name in names
        for parts in product(*([b"-", b"_", b"."] if c == 45 else [bytes([c])] for c in name))
    )


# RFC 9110 §7.6.1, and what RFC 2616 and practice add. HTTP2-Settings goes
# with an upgrade to h2c, which is never tunnelled: behind it nothing could
# be judged any more.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_LOOKS_LIKE_FRAMING = _spellings([b"content-length"]) - {b"content-length"}
_NOT_ANSWERED = _spellings(HOP_BY_HOP) | _LOOKS_LIKE_FRAMING
# CGI hands `Proxy` to programs as HTTP_PROXY (CVE-2016-5385). Who expects to be
# asked for a body is asked by us, when we begin to read it.
_NOT_SENT = _NOT_ANSWERED | {b"proxy", b"expect"}

_IS_ANSWERED = Remembered(lambda name: name.lower() not in _NOT_ANSWERED)
_IS_SENT = Remembered(lambda name: name.lower() not in _NOT_SENT)
_PERSISTENCE = frozenset({b"close", b"keep-alive"})

# RFC 9110 §6.5.1: a trailer never frames, routes, authenticates or modifies.
_NOT_IN_TRAILERS = _NOT_ANSWERED | {
    b"age",
    b"authorization",
    b"cache-control",
    b"content-encoding",
    b"content-length",
    b"content-range",
    b"content-type",
    b"cookie",
    b"date",
    b"expires",
    b"expect",
    b"host",
    b"location",
    b"max-forwards",
    b"pragma",
    b"range",
    b"retry-after",
    b"set-cookie",
    b"vary",
    b"warning",
    b"www-authenticate",
}

# 18 digits stay below 2^63, which every reader can hold; a leading zero may mean octal.
IS_LENGTH = re.compile(rb"0|[1-9][0-9]{0,17}").fullmatch
"""Match the value of a Content-Length that all readers understand alike (RFC 9110 §8.6)."""

_HOPS = re.compile(rb"[0-9]{1,9}").fullmatch


def named(fields: Fields) -> Mapping[bytes, tuple[bytes, ...]]:
    """Return the values of each field by its name in lower case."""
    return fields.named if type(fields) is Head else Head(fields).named


def get(fields: Fields, name: bytes) -> bytes | None:
    """Return the first value of the field called `name` (lower case), or None."""
    if type(fields) is Head:
        values = fields.named.get(name)
        return values[0] if values else None
    # Most names differ in length already, which costs no copy to see.
    size = len(name)
    for field_name, value in fields:
        if len(field_name) == size and field_name.lower() == name:
            return value
    return None


def get_all(fields: Fields, name: bytes) -> list[bytes]:
    """Return every value of the field called `name` (lower case), in order."""
    if type(fields) is Head:
        return list(fields.named.get(name, ()))
    size = len(name)
    return [
        value
        for field_name, value in fields
        if len(field_name) == size and field_name.lower() == name
    ]


def has_any(fields: Fields, names: AbstractSet[bytes]) -> bool:
    """Tell whether a field has one of these names (lower case)."""
    if type(fields) is Head:
        return not names.isdisjoint(fields.named)
    return any(name.lower() in names for name, _ in fields)


def without(fields: Fields, names: Container[bytes]) -> Fields:
    """Return the fields whose lower-case name is not in `names`."""
    return [field for field in fields if field[0].lower() not in names]


def folded(name: bytes) -> bytes:
    """Return the name as CGI-like servers see it: lower case, `_` and `.` read as `-`.

    A client that sends `X_Wix_Identity` must not be able to speak for us
    towards an upstream that folds the names (CVE-2025-64484).
    """
    return name.lower().replace(b"_", b"-").replace(b".", b"-")


def tokens(fields: Fields, name: bytes) -> list[bytes]:
    """Return the members of a comma-separated field in lower case, empty ones left out."""
    values = get_all(fields, name)
    if not values:
        return []
    value = values[0] if len(values) == 1 else b",".join(values)
    # "keep-alive" and "close" come with every message.
    return list(_MEMBERS[value])


def _members(value: bytes) -> list[bytes]:
    members = value.lower().split(b",")
    return [member for listed in members if (member := listed.strip(b" \t"))]


_MEMBERS = Remembered(_members)


def takes_trailers(fields: Fields) -> bool:
    """Tell whether the sender of these request fields can read trailers (RFC 9110 §10.1.4)."""
    return get(fields, b"te") is not None and b"trailers" in tokens(fields, b"te")


def is_last_of_old_client(request: Request) -> bool:
    """Tell whether an HTTP/1.0 client says `close`, also beside keep-alive (RFC 9112 §9.3).

    The parser lets keep-alive win there, and knows 1.1 as the RFC does.
    """
    return request.version < (1, 1) and b"close" in tokens(request.fields, b"connection")


def is_websocket_upgrade(request: Request) -> bool:
    """Tell whether the request asks for a WebSocket (RFC 6455 §4.1), and for nothing else.

    `Upgrade: , websocket` would mean the same, but the client's side is read by a
    parser for which it does not, and which would take the first frames for a request.
    """
    return (
        request.method == "GET"
        and request.version == (1, 1)
        and get(request.fields, b"upgrade") is not None
        and not request.has_body
        and [value.strip(b" \t").lower() for value in get_all(request.fields, b"upgrade")]
        == [b"websocket"]
        and b"upgrade" in tokens(request.fields, b"connection")
    )


def request_fields(fields: Fields, *, websocket: bool = False) -> Fields:
    """Return the request's fields that travel on, in their order.

    `TE` is cut down to `trailers`, and `Max-Forwards` by one. With
    `websocket` the two upgrade fields are written anew. Raises
    `MalformedRequest` when `Connection` nominates `Host` or
    `Content-Length`: with one of them gone, the next reader would see another
    request.
    """
    nominated = set(tokens(fields, b"connection"))
    if fatal := nominated & {b"host", b"content-length"}:
        name = min(fatal).decode().title()
        raise MalformedRequest(f"Connection must not name {name}, which belongs to the request.")
    kept = _travelling(fields, _IS_SENT, nominated)
    if get(fields, b"max-forwards") is not None:
        kept = [(name, _one_hop_less(name, value)) for name, value in kept]
    if takes_trailers(fields):
        kept.append((b"TE", b"trailers"))
    if websocket:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    return kept


def _one_hop_less(name: bytes, value: bytes) -> bytes:
    hops = value.strip(b" \t")
    if name.lower() != b"max-forwards" or not _HOPS(hops) or not int(hops):
        return value
    return b"%d" % (int(hops) - 1)


def is_last_hop(request: Request) -> bool:
    """Tell whether the request asks the proxy itself for its options (RFC 9110 §7.6.2)."""
    hops = get(request.fields, b"max-forwards") if request.method == "OPTIONS" else None
    return hops is not None and _HOPS(hops.strip(b" \t")) is not None and int(hops) == 0


def answer_fields(fields: Fields, status: int = 200) -> Fields:
    """Return an answer's fields that travel on, in their order.

    A 101 keeps its upgrade. 1xx and 204 lose Content-Length (RFC 9110 §8.6).
    Raises `UpstreamMalformed` when `Connection` nominates `Content-Length`.
    """
    nominated = set(tokens(fields, b"connection"))
    if b"content-length" in nominated:
        raise UpstreamMalformed("The answer's Connection field names Content-Length.")
    if status < 200 or status == 204:
        nominated.add(b"content-length")
    kept = _travelling(fields, _IS_ANSWERED, nominated)
    if status == 101 and (protocol := get(fields, b"upgrade")) is not None:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", protocol)]
    return kept


def interim_fields(fields: Fields, status: int) -> Fields:
    """Return the fields of a 1xx answer that travel on.

    A cookie is set by a final answer alone, where the session has its say in
    it. Raises as `answer_fields` does.
    """
    return without(answer_fields(fields, status), {b"set-cookie"})


def trailer_fields(fields: Fields) -> Fields:
    """Return the trailers that may travel on."""
    return without(fields, _NOT_IN_TRAILERS)


def _travelling(fields: Fields, travels: Remembered[bool], nominated: set[bytes]) -> Fields:
    kept = [field for field in fields if travels[field[0]]]
    # `close` and `keep-alive` are no names of fields, and usually all there is.
    nominated -= _PERSISTENCE
    return without(kept, nominated) if nominated else kept
