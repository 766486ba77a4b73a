"""What is Redis's own: sessions of many processes, outages, and a copy that opens nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.redis_server import RedisServer, redis_server
from wixproxy.errors import SessionEnded, StoreUnavailable
from wixproxy.sansio.redaction import Secret
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.stores.redis import RedisStore
from wixproxy.stores.redis_client import MAX_CONNECTIONS, RedisAddress, connect
from wixproxy.wix.client import LONGEST_GRANT_SECONDS

LIMITS = Limits(idle_seconds=1_000, absolute_seconds=10_000)
BOUND = ("wixproxy-4321", "client", "http://localhost:4321")
MakeProcess = Callable[..., RedisStore]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    with redis_server(str(tmp_path)) as server:
        yield server


@pytest.fixture
async def closing() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as closing:
        yield closing


@pytest.fixture
def process(closing: AsyncExitStack, clock: HandClock) -> MakeProcess:
    """Make what one process has: a client and a store of its own."""

    def make(url: str, **options: float) -> RedisStore:
        client = connect(RedisAddress(Secret(url), timeout_seconds=0.3))
        closing.push_async_callback(client.aclose)
        options = {"guarded_seconds": 20.0, "fresh_seconds": 0.0, "quiet_seconds": 0.02, **options}
        store = RedisStore(client, BOUND, LIMITS, clock, **options)
        closing.push_async_callback(store.close)
        return store

    return make


def renewed(session: Session, clock: HandClock) -> Session:
    name = f"{session.generation + 1}"
    return session.renewed(Tokens(f"access-{name}", f"refresh-{name}", int(clock()) + 60, 60))


async def test_what_one_process_saved_another_loads(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    one, other = process(redis_service.url), process(redis_service.url)
    session = renewed(Session.visitor(clock(), LIMITS), clock)
    text = await one.save(session)
    assert await other.load(text) == session
    later = renewed(session, clock)
    assert await other.save(later) == text
    assert await one.load(text) == later


async def test_an_older_version_of_another_process_does_not_overwrite_a_newer_one(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    one, other = process(redis_service.url), process(redis_service.url)
    old = Session.visitor(clock(), LIMITS)
    new = renewed(old, clock)
    text = await one.save(new)
    await other.save(old)
    assert other.newest(old) == new
    assert await one.load(text) == new


async def test_what_one_process_ended_no_other_brings_back(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    one, other = process(redis_service.url), process(redis_service.url)
    session = Session.visitor(clock(), LIMITS)
    text = await one.save(session)
    assert await other.load(text) == session
    await one.end(session)
    await other.save(renewed(session, clock))
    for store in (one, other):
        with pytest.raises(SessionEnded):
            await store.load(text)


async def test_what_took_the_place_of_a_session_is_the_same_for_every_process(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    one, loading, renewing = (process(redis_service.url) for _ in range(3))
    session, visitor = (Session.visitor(clock(), LIMITS) for _ in range(2))
    text = await one.save(session)
    await one.save(visitor)
    await one.end(session, visitor)
    with pytest.raises(SessionEnded):
        await loading.load(text)
    assert loading.successor(session.id) == visitor
    async with renewing.exclusive(session) as latest:
        assert latest is None
    assert renewing.successor(session.id) == visitor


async def test_a_burst_of_browsers_waits_for_its_turn_and_is_no_outage(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    """More commands at once than there are connections used to count as one failure for all."""
    one, other = process(redis_service.url), process(redis_service.url)
    sessions = [Session.visitor(clock(), LIMITS) for _ in range(5 * MAX_CONNECTIONS)]
    texts = await asyncio.gather(*map(one.save, sessions))
    assert await asyncio.gather(*map(other.load, texts)) == sessions


async def test_one_process_at_a_time_holds_a_session(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    session = Session.visitor(clock(), LIMITS)
    stores = [process(redis_service.url) for _ in range(3)]
    await stores[0].save(session)
    inside = 0

    async def renew(store: RedisStore) -> None:
        nonlocal inside
        async with store.exclusive(session) as latest:
            inside += 1
            assert inside == 1
            assert latest is not None
            await asyncio.sleep(0.01)
            await store.save(renewed(latest, clock))
            inside -= 1

    await asyncio.gather(*(renew(store) for store in stores for _ in range(4)))
    latest = await stores[0].load(session.id)
    assert latest is not None
    assert latest.generation == 12


async def test_the_lock_of_a_dead_process_is_let_go_after_its_lease(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    session = Session.visitor(clock(), LIMITS)
    dead = process(redis_service.url, guarded_seconds=-4.8)
    await dead.exclusive(session).__aenter__()
    async with asyncio.timeout(5), process(redis_service.url).exclusive(session) as latest:
        assert latest == session


def test_the_lease_outlasts_the_longest_grant(process: MakeProcess) -> None:
    store = process("redis://127.0.0.1:1", guarded_seconds=LONGEST_GRANT_SECONDS)
    assert store._lease_seconds > LONGEST_GRANT_SECONDS


async def test_a_copy_of_redis_shows_no_id_and_no_token(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    session, ended, visitor = (renewed(Session.visitor(clock(), LIMITS), clock) for _ in range(3))
    store = process(redis_service.url, fresh_seconds=9)
    await store.save(session)
    await store.end(ended, visitor)
    names = redis_service.ask("KEYS", "wixproxy:*").split(b"\r\n")
    copied = b"".join(
        redis_service.ask("GET", name.decode()) for name in names if name.startswith(b"wixproxy:")
    )
    assert copied
    for secret in (session.id, ended.id, visitor.id, "access-1", "refresh-1"):
        assert secret.encode() not in copied + b"".join(names)


async def test_a_record_that_is_nonsense_is_no_session(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    store, session = process(redis_service.url), Session.visitor(clock(), LIMITS)
    await store.save(session)
    redis_service.ask("SET", f"wixproxy:{store._record(session.id).name}", "nonsense")
    assert await process(redis_service.url).load(session.id) is None


async def test_records_vanish_with_the_time_of_their_sessions(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    store, session = process(redis_service.url), Session.visitor(clock(), LIMITS)
    clock.advance(400)
    await store.save(session)
    answer = redis_service.ask("TTL", f"wixproxy:{store._record(session.id).name}")
    assert 590 <= int(answer.strip().removeprefix(b":")) <= 600


async def test_an_outage_logs_nobody_out(
    server: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    """P25: what is known is used on, and what is not known is neither found nor lost."""
    store = process(server.url)
    known, unknown = Session.visitor(clock(), LIMITS), Session.visitor(clock(), LIMITS)
    await store.save(known)
    await process(server.url).save(unknown)
    server.stop()
    assert await store.load(known.id) == known
    with pytest.raises(StoreUnavailable) as refused:
        await store.load(unknown.id)
    assert refused.value.retry_after
    with pytest.raises(StoreUnavailable):
        await store.save(Session.visitor(clock(), LIMITS))
    with pytest.raises(StoreUnavailable):
        async with store.exclusive(known):
            pass
    server.start()
    await asyncio.sleep(0.03)
    assert await store.load(unknown.id) == unknown


async def test_a_version_made_during_an_outage_arrives_when_it_is_over(
    server: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    store, session = process(server.url), Session.visitor(clock(), LIMITS)
    await store.save(session)
    server.stop()
    later = renewed(session, clock)
    await store.save(later)
    assert await store.load(session.id) == later
    server.start()
    other = process(server.url)
    for _ in range(500):
        if await other.load(session.id) == later:
            break
        await asyncio.sleep(0.02)
    assert await other.load(session.id) == later


async def test_a_version_that_waits_is_handed_over_when_the_process_ends(
    server: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    store, session = process(server.url, quiet_seconds=0.01), Session.visitor(clock(), LIMITS)
    await store.save(session)
    server.stop()
    later = renewed(session, clock)
    await store.save(later)
    server.start()
    await asyncio.sleep(0.02)
    await store.close()
    assert await process(server.url).load(session.id) == later


async def test_a_silent_redis_costs_one_request_its_patience_and_not_all(
    server: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    store = process(server.url, quiet_seconds=30)
    await server.frozen(20)
    with pytest.raises(StoreUnavailable):
        await store.load(Session.visitor(clock(), LIMITS).id)
    async with asyncio.timeout(10):
        for _ in range(100):
            with pytest.raises(StoreUnavailable):
                await store.load(Session.visitor(clock(), LIMITS).id)


async def test_five_hundred_who_ask_at_once_ask_redis_once(
    redis_service: RedisServer, process: MakeProcess, clock: HandClock
) -> None:
    session = Session.visitor(clock(), LIMITS)
    await process(redis_service.url).save(session)
    store = process(redis_service.url)
    before = redis_service.commands("get")
    found = await asyncio.gather(*(store.load(session.id) for _ in range(500)))
    assert set(found) == {session}
    assert redis_service.commands("get") == before + 1


async def test_the_password_of_redis_is_in_no_message(
    redis_service: RedisServer,
    process: MakeProcess,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = redis_service.url.replace("//", "//user:the-password@")
    with pytest.raises(StoreUnavailable) as refused:
        await process(url).load(Session.visitor(clock(), LIMITS).id)
    assert "Redis cannot be used" in caplog.text
    assert "the-password" not in caplog.text + repr(refused.value) + repr(RedisAddress(Secret(url)))
