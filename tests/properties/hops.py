"""Heads full of what ends at the next hop, in every spelling; and what of them travels on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.vectors.readers import Answer, Fields
from tests.vectors.scene import Scene
from tests.vectors.tables import HOST
from wixproxy.sansio.headers import folded

# RFC 9110 §7.6.1, and those before it; kept here so that no table of ours judges itself.
HOP_BY_HOP = (
    *("Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization"),
    *("Proxy-Authentication-Info", "Proxy-Connection", "TE", "Trailer", "Upgrade"),
    *("HTTP2-Settings", "Transfer-Encoding"),
)
FRAMING = ("Connection", "Transfer-Encoding")
END_TO_END = ("Accept", "X-A", "x-b", "X_C", "X.D", "Cache-Control", "If-Match", "Warning", "Via-X")
NOMINATED = ("X-Hop", "x-secret", "X-STEP", "Accept-Language", "Pragma", "X-Last")
FORBIDDEN_TRAILERS = ("Set-Cookie", "Authorization", "Content-Type", "Proxy-Connection", "Age")


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of one head: `kept` travel on in this order, `others` end here."""

    fields: Fields
    kept: Fields
    names_that_end: frozenset[bytes]


async def exchange_heads(scene: Scene, count: int, seed: int) -> list[str]:
    """Send so many requests and answers; return what travelled that should not, or did not."""
    found = []
    for number in range(count):
        dice = random.Random(f"{seed}:{number}")
        asked, answered = head(dice), head(dice)
        takes_trailers = dice.random() < 0.5
        if takes_trailers:
            value = dice.choice((b"trailers", b"gzip;q=0.5, Trailers", b"TRAILERS,deflate"))
            asked = Head(
                [*asked.fields, (spelt(dice, "te"), value)], asked.kept, asked.names_that_end
            )
        trailers = [(b"X-Sum", b"7"), (dice.choice(FORBIDDEN_TRAILERS).encode(), b"evil")]
        answer, request_fields = await _exchanged(scene, asked, answered, trailers)
        told = f"seed {seed}, exchange {number}"
        travelled = [f for f in request_fields if f != (b"TE", b"trailers")]
        found += _judged(f"{told}, request", asked, travelled)
        if (len(travelled) < len(request_fields)) is not takes_trailers:
            found.append(f"{told}: TE did not follow its rule: {request_fields}")
        found += _judged(f"{told}, answer", answered, answer.fields)
        if answer.trailers != trailers[:1] * takes_trailers:
            found.append(f"{told}: trailers did not follow their rule: {answer.trailers}")
    return found


def head(dice: random.Random) -> Head:
    """Return what travels, what never does, and what `Connection` names, in any order."""
    kept = [(spelt(dice, name), b"%d" % n) for n, name in enumerate(dice.choices(END_TO_END, k=4))]
    ending = _hops(dice) + _nominated(dice)
    names = frozenset(folded(name) for name, _ in ending)
    return Head(_mixed(dice, kept, ending), kept, names)


def _hops(dice: random.Random) -> Fields:
    """Return fields that never travel; who folds names sees no odd one (CVE-2025-64484)."""
    # TE has a rule of its own; Connection and the coding are written elsewhere.
    names = dice.sample([n for n in HOP_BY_HOP if n not in {"TE", *FRAMING}], k=dice.randrange(5))
    return [(spelt(dice, name.replace("-", dice.choice("--_."))), b"x") for name in names]


def _nominated(dice: random.Random) -> Fields:
    """Return fields that `Connection` names, and it, in one field or two."""
    named = dice.sample(NOMINATED, k=dice.randrange(1, 4))
    options = [*(spelt(dice, name) for name in named), *dice.choice(([], [b""], [b"keep-alive"]))]
    dice.shuffle(options)
    place = dice.randrange(len(options) + 1)
    comma = dice.choice((b",", b", ", b" , ", b",,", b"\t,"))
    lists = [comma.join(part) for part in (options[:place], options[place:]) if part]
    fields = [(spelt(dice, name), b"hop") for name in named for _ in range(dice.choice((1, 2)))]
    return fields + [(spelt(dice, "Connection"), listed) for listed in lists]


def _mixed(dice: random.Random, kept: Fields, ending: Fields) -> Fields:
    """Put the others in between, and leave those that travel in their order."""
    mixed = list(kept)
    for field in ending:
        mixed.insert(dice.randrange(len(mixed) + 1), field)
    return mixed


async def _exchanged(
    scene: Scene, asked: Head, answered: Head, trailers: Fields
) -> tuple[Answer, Fields]:
    """Send one request and its answer; return what each side got of the other's head."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + _lines(answered.fields)
    scene.upstream.answers.append(
        (answer + b"\r\n2\r\nok\r\n0\r\n" + _lines(trailers) + b"\r\n", "stays")
    )
    client = await scene.client(
        b"GET / HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (HOST, _lines(asked.fields))
    )
    received = await client.answer()
    client.writer.close()
    return received, scene.upstream.requests[-1].fields


def _judged(what: str, head: Head, travelled: Fields) -> list[str]:
    found = []
    hops = {folded(name.encode()) for name in HOP_BY_HOP} | head.names_that_end
    # The framing of this connection is its own.
    own = {(b"Transfer-Encoding", b"chunked"), (b"Connection", b"close")}
    survivors = [f for f in travelled if folded(f[0]) in hops and f not in own]
    if survivors:
        found.append(f"{what}: {survivors} survived of {head.fields}")
    names = {name.lower() for name, _ in head.kept}
    if [field for field in travelled if field[0].lower() in names] != head.kept:
        found.append(f"{what}: expected {head.kept}, found {travelled}")
    return found


def _lines(fields: Fields) -> bytes:
    return b"".join(b"%b: %b\r\n" % field for field in fields)


def spelt(dice: random.Random, name: str) -> bytes:
    """Return the name in any mixture of cases."""
    return "".join(dice.choice((str.lower, str.upper))(one) for one in name).encode()
