"""Limits of a site with several processes: on one Redis they allow no more than one would."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import HandClock
from tests.redis_server import RedisServer, redis_server
from tests.second_process import second_process, shown
from tests.stage import Browser, Stage, staged

ADDRESS = {"X-Forwarded-For": "203.0.113.7"}
WRONG = {"email": "ada@example.test", "password": "a guess"}
RIGHT = {"email": "ada@example.test", "password": "ada-password"}
LIST = "/_wix/api/members/v1/members/query"
RULE = {
    "name": "members",
    "call": "POST /members/v1/members/query",
    "who": ["visitor"],
    "body_fields": ["query"],
    "per_minute": 5,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    with redis_server(str(tmp_path)) as server:
        yield server


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path, server: RedisServer) -> AsyncIterator[Stage]:
    flags = {
        "session.store": "redis",
        "session.redis.url": server.url,
        "server.trusted_proxies": ["127.0.0.1", "::1"],
        "site.elevate": [RULE],
    }
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


async def visitor(stage: Stage) -> Browser:
    """Open a browser whose session has tokens, so that every process knows it."""
    browser = stage.browser()
    await browser.navigate("/")
    assert (await browser.fetch("/_wix/api/stores/v3/products/query?.r=e30")).status == 200
    return browser


async def posted(
    browser: Browser, origins: list[str], path: str, body: Any, **fields: str
) -> Counter[int]:
    """Post the same to each of these processes at once; return how often each status came."""
    fields = {**shown(browser), **fields}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def post(origin: str) -> int:
            async with http.post(f"{origin}{path}", json=body, headers=fields) as answer:
                return answer.status

        return Counter(await asyncio.gather(*map(post, origins)))


async def test_ten_wrong_logins_of_an_address_are_ten_at_all_processes_together(
    stage: Stage,
) -> None:
    browser = await visitor(stage)
    async with second_process(stage) as other:
        origins = [stage.origin, other] * 15
        assert await posted(browser, origins, "/_wix/login", WRONG, **ADDRESS) == {401: 10, 429: 20}
        elsewhere = {"X-Forwarded-For": "198.51.100.9"}
        assert await posted(browser, [other], "/_wix/login", RIGHT, **elsewhere) == {200: 1}


async def test_right_logins_use_up_nothing_at_any_process(stage: Stage) -> None:
    browser = await visitor(stage)
    async with second_process(stage) as other:
        for _ in range(2):
            origins = [stage.origin, other] * 4
            assert await posted(browser, origins, "/_wix/login", RIGHT, **ADDRESS) == {200: 8}


async def test_a_rule_is_used_as_often_as_it_says_at_all_processes_together(stage: Stage) -> None:
    browser = await visitor(stage)
    async with second_process(stage) as other:
        origins = [stage.origin, other] * 5
        assert await posted(browser, origins, LIST, {"query": {}}) == {200: 5, 429: 5}


async def test_each_process_goes_on_counting_by_itself_while_redis_is_away(
    stage: Stage, server: RedisServer
) -> None:
    browser = await visitor(stage)
    async with second_process(stage) as other:
        assert await posted(browser, [other], LIST, {"query": {}}) == {200: 1}
        await asyncio.to_thread(server.stop)
        # The other one has counted one use before.
        assert await posted(browser, [stage.origin] * 9, LIST, {"query": {}}) == {200: 5, 429: 4}
        assert await posted(browser, [other] * 9, LIST, {"query": {}}) == {200: 4, 429: 5}


async def test_nothing_in_redis_tells_who_tried(stage: Stage, server: RedisServer) -> None:
    browser = await visitor(stage)
    await posted(browser, [stage.origin], "/_wix/login", WRONG, **ADDRESS)
    names = server.ask("KEYS", "*")
    assert b"wixproxy:{count}:" in names
    told = [*browser.cookies().values(), "203.0.113.7", "ada@example.test", "example"]
    assert not [text for text in told if text.encode() in names]
