"""Where wixproxy and nginx may differ on what is legal: a table, and nothing beside it.

Each entry takes one difference away from what the two saw, and only that one:
what it does not expect it leaves standing, to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tests.differential.generation import Turn
from tests.differential.playing import Seen
from tests.vectors.readers import Answer, Asked, Fields, values
from tests.vectors.tables import HOST

ACCOUNT = (
    (b"X-Forwarded-For", b"127.0.0.1"),
    (b"X-Forwarded-Host", HOST),
    (b"X-Forwarded-Proto", b"https"),
    (b"X-Forwarded-Port", b"443"),
    (b"Forwarded", b"for=127.0.0.1;host=%b;proto=https" % HOST),
)
CLAIMS = {b"x-forwarded-for", b"x-forwarded-host", b"forwarded", b"x-real-ip", b"x-wix-identity"}
HOP_BY_HOP = {b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"trailer"}
MISREAD = {b"content_length", b"transfer.encoding", b"proxy"}
# What nginx writes in front of all other fields, in lower case here.
IN_FRONT = (
    *(b"server", b"date", b"content-type", b"content-length", b"last-modified"),
    b"transfer-encoding",
)
FRAMING = {b"content-length", b"transfer-encoding"}

Level = Callable[[list[Turn], Seen, Seen], None]
LevelRequest = Callable[[Turn, Asked, Asked], None]
LevelAnswer = Callable[[Turn, Answer, Answer], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: what it is, why it is meant, and how it is taken away."""

    name: str
    why: str
    level: Level


def in_requests(level: LevelRequest) -> Level:
    """Take a difference away from each request, ours and theirs."""

    def level_all(turns: list[Turn], ours: Seen, theirs: Seen) -> None:
        for turn, mine, other in zip(turns, ours.requests, theirs.requests, strict=True):
            level(turn, mine, other)

    return level_all


def in_answers(level: LevelAnswer) -> Level:
    """Take a difference away from each answer, ours and theirs."""

    def level_all(turns: list[Turn], ours: Seen, theirs: Seen) -> None:
        for turn, mine, other in zip(turns, ours.answers, theirs.answers, strict=True):
            level(turn, mine, other)

    return level_all


def _account(turn: Turn, mine: Asked, other: Asked) -> None:
    for field in ACCOUNT:
        if mine.fields.count(field) == 1:
            mine.fields.remove(field)


def _via(turn: Turn, mine: Asked, other: Asked) -> None:
    ours = (b"1.0 " if turn.is_old else b"1.1 ") + b"wixproxy-"
    written = [n for n, (name, value) in enumerate(mine.fields) if value.startswith(ours)]
    if len(written) == 1 and mine.fields[written[0]][0] == b"Via":
        del mine.fields[written[0]]


def _ends_here(names: Collection[bytes]) -> LevelRequest:
    """Take away what the client sent under these names and nginx passes on."""

    def level(turn: Turn, mine: Asked, other: Asked) -> None:
        sent = [field for field in fields_of(turn.request) if field[0].lower() in names]
        other.fields = [field for field in other.fields if field not in sent]

    return level


def _nominated(turn: Turn, mine: Asked, other: Asked) -> None:
    other.fields = without(other.fields, nominated(fields_of(turn.request)))


def _te(turn: Turn, mine: Asked, other: Asked) -> None:
    if b"trailers" in b"".join(values(fields_of(turn.request), b"TE")).lower():
        mine.fields = [field for field in mine.fields if field != (b"TE", b"trailers")]


