"""Sessions in Redis: many processes with one memory, and an outage that logs nobody out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import HandClock
from tests.redis_server import RedisServer, redis_server
from tests.second_process import second_process, shown
from tests.siblings import ACCESS_TOKEN_SECONDS, CALL, SIBLINGS, STRICTLY, member, refreshes
from tests.stage import Browser, Stage, staged

PRODUCTS = "/_wix/api/stores/v3/products/query?.r=e30"


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


async def call_at(browser: Browser, origin: str, path: str = CALL) -> int:
    """Call another process of the site as the same browser; return the status."""
    async with browser.http.get(f"{origin}{path}", headers=shown(browser)) as answer:
        await answer.read()
        return answer.status


def given(answer: aiohttp.ClientResponse) -> str:
    """Return the session cookie that the answer sets."""
    lines = answer.headers.getall("Set-Cookie", [])
    return "".join(line.partition(";")[0] for line in lines if "HttpOnly" in line)


def visitors(stage: Stage) -> int:
    """Return how many visitors Wix has made."""
    made: int = stage.counts()["grants"].get("anonymous", 0)
    return made


@pytest.mark.numerous
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


@pytest.mark.parametrize(("identity", "status"), [("visitor", 200), ("member", 401)])
async def test_siblings_of_an_ended_session_become_one_visitor_at_both_processes(
    stage: Stage, identity: str, status: int
) -> None:
    browser = await member(stage) if identity == "member" else stage.browser()
    await browser.navigate("/")
    assert (await browser.fetch(PRODUCTS)).status == 200
    old, started = shown(browser), visitors(stage)
    stage.emulator.state.tokens.revoke_everyone()
    stage.advance(ACCESS_TOKEN_SECONDS)
    jar = aiohttp.DummyCookieJar()
    async with second_process(stage) as other, aiohttp.ClientSession(cookie_jar=jar) as http:

        async def call(origin: str, fields: dict[str, str]) -> tuple[int, str]:
            async with http.get(f"{origin}{PRODUCTS}", headers=fields) as answer:
                return answer.status, given(answer)

        origins = [stage.origin, other] * 25
        answers = await asyncio.gather(*(call(origin, old) for origin in origins))
        # Late ones, when nobody waits for anything any more.
        answers += [await call(origin, old) for origin in origins[:2]]
        assert Counter(code for code, _ in answers) == {status: 52}
        cookies = {cookie for _, cookie in answers}
        assert len(cookies) == 1
        new = cookies.pop()
        for origin in origins[:2]:
            code, cookie = await call(origin, {**old, "Cookie": new})
            assert code == 200
            assert cookie in {"", new}
    assert visitors(stage) == started + 1


async def test_who_logs_out_at_one_process_is_logged_out_at_all(stage: Stage) -> None:
    browser = await member(stage)
    async with second_process(stage) as other:
        assert await call_at(browser, other) == 200
        fields = shown(browser)
        await browser.fetch("/_wix/logout", "POST")
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


async def test_a_shorter_life_of_sessions_is_taken_over_while_the_proxy_runs(stage: Stage) -> None:
    browser = await member(stage)
    session = stage.config.session.model_copy(update={"idle_seconds": 60})
    await stage.proxy.reload(stage.config.model_copy(update={"session": session}))
    stage.advance(60)
    assert (await browser.session()).get("identity") != "member"
