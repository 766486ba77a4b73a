"""The stage: once for each store, or with the default one.

On the standard library's loop only Redis is played: it is the store that speaks through the loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import LOOP, HandClock
from tests.redis_server import RedisServer
from tests.stage import Stage, staged

STORES = ["redis"] if LOOP == "asyncio" else ["cookie", "memory", "redis"]


@pytest.fixture(params=STORES)
async def stage(
    request: pytest.FixtureRequest, clock: HandClock, tmp_path: Path
) -> AsyncIterator[Stage]:
    flags = {"session.store": request.param}
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_service")
        flags["session.redis.url"] = server.url
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


@pytest.fixture
async def cookie_stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage with the default store, for what no store has a part in."""
    async with staged(clock, tmp_path) as stage:
        yield stage
