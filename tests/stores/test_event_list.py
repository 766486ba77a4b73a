"""What is listed of the events, and what is put in line again."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.stores.test_events import arrival, one
from wixproxy.stores.events import EventStore

MOST = 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite3"


@pytest.fixture
async def store(path: Path, clock: HandClock) -> AsyncIterator[EventStore]:
    store = EventStore(path, clock, most_contents=MOST)
    yield store
    await store.close()


async def delivered(store: EventStore, entity: str = "a", sequence: int | None = 1) -> None:
    await store.add(arrival(entity, sequence))
    await store.delivered(await one(store))


def with_content(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT event_id FROM events WHERE body <> x'' ORDER BY number")
    found = [str(name) for (name,) in rows]
    connection.close()
    return found


async def test_an_event_is_listed_with_its_place_and_its_times(
    store: EventStore, clock: HandClock
) -> None:
    came_at = clock()
    await store.add(arrival(sequence=7))
    clock.advance(5)
    await store.failed(await one(store), clock() + 60, "broken")
    (waiting,) = await store.listed("waiting")
    assert (waiting.entity_id, waiting.sequence, waiting.attempts) == ("a", 7, 1)
    assert (waiting.received_at, waiting.due_at) == (came_at, clock() + 60)
    assert waiting.settled_at is None


async def test_an_event_in_no_order_has_no_entity(store: EventStore) -> None:
    await store.add(arrival(sequence=None))
    (waiting,) = await store.named("a-None")
    assert waiting.entity_id == ""


async def test_what_was_settled_last_may_come_first(store: EventStore, clock: HandClock) -> None:
    for entity in "abc":
        await delivered(store, entity)
        clock.advance(1)
    newest = await store.listed("done", 2, newest_first=True)
    assert [event.event_id for event in newest] == ["c-1", "b-1"]


async def test_only_the_newest_delivered_events_keep_their_content(
    store: EventStore, path: Path, clock: HandClock
) -> None:
    for entity in "abcde":
        await delivered(store, entity)
        clock.advance(1)
    assert with_content(path) == ["c-1", "d-1", "e-1"]
    assert [event.can_replay for event in await store.listed("done")] == [
        *[False] * 2,
        *[True] * MOST,
    ]


async def test_a_start_that_keeps_no_content_empties_what_an_earlier_one_kept(
    store: EventStore, path: Path, clock: HandClock
) -> None:
    await delivered(store, "a")
    await store.add(arrival("b"))
    await store.close()
    after = EventStore(path, clock)
    await after.recover()
    assert with_content(path) == ["b-1"]
    await after.close()


async def test_a_clock_that_went_back_leaves_no_content_where_none_is_kept(
    path: Path, clock: HandClock
) -> None:
    store = EventStore(path, clock)
    await delivered(store, "a")
    clock.advance(-1_000)
    await delivered(store, "b")
    assert with_content(path) == []
    await store.close()


async def test_a_delivered_event_goes_out_again_from_its_first_attempt(
    store: EventStore, clock: HandClock
) -> None:
    await delivered(store, sequence=1)
    await delivered(store, sequence=2)
    clock.advance(10)
    assert await store.replay(["a-1"]) == 1
    claim = await one(store)
    assert (claim.event_id, claim.attempts, claim.late) == ("a-1", 1, True)
    assert claim.body == arrival().body
    assert not await store.add(arrival(sequence=1)), "what Wix sends again stays a duplicate"


async def test_a_delivered_event_without_content_stays_where_it_is(
    path: Path, clock: HandClock
) -> None:
    store = EventStore(path, clock)
    await delivered(store)
    assert await store.replay(["a-1"]) == 0
    assert (await store.counts())["done"] == 1
    await store.close()


async def test_an_event_that_waits_is_due_at_once_and_keeps_its_attempts(
    store: EventStore, clock: HandClock
) -> None:
    await store.add(arrival())
    await store.failed(await one(store), clock() + 3_600, "broken")
    assert await store.replay(["a-1"]) == 1
    assert (await one(store)).attempts == 2


async def test_an_event_that_is_under_way_is_left_alone(store: EventStore) -> None:
    await store.add(arrival())
    claim = await one(store)
    assert await store.replay(["a-1"]) == 0
    await store.delivered(claim)
    assert (await store.counts())["done"] == 1


async def test_an_event_of_two_webhooks_goes_to_both_again(store: EventStore) -> None:
    for webhook in ("one", "other"):
        await store.add(arrival(webhook=webhook))
    for claim in (await store.claim(2))[0]:
        await store.failed(claim, None, "broken")
    assert await store.replay(["a-1"]) == 2
