"""The events that wait: kept once, in order, through every end of the process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import HandClock
from wixproxy.sansio.deliveries import lane
from wixproxy.sansio.webhook import Event
from wixproxy.stores.events import MOST_PRUNED_TOGETHER, Arrival, Claim, EventStore


def arrival(entity: str = "a", sequence: int | None = 1, webhook: str = "hook") -> Arrival:
    event = Event(f"{entity}-{sequence}", "type", "updated", "fqdn", "", entity, sequence)
    return Arrival(
        webhook=webhook,
        event_id=event.id,
        event_type=event.type,
        lane=lane(webhook, event),
        sequence=sequence,
        fields=[(b"X-Wix-Event-Id", event.id.encode())],
        body=b'{"entity":{}}',
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.sqlite3"


@pytest.fixture
async def store(path: Path, clock: HandClock) -> AsyncIterator[EventStore]:
    store = EventStore(path, clock)
    yield store
    await store.close()


async def claimed(store: EventStore, limit: int = 100) -> list[str]:
    claims, _ = await store.claim(limit)
    return [claim.event_id for claim in claims]


async def one(store: EventStore) -> Claim:
    (claim,), _ = await store.claim(1)
    return claim


async def test_what_comes_in_goes_out_as_it_was(store: EventStore, clock: HandClock) -> None:
    assert await store.add(arrival())
    claim = await one(store)
    assert (claim.webhook, claim.event_id, claim.event_type) == ("hook", "a-1", "type")
    assert claim.fields == [(b"X-Wix-Event-Id", b"a-1")]
    assert claim.body == b'{"entity":{}}'
    assert (claim.attempts, claim.waiting_since, claim.late) == (1, clock(), False)


async def test_an_event_that_comes_again_is_dropped_whatever_became_of_it(
    store: EventStore,
) -> None:
    await store.add(arrival())
    assert not await store.add(arrival())
    claim = await one(store)
    assert not await store.add(arrival())
    await store.delivered(claim)
    assert not await store.add(arrival())
    assert await claimed(store) == []


async def test_two_webhooks_may_take_the_same_event(store: EventStore) -> None:
    assert await store.add(arrival(webhook="one"))
    assert await store.add(arrival(webhook="other"))
    assert await claimed(store) == ["a-1", "a-1"]


async def test_the_events_of_an_entity_go_out_by_number_and_one_at_a_time(
    store: EventStore,
) -> None:
    for sequence in (3, 1, 2):
        await store.add(arrival(sequence=sequence))
    order = []
    for _ in range(3):
        claim = await one(store)
        assert await claimed(store) == []
        order.append((claim.event_id, claim.late))
        await store.delivered(claim)
    assert order == [("a-1", False), ("a-2", False), ("a-3", False)]


async def test_entities_do_not_wait_for_each_other(store: EventStore) -> None:
    for entity in "abc":
        await store.add(arrival(entity))
    assert await claimed(store) == ["a-1", "b-1", "c-1"]


async def test_events_without_a_number_wait_for_nobody(store: EventStore) -> None:
    await store.add(arrival("a", None))
    await store.add(arrival("b", None))
    assert len(await claimed(store)) == 2


async def test_no_more_are_claimed_than_there_is_room_for(store: EventStore) -> None:
    for entity in "abc":
        await store.add(arrival(entity))
    assert len(await claimed(store, 2)) == 2


async def test_an_event_behind_a_later_one_is_late(store: EventStore) -> None:
    await store.add(arrival(sequence=2))
    await store.delivered(await one(store))
    await store.add(arrival(sequence=1))
    assert (await one(store)).late


async def test_an_event_is_late_behind_one_that_was_only_tried(
    store: EventStore, clock: HandClock
) -> None:
    await store.add(arrival(sequence=2))
    await store.failed(await one(store), clock() + 60, "broken")
    await store.add(arrival(sequence=1))
    first = await one(store)
    assert (first.event_id, first.late) == ("a-1", True)
    await store.delivered(first)
    clock.advance(60)
    second = await one(store)
    assert (second.event_id, second.late) == ("a-2", False)


async def test_what_failed_holds_its_lane_until_it_is_due(
    store: EventStore, clock: HandClock
) -> None:
    await store.add(arrival(sequence=1))
    await store.add(arrival(sequence=2))
    await store.failed(await one(store), clock() + 10, "broken")
    assert await store.claim(9) == ([], clock() + 10)
    clock.advance(10)
    claim = await one(store)
    assert (claim.event_id, claim.attempts) == ("a-1", 2)


async def test_a_dead_letter_frees_its_lane_and_is_listed(store: EventStore) -> None:
    await store.add(arrival(sequence=1))
    await store.add(arrival(sequence=2))
    await store.failed(await one(store), None, "broken " * 100)
    (dead,) = await store.listed("dead")
    assert (dead.event_id, dead.attempts) == ("a-1", 1)
    assert dead.failure.startswith("broken")
    assert len(dead.failure) == 300
    assert await claimed(store) == ["a-2"]


async def test_a_dead_letter_is_sent_again_when_somebody_says_so(
    store: EventStore, clock: HandClock
) -> None:
    for sequence in (1, 2):
        await store.add(arrival(sequence=sequence))
        await store.failed(await one(store), None, "broken")
    clock.advance(1_000)
    assert await store.replay(["a-1", "unknown"]) == 1
    claim = await one(store)
    assert (claim.event_id, claim.attempts, claim.late) == ("a-1", 1, True)
    assert claim.waiting_since == clock()
    assert await store.replay() == 1


async def test_another_process_may_replay_beside_the_owner(
    store: EventStore, path: Path, clock: HandClock
) -> None:
    await store.add(arrival())
    await store.failed(await one(store), None, "broken")
    beside = EventStore(path, clock, owns=False)
    assert await beside.replay() == 1
    await beside.close()
    assert await claimed(store) == ["a-1"]


async def test_what_was_under_way_at_the_end_waits_again(
    store: EventStore, path: Path, clock: HandClock
) -> None:
    for sequence in (1, 2):
        await store.add(arrival(sequence=sequence))
    await one(store)
    await store.close()
    after = EventStore(path, clock)
    assert await after.recover() == 1
    claim = await one(after)
    assert (claim.event_id, claim.attempts) == ("a-1", 2)
    await after.close()


async def test_a_delivered_event_keeps_its_name_and_loses_its_content(
    store: EventStore, path: Path
) -> None:
    await store.add(arrival())
    await store.delivered(await one(store))
    await store.close()
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT event_id, fields, body FROM events").fetchone()
    connection.close()
    assert row == ("a-1", "[]", b"")


async def test_delivered_events_are_forgotten_after_their_time(
    store: EventStore, clock: HandClock
) -> None:
    for entity in ("old", "dead", "new"):
        await store.add(arrival(entity))
    found = {claim.event_id: claim for claim in (await store.claim(3))[0]}
    old, dead, new = (found[name] for name in ("old-1", "dead-1", "new-1"))
    await store.delivered(old)
    await store.failed(dead, None, "broken")
    clock.advance(100)
    await store.delivered(new)
    assert await store.prune(clock() - 50) == 1
    assert await store.prune(clock() - 50) == 0
    assert await store.counts() == {"waiting": 0, "delivering": 0, "done": 1, "dead": 1}
    assert await store.add(arrival("old"))


async def test_a_lane_remembers_what_went_out_while_one_of_its_events_is_here(
    store: EventStore, clock: HandClock
) -> None:
    await store.add(arrival(sequence=5))
    await store.add(arrival(sequence=6))
    await store.delivered(await one(store))
    clock.advance(100)
    await store.delivered(await one(store))
    await store.prune(clock() - 50)
    await store.add(arrival(sequence=4))
    assert (await one(store)).late


async def test_pruning_takes_many_in_small_steps(store: EventStore, clock: HandClock) -> None:
    count = MOST_PRUNED_TOGETHER + 1
    await asyncio.gather(*(store.add(arrival(str(number))) for number in range(count)))
    claims, _ = await store.claim(count)
    await asyncio.gather(*map(store.delivered, claims))
    clock.advance(1)
    assert await store.prune(clock()) == MOST_PRUNED_TOGETHER
    assert await store.prune(clock()) == 1


async def test_whoever_stops_waiting_does_not_lose_the_event(store: EventStore) -> None:
    adding = asyncio.create_task(store.add(arrival()))
    await asyncio.sleep(0)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert await claimed(store) == ["a-1"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("ab"), st.integers(1, 6)),
        st.tuples(st.just("take"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("fail"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("crash"), st.just(""), st.just(0)),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_whatever_happens_each_event_goes_out_in_order_or_late(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    path = tmp_path_factory.mktemp("events") / "events.sqlite3"
    asyncio.run(_play(path, [*steps, ("crash", "", 0), *[("take", "", 3)] * 12]))


async def _play(path: Path, steps: list[tuple[str, str, int]]) -> None:
    clock = HandClock()
    store = EventStore(path, clock)
    added: set[str] = set()
    done: list[str] = []
    highest: dict[str, int] = {}
    for what, entity, number in steps:
        if what == "add":
            new = await store.add(arrival(entity, number))
            assert new is (f"{entity}-{number}" not in added)
            added.add(f"{entity}-{number}")
            continue
        claims, _ = await store.claim(number)
        assert len({claim.lane for claim in claims}) == len(claims)
        for claim in claims:
            name, _, sequence = claim.event_id.partition("-")
            assert claim.late is (int(sequence) < highest.get(name, 0))
            highest[name] = max(highest.get(name, 0), int(sequence))
            if what == "take":
                await store.delivered(claim)
                done.append(claim.event_id)
            elif what == "fail":
                await store.failed(claim, clock(), "broken")
        if what == "crash":
            await store.close()
            store = EventStore(path, clock)
            await store.recover()
    await store.close()
    assert sorted(done) == sorted(added)
