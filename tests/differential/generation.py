"""Make conversations by dice: requests of every legal form, and the answers to them.

The same number gives the same conversation, on every machine and in any order.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

from tests.vectors.tables import HOST

SEED = 1121

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT")
TARGETS = (
    *("/", "//", "/a//b", "/./a/../b", "/a/", "/%7Euser", "/%7euser", "/a%2Fb", "/a%2fb"),
    *("/..;/x", "/a;p=1;q", "/a;", "/?", "/??", "/?a=1;b=2&a=2", "/?q=%2B+%20"),
    *("/?%zz", "/a?b?c=/../d", "/%E2%82%AC", "/!$&'()*+,;=:@-._~", "/a|b^c`{d}", '/"<>"'),
    *("/\\a", "/a:b", "/http://other.test/", "/%0d%0aX:%20y", "/_wixx", "/index.html"),
    *("/@vite/client", "/a?import&t=1", "/[x]?y[]=z"),
)
NAMES = (
    *("X-A", "x-b", "X-UPPER", "X_Under", "x.dot", "X!#$%&'*+^`|~", "Accept", "accept-language"),
    *(
        "User-Agent",
        "Referer",
        "Origin",
        "Cookie",
        "Authorization",
        "Cache-Control",
        "If-None-Match",
    ),
    *("Range", "X-Requested-With", "Content-Type", "ETag-Like", "DNT", "Sec-Fetch-Site"),
)
# What nobody may pass on, and what one of the two has rules of its own for.
HOP_NAMES = ("Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Trailer", "Upgrade")
CLAIM_NAMES = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "X-Wix-Identity")
RULED_NAMES = ("Max-Forwards", "Proxy", "Content_Length", "Transfer.Encoding", "Via")
ANSWER_NAMES = (
    *("X-A", "x-b", "X-UPPER", "X_Under", "Cache-Control", "Vary", "ETag", "Link", "Set-Cookie"),
    *("set-cookie", "Location", "Content-Language", "WWW-Authenticate", "Age", "Via", "Warning"),
    *("Access-Control-Allow-Origin", "Content-Security-Policy", "Retry-After", "Allow"),
)
# RFC 9110 §5.3: no list, so that two of them are a fault; each of the two refuses some.
ONCE = frozenset(
    {
        *("age", "authorization", "content-type", "etag", "if-none-match", "location", "range"),
        *("referer", "retry-after", "user-agent"),
    }
)
STATUSES = (200, 200, 200, 201, 202, 203, 204, 205, 206, 207, 300, 301, 302, 303, 304, 307, 308)
REFUSALS = (400, 401, 402, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 418, 422, 429, 431)
FAILURES = (451, 499, 500, 501, 502, 503, 504, 511, 599)
REASONS = {200: "OK", 404: "Not Found", 500: "Internal Server Error", 304: "Not Modified"}
DATE = "Thu, 26 Nov 2026 12:00:00 GMT"

# Any byte as one that a value may hold: obs-text, and what is visible (RFC 9110 §5.5).
OBSOLETE = bytes(0x80 | byte for byte in range(256))
VISIBLE = bytes(0x21 + byte % 94 for byte in range(256))

Pieces = list[bytes]


@dataclass(frozen=True, slots=True)
class Turn:
    """One request, the answer that the upstream gives, and both as they are cut up."""

    method: str
    request: Pieces
    body: bytes
    answer: Pieces
    answer_body: bytes
    then_closes: bool

    @property
    def is_old(self) -> bool:
        """Tell whether the client speaks HTTP/1.0."""
        return b" HTTP/1.0\r\n" in b"".join(self.request)

    @property
    def answer_line(self) -> bytes:
        """The status line of the upstream."""
        return b"".join(self.answer).partition(b"\r\n")[0]

    @property
    def has_chunks(self) -> bool:
        """Tell whether the request's body comes in chunks, behind which we end a connection."""
        head = b"".join(self.request).partition(b"\r\n\r\n")[0]
        return b"\r\ntransfer-encoding:" in head.lower()


def conversation(number: int, seed: int = SEED) -> list[Turn]:
    """Return what one client asks, and what it is answered."""
    dice = random.Random(f"{seed}:{number}")
    return [_turn(dice) for _ in range(dice.choice((1, 1, 1, 2, 3)))]


