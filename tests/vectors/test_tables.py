"""Play the tables of vectors over raw sockets, through the whole proxy; h11 reads both sides."""

from __future__ import annotations

import asyncio

import pytest

from tests.vectors.readers import Answer, Client, values
from tests.vectors.scene import Recording, Scene
from tests.vectors.tables import Case, table

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = [
    case
    for name in ("framing.txt", "targets.txt", "hops.txt", "answers.txt")
    for case in table(name)
]
WITH_BODIES = [case for case in CASES if case.sent.partition(b"\r\n\r\n")[2]]
PROBE = b"GET /probe HTTP/1.1\r\nHost: shop.test\r\n\r\n"
# How long the rest of a request is kept back, so that its head is read by itself.
PAUSE_SECONDS = 0.005


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_each_side_sees_what_the_table_says(proxied: Scene, case: Case) -> None:
    client = await proxied.client()
    if case.answered is not None:
        proxied.upstream.answers.append((case.answered, case.upstream_then))
    await client.send(case.sent)
    await _check(proxied, client, case)


@pytest.mark.parametrize("case", WITH_BODIES, ids=lambda case: case.name)
async def test_it_is_the_same_when_the_body_comes_later(proxied: Scene, case: Case) -> None:
    client = await proxied.client()
    if case.answered is not None:
        proxied.upstream.answers.append((case.answered, case.upstream_then))
    head, end, rest = case.sent.partition(b"\r\n\r\n")
    await client.send(head + end)
    await asyncio.sleep(PAUSE_SECONDS)
    await client.send(rest)
    await _check(proxied, client, case)


async def _check(proxied: Scene, client: Client, case: Case) -> None:
    answers = await client.answers(case)
    statuses = [status for answer in answers for status in answer.statuses]
    assert len(statuses) == len(case.statuses), statuses
    assert all(map(set.__contains__, case.statuses, statuses)), statuses
    last = answers[-1]
    assert last.whole is (case.ending != "cut"), client.raw
    if case.ending != "open":
        assert await client.ended()
    for kind, data in case.client:
        assert _is_seen_by_client(client, last, kind, data), (kind, data, client.raw)
    upstream = proxied.upstream
    asked = [asked.line for asked in upstream.requests]
    expected = [data for kind, data in case.upstream if kind == "request"]
    assert not expected or asked == expected
    for kind, data in case.upstream:
        if kind == "unchanged":
            assert [asked.target for asked in upstream.requests] == [_target(case.sent)]
        elif kind != "request":
            assert _is_seen_by_upstream(upstream, kind, data), (kind, data)
    if case.pool:
        before = upstream.connections
        assert (await (await proxied.client(PROBE)).answer()).body == b"ok"
        assert (upstream.connections == before) is (case.pool == "kept")
    if case.ending == "open":
        await client.send(PROBE)
        assert (await client.answer()).body == b"ok"


def _target(sent: bytes) -> bytes:
    return sent.split(b" ")[1]


def _is_seen_by_client(client: Client, last: Answer, kind: str, data: bytes) -> bool:
    name, _, value = data.partition(b": ")
    hinted = [field for _, fields in last.interim for field in fields]
    return {
        "has": value in values(last.fields, name),
        "lacks": not values(last.fields, name),
        "names": bool(values(last.fields, name)),
        "body": last.body == data,
        "says": data in last.body,
        "trailer": value in values(last.trailers, name),
        "hints": value in values(hinted, name),
        "reason": last.reason == data,
        "raw": data in client.raw,
        "hides": data not in client.raw,
    }[kind]


def _is_seen_by_upstream(upstream: Recording, kind: str, data: bytes) -> bool:
    name, _, value = data.partition(b": ")
    fields = upstream.requests[-1].fields if upstream.requests else []
    return {
        "nothing": upstream.raw == b"",
        "unfinished": upstream.requests == [],
        "has": value in values(fields, name),
        "lacks": bool(upstream.requests) and not values(fields, name),
        "raw": data in upstream.raw,
    }[kind]
