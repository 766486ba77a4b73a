"""One contract for every store: what it takes it gives back, and what ended stays ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.conftest import HandClock
from tests.redis_server import RedisServer
from wixproxy.errors import SessionEnded
from wixproxy.sansio.keyring import Key, Keyring
from wixproxy.sansio.redaction import Secret
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.stores import SessionStore
from wixproxy.stores.cookie import CookieStore
from wixproxy.stores.memory import MemoryStore
from wixproxy.stores.redis import RedisStore
from wixproxy.stores.redis_client import RedisAddress, connect

LIMITS = Limits(idle_seconds=1_000, absolute_seconds=10_000)
BOUND = ("wixproxy-4321", "client", "http://localhost:4321")
MAKERS: dict[str, Callable[[HandClock], SessionStore]] = {
    "cookie": lambda clock: CookieStore(Keyring([Key.generate()]), BOUND, LIMITS, clock),
    "memory": lambda clock: MemoryStore(LIMITS, clock),
}


@pytest.fixture(params=[*MAKERS, "redis"])
async def store(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[SessionStore]:
    if request.param in MAKERS:
        yield MAKERS[request.param](clock)
        return
    server: RedisServer = request.getfixturevalue("redis_service")
    client = connect(RedisAddress(Secret(server.url)))
    kept = RedisStore(client, BOUND, LIMITS, clock, guarded_seconds=20)
    yield kept
    await kept.close()
    await client.aclose()


def tokens(clock: HandClock, name: str = "a") -> Tokens:
    return Tokens(f"access-{name}", f"refresh-{name}", int(clock()) + 14_400, 14_400)


async def test_a_saved_session_is_loaded_by_its_text(store: SessionStore, clock: HandClock) -> None:
    session = Session.visitor(clock(), LIMITS).renewed(tokens(clock))
    assert await store.load(await store.save(session)) == session


@pytest.mark.parametrize("text", ["", "nonsense", "1.AAAAAAAA.AAAA", "x" * 5_000, "ÿ"])
async def test_a_text_that_was_never_given_out_is_no_session(
    store: SessionStore, text: str
) -> None:
    """C18."""
    assert await store.load(text) is None


async def test_the_text_shows_no_token(store: SessionStore, clock: HandClock) -> None:
    text = await store.save(Session.visitor(clock(), LIMITS).renewed(tokens(clock)))
    assert "access-a" not in text
    assert "refresh-a" not in text


async def test_a_session_ends_when_it_was_idle_for_too_long(
    store: SessionStore, clock: HandClock
) -> None:
    """R17."""
    text = await store.save(Session.visitor(clock(), LIMITS))
    clock.advance(999)
    assert await store.load(text) is not None
    clock.advance(1)
    assert await store.load(text) is None


async def test_the_newest_version_is_known_to_whoever_holds_an_older_one(
    store: SessionStore, clock: HandClock
) -> None:
    old = Session.visitor(clock(), LIMITS)
    await store.save(old)
    new = old.renewed(tokens(clock))
    await store.save(new)
    assert store.newest(old) == new
    assert store.newest(new) == new


async def test_an_older_version_never_overwrites_a_newer_one(
    store: SessionStore, clock: HandClock
) -> None:
    """R67: the loser of a race changes nothing."""
    old = Session.visitor(clock(), LIMITS)
    new = old.renewed(tokens(clock))
    await store.save(new)
    await store.save(old)
    assert store.newest(old) == new


async def test_exclusive_gives_the_latest_version_and_nobody_else_in(
    store: SessionStore, clock: HandClock
) -> None:
    session = Session.visitor(clock(), LIMITS)
    await store.save(session)
    order: list[str] = []

    async def hold(name: str) -> None:
        async with store.exclusive(session) as latest:
            assert latest is not None
            order.append(f"{name} finds {latest.generation}")
            await asyncio.sleep(0)
            await store.save(latest.renewed(tokens(clock, name)))
            order.append(f"{name} leaves")

    await asyncio.gather(hold("first"), hold("second"))
    assert order == ["first finds 0", "first leaves", "second finds 1", "second leaves"]


async def test_two_sessions_do_not_wait_for_each_other(
    store: SessionStore, clock: HandClock
) -> None:
    one, other = (Session.visitor(clock(), LIMITS) for _ in range(2))
    async with store.exclusive(one), asyncio.timeout(1), store.exclusive(other) as latest:
        assert latest == other


async def test_a_holder_that_is_cancelled_lets_the_next_one_in(
    store: SessionStore, clock: HandClock
) -> None:
    session = Session.visitor(clock(), LIMITS)
    entered = asyncio.Event()

    async def hold() -> None:
        async with store.exclusive(session):
            entered.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold())
    await entered.wait()
    holder.cancel()
    async with asyncio.timeout(1), store.exclusive(session) as latest:
        assert latest == session


async def test_a_deleted_session_is_refused_and_not_mistaken_for_a_new_browser(
    store: SessionStore, clock: HandClock
) -> None:
    """R65."""
    session = Session.visitor(clock(), LIMITS)
    text = await store.save(session)
    await store.end(session)
    with pytest.raises(SessionEnded) as caught:
        await store.load(text)
    assert caught.value.session_id == session.id
    async with store.exclusive(session) as latest:
        assert latest is None


async def test_what_took_the_place_of_a_session_is_known_for_ten_minutes(
    store: SessionStore, clock: HandClock
) -> None:
    """An old cookie, wherever it was kept, must not open what its browser has become."""
    session, visitor = (Session.visitor(clock(), LIMITS) for _ in range(2))
    await store.save(session)
    await store.save(visitor)
    await store.end(session, visitor)
    assert store.successor(session.id) == visitor
    clock.advance(599)
    assert store.successor(session.id) == visitor
    clock.advance(1)
    assert store.successor(session.id) is None


async def test_nothing_takes_the_place_of_a_session_that_just_ends(
    store: SessionStore, clock: HandClock
) -> None:
    session = Session.visitor(clock(), LIMITS)
    await store.save(session)
    assert store.successor(session.id) is None
    await store.end(session)
    assert store.successor(session.id) is None
