"""The deliverer: attempts, waits, dead letters, and a clean end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from tests.conftest import HandClock
from tests.journeys.event_handlers import Answer, Call, EventHandlers
from wixproxy.extensions.deliverer import Deliverer, DelivererOptions
from wixproxy.extensions.frontend_handler import FrontendHandler
from wixproxy.sansio.deliveries import Pace
from wixproxy.sansio.origin import Origin
from wixproxy.sansio.webhook import Event
from wixproxy.stores.events import EventStore, Listed, Standing
from wixproxy.wire.pool import Pool

Make = Callable[..., Deliverer]
OPTIONS = DelivererOptions(
    pace=Pace(first_seconds=10, factor=2, most_seconds=100, give_up_seconds=25),
    most_at_once=2,
    handler_seconds=10,
    stop_seconds=0.05,
    kept_seconds=1_000,
    prune_seconds=100,
)


def event(entity: str = "a", sequence: int = 1) -> Event:
    return Event(f"{entity}-{sequence}", "type", "updated", "fqdn", "", entity, sequence)


def answering(*statuses: int) -> Answer:
    left = list(statuses)

    async def answer(call: Call) -> web.Response:
        return web.Response(status=left.pop(0) if left else 200)

    return answer


@pytest.fixture
async def handlers() -> AsyncIterator[EventHandlers]:
    handlers = EventHandlers()
    await handlers.start()
    yield handlers
    await handlers.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite3"


@pytest.fixture
async def make(handlers: EventHandlers, path: Path, clock: HandClock) -> AsyncIterator[Make]:
    pool = Pool()
    made: list[Deliverer] = []

    def make(options: DelivererOptions = OPTIONS) -> Deliverer:
        origin = Origin.parse(handlers.origin)
        handler = FrontendHandler(pool, lambda: origin, [(b"Host", b"localhost")])
        store = EventStore(path, clock)
        paths = {"hook": "/hook"}
        deliverer = Deliverer(store, handler, paths, clock, options, jitter=lambda: 0.0)
        made.append(deliverer)
        return deliverer

    yield make
    for deliverer in made:
        await deliverer.stop()
    await pool.close()


@pytest.fixture
async def deliverer(make: Make) -> Deliverer:
    deliverer = make()
    await deliverer.start()
    return deliverer


async def settled(
    path: Path, clock: HandClock, standing: Standing, failure: str = ""
) -> list[Listed]:
    """Return the events of one standing, once the first of them failed so."""
    beside = EventStore(path, clock, owns=False)
    try:
        async with asyncio.timeout(10):
            while True:
                found = await beside.listed(standing)
                if found and failure in found[0].failure:
                    return found
                # Another process, which nobody wakes, is what stands beside.
                await asyncio.sleep(0.005)
    finally:
        await beside.close()


async def test_what_failed_is_tried_again_when_it_is_due(
    deliverer: Deliverer, handlers: EventHandlers, path: Path, clock: HandClock
) -> None:
    handlers.answer = answering(500)
    await deliverer.accept("hook", event())
    await settled(path, clock, "waiting", "answered 500")
    clock.advance(10)
    deliverer.wake()
    calls = await handlers.called(2)
    assert [call.attempt for call in calls] == [1, 2]
    (done,) = await settled(path, clock, "done")
    assert (done.attempts, done.failure) == (2, "")


@pytest.mark.parametrize("status", [302, 400, 404, 500])
async def test_only_2xx_means_that_the_event_was_taken(
    deliverer: Deliverer, handlers: EventHandlers, path: Path, clock: HandClock, status: int
) -> None:
    handlers.answer = answering(status)
    await deliverer.accept("hook", event())
    (waiting,) = await settled(path, clock, "waiting", "answered")
    assert waiting.failure == f"the handler at /hook answered {status}"


async def test_an_event_that_never_succeeds_becomes_a_dead_letter(
    deliverer: Deliverer, handlers: EventHandlers, path: Path, clock: HandClock
) -> None:
    handlers.answer = answering(500, 500)
    await deliverer.accept("hook", event())
    await settled(path, clock, "waiting", "answered 500")
    clock.advance(10)
    deliverer.wake()
    (dead,) = await settled(path, clock, "dead")
    assert (dead.attempts, dead.failure) == (2, "the handler at /hook answered 500")


async def test_a_replay_by_another_process_is_seen_while_the_proxy_runs(
    make: Make, handlers: EventHandlers, path: Path, clock: HandClock
) -> None:
    deliverer = make(replace(OPTIONS, poll_seconds=0.02))
    await deliverer.start()
    handlers.answer = answering(500)
    await deliverer.accept("hook", event())
    await settled(path, clock, "waiting", "answered 500")
    beside = EventStore(path, clock, owns=False)
    assert await beside.replay(["a-1"]) == 1
    await beside.close()
    assert [call.attempt for call in await handlers.called(2)] == [1, 2]


async def test_a_handler_that_hangs_is_given_up_and_tried_again(
    make: Make, handlers: EventHandlers, path: Path, clock: HandClock
) -> None:
    deliverer = make(replace(OPTIONS, handler_seconds=0.2))
    await deliverer.start()

    async def hangs(call: Call) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    handlers.answer = hangs
    await deliverer.accept("hook", event())
    (waiting,) = await settled(path, clock, "waiting", "did not answer within 0.2 seconds")
    assert waiting.attempts == 1


async def test_an_event_of_a_webhook_that_is_gone_waits_with_the_reason(
    deliverer: Deliverer, path: Path, clock: HandClock
) -> None:
    await deliverer.accept("other", event())
    (waiting,) = await settled(path, clock, "waiting", "no path is configured")
    assert waiting.webhook == "other"


async def test_no_more_than_the_bound_are_under_way(
    deliverer: Deliverer, handlers: EventHandlers
) -> None:
    under_way, most, go_on = 0, 0, asyncio.Event()

    async def counts(call: Call) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await go_on.wait()
        under_way -= 1
        return web.Response()

    handlers.answer = counts
    for entity in "abcdef":
        await deliverer.accept("hook", event(entity))
    await handlers.called(2)
    go_on.set()
    await handlers.called(6)
    assert most == 2


async def test_what_is_cut_off_by_the_end_is_sent_again_by_the_next(
    make: Make, handlers: EventHandlers, path: Path, clock: HandClock
) -> None:
    async def hangs(call: Call) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    fine, handlers.answer = handlers.answer, hangs
    first = make()
    await first.start()
    await first.accept("hook", event())
    await handlers.called(1)
    await first.stop()
    handlers.answer = fine
    await make().start()
    calls = await handlers.called(2)
    assert [call.attempt for call in calls] == [1, 2]


async def test_an_event_accepted_before_the_start_is_delivered_after_it(
    make: Make, handlers: EventHandlers
) -> None:
    deliverer = make()
    await deliverer.accept("hook", event())
    assert handlers.calls == []
    await deliverer.start()
    await handlers.called(1)


async def test_delivered_events_are_forgotten_in_time(
    deliverer: Deliverer, handlers: EventHandlers, path: Path, clock: HandClock
) -> None:
    await deliverer.accept("hook", event())
    await settled(path, clock, "done")
    clock.advance(1_001)
    handlers.answer = answering(500)
    await deliverer.accept("hook", event("b"))
    await settled(path, clock, "waiting", "answered 500")
    await deliverer.stop()
    beside = EventStore(path, clock, owns=False)
    counts = await beside.counts()
    await beside.close()
    assert counts == {"waiting": 1, "delivering": 0, "done": 0, "dead": 0}
