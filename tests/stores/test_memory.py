"""What is the memory store's own: its bound, and a text that never changes."""

from __future__ import annotations

from tests.conftest import HandClock
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.stores.memory import MemoryStore

LIMITS = Limits(idle_seconds=1_000)
TOKENS = Tokens("a", "r", 1_800_014_400, 14_400)


async def test_the_text_does_not_change_with_the_tokens(clock: HandClock) -> None:
    store, session = MemoryStore(LIMITS, clock), Session.visitor(clock(), LIMITS)
    before = await store.save(session)
    after = await store.save(session.renewed(Tokens("a", "r", int(clock()) + 60, 60)))
    assert before == after


async def test_the_session_unused_for_longest_gives_way(clock: HandClock) -> None:
    store = MemoryStore(LIMITS, clock, max_sessions=2)
    first, second, third = [await store.save(Session.visitor(clock(), LIMITS)) for _ in range(3)]
    assert await store.load(first) is None
    assert await store.load(second) is not None
    assert await store.load(third) is not None


async def test_a_flood_of_new_visitors_pushes_no_session_with_tokens_out(clock: HandClock) -> None:
    store = MemoryStore(LIMITS, clock, max_sessions=10)
    member = await store.save(Session.visitor(clock(), LIMITS).renewed(TOKENS))
    for _ in range(100):
        await store.save(Session.visitor(clock(), LIMITS))
    assert await store.load(member) is not None
    assert len(store) == 10


async def test_a_session_that_gets_tokens_is_no_longer_the_first_to_go(clock: HandClock) -> None:
    store = MemoryStore(LIMITS, clock, max_sessions=2)
    visitor = Session.visitor(clock(), LIMITS)
    text = await store.save(visitor)
    await store.save(visitor.renewed(TOKENS))
    for _ in range(3):
        await store.save(Session.visitor(clock(), LIMITS))
    assert await store.load(text) is not None


async def test_sessions_that_are_over_make_room(clock: HandClock) -> None:
    store = MemoryStore(LIMITS, clock)
    for _ in range(50):
        await store.save(Session.visitor(clock(), LIMITS))
    clock.advance(1_000)
    for _ in range(50):
        await store.save(Session.visitor(clock(), LIMITS))
    assert len(store) == 50


async def test_a_session_whose_time_ran_out_while_it_was_renewed_is_not_kept(
    clock: HandClock,
) -> None:
    store, session = MemoryStore(LIMITS, clock), Session.visitor(clock(), LIMITS)
    clock.advance(1_000)
    text = await store.save(session)
    assert len(store) == 0
    assert await store.load(text) is None


async def test_a_smaller_limit_is_kept_at_once(clock: HandClock) -> None:
    store = MemoryStore(LIMITS, clock, max_sessions=10)
    texts = [await store.save(Session.visitor(clock(), LIMITS)) for _ in range(10)]
    store.renew(LIMITS, max_sessions=2)
    assert len(store) == 2
    assert await store.load(texts[-1]) is not None
    await store.save(Session.visitor(clock(), LIMITS))
    assert len(store) == 2
