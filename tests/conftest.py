"""What every test may ask for: a clock that is turned by hand, a Redis, and uvloop below.

`WIXPROXY_TEST_LOOP=asyncio` runs the tests on the standard library's loop instead.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
import uvloop

from tests.redis_server import RedisServer, redis_server

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
START = 1_800_000_000.0


class HandClock:
    """A clock that moves when a test says so."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def redis_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests: names in it are derived from random ids, so they do not meet."""
    with redis_server(str(tmp_path_factory.mktemp("redis"))) as server:
        yield server


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    chosen = os.environ.get("WIXPROXY_TEST_LOOP", "uvloop")
    return {chosen: LOOPS[chosen]}
