"""What several processes count as one: as much as one of them would allow, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.redis_server import RedisServer, redis_server
from wixproxy.sansio.buckets import Buckets, Drawn
from wixproxy.sansio.keyring import Key, Keyring
from wixproxy.sansio.redaction import Secret
from wixproxy.stores.redis_client import Patience, RedisAddress, connect
from wixproxy.stores.redis_counts import RedisCounts

MakeProcess = Callable[..., RedisCounts]
ADDRESS = Buckets(10, kind="address")
ACCOUNT = Buckets(0.2, burst=3, kind="account")


@pytest.fixture
async def process(redis_service: RedisServer) -> AsyncIterator[MakeProcess]:
    """Make what one process of a site has; each test has a site of its own, by its key."""
    keyring = Keyring([Key.generate()])
    async with AsyncExitStack() as closing:

        def make(url: str = redis_service.url, site: str = "client") -> RedisCounts:
            client = connect(RedisAddress(Secret(url), timeout_seconds=0.3))
            counts = RedisCounts(client, keyring, site, patience=Patience(quiet_seconds=0.02))
            closing.push_async_callback(counts.close)
            return counts

        yield make


async def taken(processes: list[RedisCounts], drawn: list[Drawn], times: int) -> int:
    """Return how many of so many tries at each process are let through, all made at once."""
    waits = await asyncio.gather(*(one.take(drawn) for one in processes for _ in range(times)))
    return waits.count(0.0)


@pytest.mark.parametrize(("buckets", "at_once", "wait"), [(ADDRESS, 10, 6.0), (ACCOUNT, 3, 300.0)])
async def test_all_processes_take_from_one_bucket(
    process: MakeProcess, buckets: Buckets, at_once: int, wait: float
) -> None:
    drawn = [buckets.drawn("ada")]
    assert await taken([process(), process(), process()], drawn, 10) == at_once
    told = await process().take(drawn)
    # As long as the same bucket of one process would tell, but for the time that this test took.
    assert wait - 5 < told <= wait


async def test_a_bucket_fills_steadily(process: MakeProcess) -> None:
    counts, quick = process(), [Buckets(1_200, burst=2, kind="quick").drawn("ada")]
    assert await taken([counts], quick, 2) == 2
    async with asyncio.timeout(5):
        while wait := await counts.take(quick):
            assert wait <= 0.05
            await asyncio.sleep(wait)


async def test_what_one_bucket_refuses_costs_nothing_at_the_others(process: MakeProcess) -> None:
    counts = process()
    here, there, account = ADDRESS.drawn("here"), ADDRESS.drawn("there"), ACCOUNT.drawn("ada")
    assert await taken([counts], [here, account], 9) == 3
    assert await taken([counts], [here], 100) == 7
    assert await taken([counts], [there, account], 100) == 0
    assert await taken([counts], [there], 100) == 10


async def test_what_is_given_back_may_be_taken_again_and_no_more(process: MakeProcess) -> None:
    counts, drawn = process(), [ACCOUNT.drawn("ada")]
    await counts.give_back(drawn)
    assert await taken([counts], drawn, 10) == 3
    await process().give_back(drawn)
    assert await taken([counts], drawn, 10) == 1


async def test_kinds_names_and_sites_have_buckets_of_their_own(process: MakeProcess) -> None:
    for counts, drawn in (
        (process(), ACCOUNT.drawn("ada")),
        (process(), ACCOUNT.drawn("grace")),
        (process(), Buckets(0.2, burst=3, kind="another").drawn("ada")),
        (process(site="another"), ACCOUNT.drawn("ada")),
    ):
        assert await taken([counts], [drawn], 10) == 3


async def test_a_bucket_that_is_full_again_leaves_nothing_behind(
    process: MakeProcess, redis_service: RedisServer
) -> None:
    counts, drawn = process(), ACCOUNT.drawn("ada")
    name = f"wixproxy:{{count}}:{counts._name(drawn)}"
    await counts.take([drawn])
    left = int(redis_service.ask("PTTL", name).strip(b":\r\n"))
    assert 0 < left <= 300_000
    await counts.give_back([drawn])
    assert redis_service.ask("EXISTS", name) == b":0\r\n"


async def test_without_redis_nothing_is_refused_and_with_it_again_it_counts(
    process: MakeProcess, tmp_path: Path
) -> None:
    with redis_server(str(tmp_path)) as server:
        counts, drawn = process(server.url), [ACCOUNT.drawn("ada")]
        assert await taken([counts], drawn, 10) == 3
        server.stop()
        assert await taken([counts], drawn, 10) == 10
        await counts.give_back(drawn)
        server.start()
        for _ in range(500):
            if await counts.take(drawn):
                break
            await asyncio.sleep(0.02)
        assert await counts.take(drawn) > 0
