r"""Read the tables of vectors: what is sent, and what each side must see of it.

A block is one row of the table of correctness vectors:

    V4. A length with two readings
        > {POST}Content-Length: +1⏎⏎x
        > {POST}Content-Length: 010⏎⏎0123456789
        client    400 closed
        upstream  nothing

`>` is what the client sends and `<` what the upstream answers; each such line
is a case of its own, held to all that the block expects. `{POST}` and `{GET}`
are the beginning of a head, `{a*90}` is a repetition, `⏎` is CRLF, and `\xe9`
a byte. The expectations:

    client    400 closed     statuses, interim ones too, `400|431` for either; then the
                             connection is open, closed, or cut in the middle of an answer
    client    has A: b       a field of the last answer; lacks A, names A: none, or any, so called
    client    body text      the last answer's body, exactly; says text: a part of it
    client    trailer A: b   behind the body; hints A: b: in an interim answer
    client    reason text    in the status line
    client    hides text     nowhere in what was sent
    upstream  nothing        not one byte came; unfinished: no request came to its end
    upstream  GET /a body    a whole request; several lines are several requests
    upstream  has A: b       a field of the last request; lacks A: none so called
    upstream  raw text       among the bytes that came; client raw: that were sent
    upstream  unchanged      the target, as it was sent
    upstream  closes         behind its answer; or resets
    pool      kept           the upstream's connection serves again; or dropped
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

HOST = b"shop.test"
FOLDER = Path(__file__).parent
BEGINNINGS = {
    f"{{{method}}}": f"{method} / HTTP/1.1⏎Host: {HOST.decode()}⏎"
    for method in ("GET", "HEAD", "POST", "OPTIONS")
}
_TITLE = re.compile(r"(V\d+b?(?:, V\d+b?)*)\.? .+")
_REPEATED = re.compile(r"\{([^{}]+)\*(\d+)\}")
_METHOD = re.compile(rb"([A-Z]+) +\S+ +HTTP/1")
_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|[nrt0\\])")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
ENDINGS = ("open", "closed", "cut")
SEEN_BY_CLIENT = frozenset(
    {"has", "lacks", "names", "body", "says", "trailer", "hints", "reason", "raw", "hides"}
)
SEEN_BY_UPSTREAM = frozenset({"nothing", "unfinished", "unchanged", "has", "lacks", "raw"})

Field = tuple[bytes, bytes]


@dataclass
class Case:
    """One vector: bytes in, and all that is expected of both sides."""

    name: str
    sent: bytes
    answered: bytes | None
    statuses: list[set[int]] = field(default_factory=list)
    ending: str = ""
    client: list[tuple[str, bytes]] = field(default_factory=list)
    upstream: list[tuple[str, bytes]] = field(default_factory=list)
    upstream_then: str = "stays"
    pool: str = ""

    @property
    def final_answers(self) -> int:
        """How many answers come that are not interim ones."""
        return sum(min(status) >= 200 for status in self.statuses)

    @property
    def methods(self) -> list[bytes]:
        """The methods of all requests that are sent, as far as they can be made out."""
        return _METHOD.findall(self.sent)


def rows(text: str) -> list[str]:
    """Return the rows that a text begins with: "V70, V70b. Something" names two."""
    found = _TITLE.match(text)
    return found[1].split(", ") if found else []


def table(name: str) -> list[Case]:
    """Return all cases of one table."""
    return read((FOLDER / name).read_text())


def read(text: str) -> list[Case]:
    """Read the cases of a table; raise ValueError for a block that makes no sense."""
    cases: list[Case] = []
    for block in re.split(r"\n(?=V\d)", text):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            cases += _block(lines)
    return cases


def _block(lines: list[str]) -> list[Case]:
    title, *indented = lines
    if not rows(title):
        raise ValueError(f"expected 'V1. What is shown', found {title!r}")
    sends, answers, expectations = [], [], []
    for line in indented:
        kind, _, rest = line.strip().partition(" ")
        if kind == ">":
            sends.append(written(rest))
        elif kind == "<":
            answers.append(written(rest))
        else:
            expectations.append((kind, rest.strip()))
    pairs = [(s, a) for s in sends or [written("{GET}⏎")] for a in answers or [None]]
    name = title.replace(".", "", 1)
    cases = [
        Case(name if len(pairs) == 1 else f"{name} ({number})", sent, answered)
        for number, (sent, answered) in enumerate(pairs, 1)
    ]
    for case in cases:
        for kind, text in expectations:
            _expect(case, kind, text)
        if not case.statuses and case.ending != "cut":
            raise ValueError(f"{title}: nothing is said of what the client sees")
        if case.answered is None and not case.upstream:
            raise ValueError(f"{title}: nothing is said of what the upstream sees")
    return cases


def _expect(case: Case, kind: str, text: str) -> None:
    word, _, rest = text.partition(" ")
    if kind == "client" and word in SEEN_BY_CLIENT:
        case.client.append((word, written(rest)))
    elif kind == "client":
        *statuses, case.ending = text.split()
        case.statuses = [{int(one) for one in status.split("|")} for status in statuses]
        if case.ending not in ENDINGS:
            raise ValueError(f"{case.name}: expected one of {ENDINGS}, found {case.ending!r}")
    elif kind == "upstream" and word in {"closes", "resets"}:
        case.upstream_then = word
    elif kind == "upstream" and word in SEEN_BY_UPSTREAM:
        case.upstream.append((word, written(rest)))
    elif kind == "upstream" and word.isupper():
        case.upstream.append(("request", written(text)))
    elif kind == "pool" and text in {"kept", "dropped"}:
        case.pool = text
    else:
        raise ValueError(f"{case.name}: unknown expectation {kind!r} {text!r}")


def written(text: str) -> bytes:
    """Return the bytes that a text of a table stands for."""
    for short, long in BEGINNINGS.items():
        text = text.replace(short, long)
    text = _REPEATED.sub(lambda found: found[1] * int(found[2]), text)
    data = text.replace("⏎", "\r\n").encode("ascii")
    return _ESCAPE.sub(_byte, data)


def _byte(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    return _PLAIN.get(escaped) or bytes([int(escaped[1:], 16)])