def _turn(dice: random.Random) -> Turn:
    method = dice.choice(METHODS)
    request, body = _request(dice, method)
    answer, answer_body, then_closes = _answer(dice, method)
    return Turn(method, request, body, answer, answer_body, then_closes)


def _request(dice: random.Random, method: str) -> tuple[Pieces, bytes]:
    is_old = dice.random() < 0.1
    fields = request_fields(dice)
    body = b""
    framed = b""
    if method in {"POST", "PUT", "PATCH", "REPORT"} or dice.random() < 0.1:
        body = dice.randbytes(dice.choice((0, 1, 2, 100, 5_000)))
        if is_old or dice.random() < 0.5:
            fields.append((_spelt(dice, "Content-Length"), b"%d" % len(body)))
            framed = body
        else:
            fields.append((_spelt(dice, "Transfer-Encoding"), _spelt(dice, "chunked")))
            framed = _chunked(dice, body)
    dice.shuffle(fields)
    version = b"HTTP/1.0" if is_old else b"HTTP/1.1"
    head = b"%b %b %b\r\n" % (method.encode(), _target(dice), version)
    return _cut(dice, head + lines(dice, fields) + b"\r\n" + framed), body


def request_fields(dice: random.Random) -> list[tuple[bytes, bytes]]:
    """Return fields that are legal in any request, `Host` among them."""
    fields = [(_spelt(dice, "Host"), HOST)]
    fields += _several(dice, NAMES, dice.choice((0, 1, 3, 8, 20)))
    if dice.random() < 0.2:
        fields.append(_hop(dice, dice.choice(HOP_NAMES)))
    if dice.random() < 0.02:
        return _websocket(dice, fields)
    if dice.random() < 0.1:
        fields.append((dice.choice(CLAIM_NAMES).encode(), b"192.0.2.%d" % dice.randrange(256)))
    if dice.random() < 0.1:
        fields.append((dice.choice(RULED_NAMES).encode(), b"%d" % dice.randrange(1, 9)))
    if dice.random() < 0.2:
        fields += _connection(dice, fields)
    return fields


