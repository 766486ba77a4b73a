"""Requests that break the grammar, or that two readers may take for different ones.

A fault is what is wrong, in several spellings; each is put into requests that
dice make of everything else. What nginx does with one is what was seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tests.differential.generation import SEED, lines, request_fields
from tests.vectors.tables import HOST

TIMES = 3
# Behind each fault, so that every reader finds an end.
LAST = b"GET /last HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % HOST


class Verdict(Enum):
    """Whose upstream gets to see a request with the fault."""

    NOBODY = "both refuse"
    NGINX = "only nginx passes it on"
    NGINX_TO_NOBODY = "nginx passes it on, and h11 behind it refuses it"
    US = "only wixproxy passes it on"
    BOTH = "both pass the same on"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in its spellings; `why` says what is meant by it where the two differ."""

    name: str
    spellings: tuple[bytes, ...]
    verdict: Verdict = Verdict.NOBODY
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request with a fault, and the last request behind it."""

    fault: Fault
    sent: bytes


def samples(seed: int = SEED) -> Iterator[Sample]:
    """Return every spelling of every fault, each in a few requests."""
    for kind, faults in KINDS.items():
        for fault in faults:
            for number, spelling in enumerate(fault.spellings * TIMES):
                dice = random.Random(f"{seed}:{fault.name}:{number}")
                yield Sample(fault, _written(dice, kind, spelling) + LAST)


def _written(dice: random.Random, kind: str, spelling: bytes) -> bytes:
    fields = [field for field in request_fields(dice) if field[0].lower() not in JUDGED]
    if kind == "lines":
        return spelling + b"\r\n" + _head(dice, fields)
    line = dice.choice((b"GET", b"POST", b"PUT")) + b" / HTTP/1.1\r\n"
    if kind == "bodies":
        return line + _head(dice, [*fields, (b"Transfer-Encoding", b"chunked")]) + spelling
    if kind == "hosts":
        fields = [field for field in fields if field[0].lower() != b"host"]
    head, _, body = spelling.partition(b"\r\n\r\n")
    return line + _head(dice, fields, head) + body


def _head(dice: random.Random, fields: list[tuple[bytes, bytes]], line: bytes = b"") -> bytes:
    dice.shuffle(fields)
    # Not as the first one: a folded line would be another fault there.
    place = dice.randrange(len(fields)) + 1 if fields else 0
    broken = line + b"\r\n" if line else b""
    return lines(dice, fields[:place]) + broken + lines(dice, fields[place:]) + b"\r\n"


# Nothing else shall be wrong, and no verdict shall depend on what else is said.
JUDGED = {
    *(b"connection", b"upgrade", b"content-type", b"user-agent", b"authorization", b"referer"),
    *(b"range", b"if-none-match", b"x-hop", b"max-forwards"),
}

FIELDS = [
    Fault(
        "a line that ends in LF alone",
        (b"A: b\nC: d", b"A: b\n"),
        Verdict.NGINX,
        "RFC 9112 §2.2 lets a reader take it, and readers that do not see another message",
    ),
    Fault("a CR within a value", (b"A: b\rc", b"A:\rb", b"A: b\r\r\rc")),
    Fault("a NUL", (b"A: b\0c", b"A\0: b")),
    Fault(
        "a control character in a value",
        (b"A: \x01", b"A: b\x7fc", b"A: \x1b[2J"),
        Verdict.NGINX,
        "RFC 9110 §5.5: it may be refused, and no honest client sends one",
    ),
    Fault(
        "a vertical tab or a form feed in a value",
        (b"A: b\x0bc", b"A: b\x0cc"),
        Verdict.NGINX_TO_NOBODY,
        "some readers take them for spaces",
    ),
    Fault("a space before the colon", (b"A : b", b"Content-Length : 0", b"Host : shop.test")),
    Fault("a folded line", (b"A: b\r\n c", b"A: b\r\n\tc", b"A:\r\n b")),
    Fault("a line that is no field", (b"GET / HTTP/1.1", b"no field")),
    Fault(
        "a name without a colon",
        (b"nothing",),
        Verdict.NGINX,
        "it writes the colon that is missing; we repair nothing",
    ),
    Fault("a field without a name", (b": b", b":")),
    Fault(
        "a name that is no token",
        (b"A@: b", b"(A): b", b"A/B: c", b'"A": b', b"A\xe4: b"),
        Verdict.NGINX_TO_NOBODY,
        "RFC 9110 §5.1; nginx is told here to pass on what it would else drop",
    ),
    Fault("two lengths", (b"Content-Length: 0\r\nContent-Length: 0",)),
    Fault(
        "a length that is no number",
        (b"Content-Length: +0", b"Content-Length: -0", b"Content-Length: 0x0"),
    ),
    Fault("a list of lengths", (b"Content-Length: 0, 0", b"Content-Length: 0 0")),
    Fault("an empty length", (b"Content-Length:",)),
    Fault("a length beyond all numbers", (b"Content-Length: " + b"9" * 40,)),
    Fault(
        "a length with leading zeros",
        (b"Content-Length: 00", b"Content-Length: 01\r\n\r\nx"),
        Verdict.NGINX,
        "a reader may take it for octal",
    ),
    Fault(
        "a length beside chunks",
        (
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ),
    ),
    Fault(
        "a coding that is not spoken",
        (
            b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: xchunked",
            b"Transfer-Encoding: identity",
            b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
            b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
    ),
    Fault(
        "a field twice that is no list, to us",
        (b"Content-Type: a/b\r\nContent-Type: c/d", b"User-Agent: a\r\nUser-Agent: b"),
        Verdict.NGINX,
        "RFC 9110 §5.3",
    ),
    Fault(
        "a field twice that is no list, to nginx",
        (
            b"Authorization: a\r\nAuthorization: b",
            b"If-None-Match: a\r\nIf-None-Match: b",
        ),
        Verdict.US,
        "nobody reads another message out of it, and the frontend may judge for itself",
    ),
    Fault(
        "a field twice that is no list, to nobody",
        (b"Range: bytes=0-1\r\nRange: bytes=2-3", b"Referer: a\r\nReferer: b"),
        Verdict.BOTH,
        "nobody reads another message out of it, and the frontend may judge for itself",
    ),
    Fault(
        "Connection that names what belongs to the message",
        (b"Connection: close, Host", b"Connection: Content-Length\r\nContent-Length: 0"),
        Verdict.NGINX,
        "without it the next reader would see another request",
    ),
    Fault(
        "an expectation that nobody knows",
        (b"Expect: 200-ok", b"Expect: y 100-continue"),
        Verdict.NGINX,
        "RFC 9110 §10.1.1: 417; nginx does not look",
    ),
]

HOSTS = [
    Fault("no host", (b"A: b",)),
    Fault("an empty host", (b"Host:", b"Host: ")),
    Fault("two hosts", (b"Host: shop.test\r\nHost: shop.test", b"Host: shop.test\r\nHost: a.test")),
    Fault(
        "a host that is none",
        (b"Host: shop.test/b", b"Host: a..b", b"Host: shop.test, a.test", b"Host: a b"),
    ),
    Fault(
        "a host that nobody is called",
        (b"Host: u@shop.test", b"Host: shop.test:99999", b"Host: [::1"),
        Verdict.NGINX,
        "it looks for the end of the name alone",
    ),
    Fault(
        "a host that is another's",
        (b"Host: a.test", b"Host: shop.test:81"),
        Verdict.NGINX,
        "a site has one name; nginx is told none to keep to",
    ),
]

LINES = [
    Fault("a version that is none", (b"GET / HTTP/01.1", b"GET / http/1.1", b"GET / HTTP/1")),
    Fault("a version that is not spoken", (b"GET / HTTP/2.0", b"GET / HTTP/0.9")),
    Fault(
        "a version that nobody speaks",
        (b"GET / HTTP/1.2", b"GET / HTTP/1.9"),
        Verdict.NGINX,
        "RFC 9112 §2.3 would have it taken for 1.1; nobody sends it who means well",
    ),
    Fault("a tab in the line", (b"GET\t/ HTTP/1.1", b"GET /\tHTTP/1.1")),
    Fault("a fragment", (b"GET /a#b HTTP/1.1", b"GET /# HTTP/1.1"), Verdict.NGINX, "RFC 9112 §3.2"),
    Fault(
        "a raw byte in the target",
        (b"GET /\xe4 HTTP/1.1", b"GET /?\xff HTTP/1.1"),
        Verdict.NGINX_TO_NOBODY,
        "RFC 9112 §3.2: a target is ASCII",
    ),
    Fault("a control character in the target", (b"GET /\x01 HTTP/1.1", b"GET /?\x7f HTTP/1.1")),
    Fault("a space in the target", (b"GET /a b HTTP/1.1", b"GET /?a b HTTP/1.1")),
    Fault("a target that is no path", (b"GET a HTTP/1.1", b"GET ?a HTTP/1.1", b"GET * HTTP/1.1")),
    Fault("a method in lower case", (b"get / HTTP/1.1", b"Get / HTTP/1.1")),
    Fault("a method that is no token", (b"G@T / HTTP/1.1", b"GE(T / HTTP/1.1")),
    Fault(
        "a method that nobody registered",
        (b"BREW / HTTP/1.1", b"GETT / HTTP/1.1"),
        Verdict.NGINX,
        "our parser knows the registered ones",
    ),
    Fault(
        "a question to the last hop",
        (b"OPTIONS / HTTP/1.1\r\nMax-Forwards: 0",),
        Verdict.NGINX,
        "RFC 9110 §7.6.2: no fault, but nothing to pass on",
    ),
    Fault("a method for proxies", (b"CONNECT shop.test:443 HTTP/1.1", b"TRACE / HTTP/1.1")),
    Fault(
        "chunks in HTTP/1.0",
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked",),
    ),
    Fault(
        "a path that leads out of the root",
        (b"GET /../x HTTP/1.1", b"GET /%2e%2e/x HTTP/1.1", b"GET /a/../../x HTTP/1.1"),
        Verdict.US,
        "a frontend gets its targets as they came; nginx looks for a file first",
    ),
    Fault(
        "an encoded NUL, or what encodes nothing",
        (b"GET /a%00 HTTP/1.1", b"GET /%zz HTTP/1.1", b"GET /% HTTP/1.1"),
        Verdict.US,
        "a frontend gets its targets as they came; nginx looks for a file first",
    ),
]

BODIES = [
    Fault(
        "a size that is no number",
        (b"0x1\r\nx\r\n0\r\n\r\n", b"+1\r\nx\r\n0\r\n\r\n", b"\r\nx\r\n0\r\n\r\n", b"g\r\n"),
    ),
    Fault("a size beyond all numbers", (b"F" * 17 + b"\r\nx\r\n0\r\n\r\n",)),
    Fault("a chunk longer than its size", (b"1\r\nxyz\r\n0\r\n\r\n", b"1\r\nx0\r\n\r\n")),
    Fault(
        "a chunk's size that ends in LF alone",
        (b"1\nx\r\n0\r\n\r\n",),
        Verdict.NGINX,
        "RFC 9112 §2.2 lets a reader take it, and readers that do not see another message",
    ),
    Fault(
        "spaces around a size",
        (b"1 \r\nx\r\n0\r\n\r\n", b"1\t\r\nx\r\n0\r\n\r\n"),
        Verdict.NGINX,
        "the grammar has none",
    ),
    Fault(
        "an extension without a name",
        (b"1;\r\nx\r\n0\r\n\r\n", b"1;\x01\r\nx\r\n0\r\n\r\n"),
        Verdict.NGINX,
        "it does not read extensions",
    ),
]

KINDS = {"fields": FIELDS, "hosts": HOSTS, "lines": LINES, "bodies": BODIES}
