"""Tell in words what two sides saw differently, with listed differences taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tests.differential.differences import Difference
from tests.differential.generation import Turn
from tests.differential.playing import Seen
from tests.vectors.readers import Answer, Asked


def remaining(
    turns: list[Turn], ours: Seen, theirs: Seen, listed: Iterable[Difference]
) -> list[str]:
    """Return what still differs when the listed differences are taken away."""
    counted = [(len(s.requests), len(s.answers), s.unreadable) for s in (ours, theirs)]
    if counted[0] != counted[1]:
        return [
            f"{who}: {requests} requests, {answers} answers, {unreadable} unreadable"
            for who, (requests, answers, unreadable) in zip(("we", "nginx"), counted, strict=True)
        ]
    mine, other = _copy(ours), _copy(theirs)
    for difference in listed:
        difference.level(turns, mine, other)
    found = [*_told("request", mine.requests, other.requests)]
    found += _told("answer", mine.answers, other.answers)
    if mine.went_on != other.went_on:
        found.append(f"went on: {mine.went_on} with us, {other.went_on} with nginx")
    return found


def _copy(seen: Seen) -> Seen:
    return Seen(
        [replace(asked, fields=list(asked.fields)) for asked in seen.requests],
        seen.unreadable,
        [replace(answer, fields=list(answer.fields)) for answer in seen.answers],
        list(seen.went_on),
    )


def _told(
    kind: str, ours: Sequence[Asked | Answer], theirs: Sequence[Asked | Answer]
) -> Iterator[str]:
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True), 1):
        for name in vars(mine):
            here, there = getattr(mine, name), getattr(other, name)
            if here != there:
                yield f"{name} of {kind} {number}:\n  with us    {here}\n  with nginx {there}"
