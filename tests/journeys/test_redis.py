"""Sessions in Redis: many processes with one memory, and an outage that logs nobody out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.redis_server import RedisServer, redis_server
from tests.siblings import ACCESS_TOKEN_SECONDS, CALL, SIBLINGS, STRICTLY, member, refreshes
from tests.stage import FETCH, Browser, Stage, staged
from wixproxy.listening import listen
from wixproxy.server import build


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    with redis_server(str(tmp_path)) as server:
        yield server


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path, server: RedisServer) -> AsyncIterator[Stage]:
    flags = {"session.store": "redis", "session.redis.url": server.url}
    async with staged(clock, tmp_path, flags, STRICTLY) as stage:
        yield stage


@asynccontextmanager
async def second_process(stage: Stage) -> AsyncIterator[str]:
    """Run another proxy of the same site; yield where it listens."""
    proxy = build(stage.config, clock=stage.clock)
    sockets = listen("127.0.0.1", 0)
    await proxy.start(sockets)
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        await proxy.stop()


async def call_at(browser: Browser, origin: str, path: str = CALL) -> int:
    """Call another process of the site as the same browser; return the status."""
    fields = {
        **FETCH,
        "Host": browser.stage.origin.removeprefix("http://"),
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies().items()),
    }
    async with browser.http.get(f"{origin}{path}", headers=fields) as answer:
        await answer.read()
        return answer.status


async def test_five_hundred_siblings_at_two_processes_make_one_refresh(stage: Stage) -> None:
    browser = await member(stage)
    async with second_process(stage) as other:
        for expected in (1, 2, 3):
            stage.advance(ACCESS_TOKEN_SECONDS)
            statuses = await asyncio.gather(
                *(
                    call_at(browser, other if number % 2 else stage.origin)
                    for number in range(SIBLINGS)
                )
            )
            assert Counter(statuses) == {200: SIBLINGS}
            assert refreshes(stage) == expected


async def test_who_logs_out_at_one_process_is_logged_out_at_all(stage: Stage) -> None:
    browser = await member(stage)
    async with second_process(stage) as other:
        assert await call_at(browser, other) == 200
        fields = {"Cookie": "; ".join(f"{k}={v}" for k, v in browser.cookies().items())}
        await browser.fetch("/_wix/logout", "POST")
        fields = {**FETCH, **fields, "Host": stage.origin.removeprefix("http://")}
        statuses = []
        for _ in range(100):
            async with browser.http.get(f"{other}{CALL}", headers=fields) as answer:
                statuses.append(answer.status)
            if statuses[-1] == 401:
                break
            await asyncio.sleep(0.05)
        assert statuses[-1] == 401


async def test_a_restart_keeps_every_session(stage: Stage) -> None:
    browser = await member(stage)
    await stage.restart()
    assert (await browser.fetch(CALL)).status == 200
    assert (await browser.session())["identity"] == "member"


async def test_nobody_is_logged_out_while_redis_is_stopped_and_started_under_load(
    stage: Stage, server: RedisServer
) -> None:
    """P25: calls go on or are told to come again; no cookie is cleared; all are back at the end."""
    members = [await member(stage) for _ in range(5)]
    before = [browser.cookies() for browser in members]
    seen: Counter[int] = Counter()
    codes: set[str] = set()
    ends = asyncio.Event()

    async def use(browser: Browser) -> None:
        while not ends.is_set():
            answer = await browser.fetch(CALL)
            seen[answer.status] += 1
            if answer.status != 200:
                codes.add((await answer.json())["code"])
                assert answer.headers["Retry-After"]
                await asyncio.sleep(0.02)

    users = [asyncio.create_task(use(browser)) for browser in members]
    for _ in range(3):
        await asyncio.sleep(0.2)
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(0.1)
        stage.advance(ACCESS_TOKEN_SECONDS)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(server.start)
        served = seen[200]
        for _ in range(500):
            await asyncio.sleep(0.02)
            if seen[200] > served + 20:
                break
    ends.set()
    await asyncio.gather(*users)
    assert set(seen) <= {200, 503}
    assert codes <= {"store_unavailable"}
    for browser in members:
        assert (await browser.session())["identity"] == "member"
        assert (await browser.fetch(CALL)).status == 200
    assert [browser.cookies() for browser in members] == before


async def test_pages_are_served_while_redis_is_away_and_nothing_is_written_over_the_session(
    stage: Stage, server: RedisServer
) -> None:
    browser = await member(stage)
    await stage.restart()
    before = browser.cookies()
    server.stop()
    page = await browser.navigate("/")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers
    assert (await browser.fetch(CALL)).status == 503
    assert browser.cookies() == before
    server.start()
    for _ in range(500):
        if (await browser.session()).get("identity") == "member":
            break
        await asyncio.sleep(0.02)
    assert (await browser.fetch(CALL)).status == 200