def _websocket(turn: Turn, mine: Asked, other: Asked) -> None:
    sent = fields_of(turn.request)
    if values(sent, b"Upgrade") == [b"websocket"] and b"upgrade" in nominated(sent):
        asked = {(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")}
        mine.fields = [field for field in mine.fields if field not in asked]


def _max_forwards(turn: Turn, mine: Asked, other: Asked) -> None:
    other.fields = [
        (name, b"%d" % (int(value) - 1))
        if name.lower() == b"max-forwards" and int(value) > 0
        else (name, value)
        for name, value in other.fields
    ]


def _counted(turn: Turn, mine: Asked, other: Asked) -> None:
    counted = (b"Content-Length", b"%d" % len(turn.body))
    if turn.has_chunks and counted in other.fields:
        other.fields[other.fields.index(counted)] = (b"Transfer-Encoding", b"chunked")


def _framing_first(turn: Turn, mine: Asked, other: Asked) -> None:
    for asked in (mine, other):
        framing = [(n.lower(), v) for n, v in asked.fields if n.lower() in FRAMING]
        asked.fields = framing + without(asked.fields, FRAMING)


def _closed_behind(turns: list[Turn], ours: Seen, theirs: Seen) -> None:
    for number, turn in enumerate(turns):
        if turn.has_chunks or values(fields_of(turn.request), b"Upgrade"):
            theirs.went_on[number] &= ours.went_on[number]


def _reason(turn: Turn, mine: Answer, other: Answer) -> None:
    line = turn.answer_line.split(b" ", 2)
    if other.reason == line[2]:
        mine.reason = other.reason


def _hops_answered(turn: Turn, mine: Answer, other: Answer) -> None:
    fields = fields_of(turn.answer)
    other.fields = without(other.fields, HOP_BY_HOP | nominated(fields))


def _no_content(turn: Turn, mine: Answer, other: Answer) -> None:
    if other.status == 204:
        other.fields = without(other.fields, {b"content-length"})


def _trailers(turn: Turn, mine: Answer, other: Answer) -> None:
    if b"trailers" in b"".join(values(fields_of(turn.request), b"TE")).lower():
        mine.trailers = [field for field in mine.trailers if field != (b"X-Sum", b"7")]


def _date(turn: Turn, mine: Answer, other: Answer) -> None:
    if not values(fields_of(turn.answer), b"Date"):
        for answer in (mine, other):
            if len(values(answer.fields, b"Date")) == 1:
                answer.fields = without(answer.fields, {b"date"})


def _connection(turn: Turn, mine: Answer, other: Answer) -> None:
    # What they mean is compared as `went_on`.
    for answer in (mine, other):
        if values(answer.fields, b"Connection") in ([b"close"], [b"keep-alive"]):
            answer.fields = without(answer.fields, {b"connection"})


def _in_front(turn: Turn, mine: Answer, other: Answer) -> None:
    for answer in (mine, other):
        known = [(n.lower(), v) for n, v in answer.fields if n.lower() in IN_FRONT]
        answer.fields = sorted(known) + without(answer.fields, IN_FRONT)


def without(fields: Fields, names: Collection[bytes]) -> Fields:
    return [field for field in fields if field[0].lower() not in names]


def fields_of(pieces: list[bytes]) -> Fields:
    """Return the fields as they were sent, read by the plainest of readers."""
    head = b"".join(pieces).partition(b"\r\n\r\n")[0]
    split = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return [(name, value.strip(b" \t")) for name, _, value in split]


def nominated(fields: Fields) -> set[bytes]:
    """Return what `Connection` names, but for what says whether it goes on."""
    options = b",".join(values(fields, b"Connection")).lower().split(b",")
    return {option.strip(b" \t") for option in options} - {b"", b"close", b"keep-alive"}


DIFFERENCES = [
    Difference(
        "account",
        "the frontend is told who asks, and for which public origin",
        in_requests(_account),
    ),
    Difference("Via", "RFC 9110 §7.6.3 wants it; nginx writes none", in_requests(_via)),
    Difference(
        "claims",
        "a client is not believed about addresses and identities",
        in_requests(_ends_here(CLAIMS)),
    ),
    Difference(
        "hop-by-hop requests",
        "what is said to a proxy ends there; nginx passes it on",
        in_requests(_ends_here(HOP_BY_HOP)),
    ),
    Difference(
        "misread names",
        "what CGI would take for framing, or for HTTP_PROXY, is dropped",
        in_requests(_ends_here(MISREAD)),
    ),
    Difference(
        "nominated",
        "RFC 9110 §7.6.1: what Connection names ends here; nginx passes it on",
        in_requests(_nominated),
    ),
    Difference(
        "TE", "RFC 9110 §10.1.4: we can pass trailers on, and nginx cannot", in_requests(_te)
    ),
    Difference(
        "WebSocket", "we can open one; nginx would have to be told to", in_requests(_websocket)
    ),
    Difference(
        "Max-Forwards",
        "RFC 9110 §7.6.2: each hop takes one off; nginx does not",
        in_requests(_max_forwards),
    ),
    Difference(
        "counted",
        "a chunked body stays chunked; nginx counts one that came whole with its head",
        in_requests(_counted),
    ),
    Difference(
        "place of the framing",
        "it stays where it came; nginx writes it at the front, in its own spelling",
        in_requests(_framing_first),
    ),
    Difference(
        "closed behind",
        "our parser cannot go on behind chunks, and behind a wish to upgrade",
        _closed_behind,
    ),
    Difference(
        "reason",
        "the phrase is ours, so that it is never the upstream's markup",
        in_answers(_reason),
    ),
    Difference(
        "hop-by-hop answers",
        "what is said to a proxy ends there; nginx passes it on",
        in_answers(_hops_answered),
    ),
    Difference(
        "length of nothing",
        "RFC 9110 §8.6: a 204 has none; nginx passes it on",
        in_answers(_no_content),
    ),
    Difference(
        "trailers",
        "RFC 9110 §6.5: who takes them gets them; nginx drops them",
        in_answers(_trailers),
    ),
    Difference("Date", "each writes its own where the upstream does not", in_answers(_date)),
    Difference(
        "Connection", "nginx says when it goes on, we say when we do not", in_answers(_connection)
    ),
    Difference(
        "in front", "fields stay where they came; nginx writes some first", in_answers(_in_front)
    ),
]