def _websocket(dice: random.Random, fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    # Whom a page of another site would be answered by is no matter of the wire.
    fields = [field for field in fields if field[0].lower() not in {b"origin", b"sec-fetch-site"}]
    return [*fields, (b"Upgrade", b"websocket"), (b"Connection", _spelt(dice, "Upgrade"))]


def _target(dice: random.Random) -> bytes:
    target = dice.choice(TARGETS)
    if dice.random() < 0.1:
        target += ("&" if "?" in target else "?") + "x" * dice.choice((10, 1_000, 8_000))
    if dice.random() < 0.05:
        target = f"https://{HOST.decode()}{target}"
    return target.encode()


def _several(dice: random.Random, names: tuple[str, ...], count: int) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for name in dice.choices(names, k=count):
        if name.lower() not in ONCE or name.lower().encode() not in {n.lower() for n, _ in found}:
            found.append(_field(dice, name))
    return found


def _field(dice: random.Random, name: str) -> tuple[bytes, bytes]:
    kind = dice.randrange(6)
    if kind == 0:
        value = b""
    elif kind == 1:
        value = dice.randbytes(dice.randrange(1, 20)).translate(OBSOLETE)
    elif kind == 2:
        value = b'"quoted, \\"text\\"", a=b;\tc  d'
    else:
        value = dice.randbytes(dice.choice((1, 10, 300))).translate(VISIBLE)
    return _spelt(dice, name), value


def _hop(dice: random.Random, name: str) -> tuple[bytes, bytes]:
    values = {
        "TE": ("trailers", "gzip;q=0.5, trailers", "gzip"),
        "Upgrade": ("h2c", "websocket"),
        "Trailer": ("X-Sum",),
        "Keep-Alive": ("timeout=5, max=9",),
    }
    return _spelt(dice, name), dice.choice(values.get(name, ("x",))).encode()


def _connection(
    dice: random.Random, fields: list[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """Return a `Connection` field that names some of the fields, and one that is named."""
    # Naming what belongs to the message is a fault, and among the malformed ones.
    names = [name for name, _ in fields if name.lower() not in {b"host", b"content-length"}]
    dice.shuffle(names)
    options = [_spelt(dice, name.decode()) for name in names[: dice.randrange(3)]]
    options += [b"x-hop", *dice.choice(([], [b"close"], [b"keep-alive"], [b""]))]
    dice.shuffle(options)
    value = dice.choice((b",", b", ", b" ,\t")).join(options)
    return [(_spelt(dice, "Connection"), value), (b"X-Hop", b"1")]


def _answer(dice: random.Random, method: str) -> tuple[Pieces, bytes, bool]:
    status = dice.choice(dice.choice((STATUSES, STATUSES, REFUSALS, FAILURES)))
    reason = REASONS.get(status, dice.choice(("", "As It Is")))
    fields = _answer_fields(dice)
    has_body = method != "HEAD" and status not in {204, 304}
    body = dice.randbytes(dice.choice((0, 1, 2, 1_000, 20_000)))
    framing, framed = dice.choice(("counted", "chunked", "closes")), body
    if framing == "counted":
        fields.append((_spelt(dice, "Content-Length"), b"%d" % len(body)))
    elif framing == "chunked" and has_body:
        fields.append((b"Transfer-Encoding", b"chunked"))
        framed = _chunked(dice, body, trailer=dice.random() < 0.2)
    if not has_body:
        body = framed = b""
    dice.shuffle(fields)
    head = f"HTTP/1.1 {status} {reason}\r\n".encode() + lines(dice, fields) + b"\r\n"
    return _cut(dice, head + framed), body, framing == "closes" and has_body


def _answer_fields(dice: random.Random) -> list[tuple[bytes, bytes]]:
    found = _several(dice, ANSWER_NAMES, dice.choice((0, 1, 3, 8)))
    if dice.random() < 0.7:
        found.append((b"Date", DATE.encode()))
    if dice.random() < 0.5:
        found.append((_spelt(dice, "Server"), b"mine/1 (x)"))
    if dice.random() < 0.7:
        found.append((_spelt(dice, "Content-Type"), b"text/plain"))
    if dice.random() < 0.1:
        found.append((b"Last-Modified", DATE.encode()))
    if dice.random() < 0.1:
        found.append(_hop(dice, dice.choice(("Keep-Alive", "Proxy-Authenticate"))))
    if dice.random() < 0.1:
        found += [(b"Connection", b"x-hop, keep-alive"), (b"X-Hop", b"1")]
    return found


def lines(dice: random.Random, fields: list[tuple[bytes, bytes]]) -> bytes:
    """Write the fields, with spaces around the values as the grammar leaves them free."""
    return b"".join(
        b"%b:%b%b%b\r\n" % (name, dice.choice((b"", b" ", b" ", b"  ")), value, tail)
        for name, value in fields
        for tail in [dice.choice((b"", b"", b"", b" "))]
    )


def _spelt(dice: random.Random, name: str) -> bytes:
    spell = dice.choice((str, str, str.lower, str.upper))
    return spell(name).encode()


def _chunked(dice: random.Random, body: bytes, *, trailer: bool = False) -> bytes:
    """Cut the body into chunks of any size, written in any way that the grammar allows."""
    parts, rest = [], body
    while rest:
        size = dice.choice((1, 2, 16, 1_000, len(rest)))
        piece, rest = rest[:size], rest[size:]
        form = dice.choice((b"%x", b"%X", b"0%x", b"%x;a=b", b'%x;c="d e"'))
        parts.append(form % len(piece) + b"\r\n" + piece + b"\r\n")
        if len(parts) > 50:
            parts.append(b"%x\r\n%b\r\n" % (len(rest), rest) if rest else b"")
            break
    parts.append(b"0\r\n" + (b"X-Sum: 7\r\n" if trailer else b"") + b"\r\n")
    return b"".join(parts)


def _cut(dice: random.Random, data: bytes) -> Pieces:
    """Cut the bytes at up to three places, anywhere."""
    places = sorted(dice.randrange(1, len(data)) for _ in range(dice.choice((0, 0, 1, 3))))
    edges = [0, *places, len(data)]
    pieces = (data[start:end] for start, end in itertools.pairwise(edges))
    return [piece for piece in pieces if piece]
