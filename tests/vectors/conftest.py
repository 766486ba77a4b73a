from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.vectors.scene import Scene, scene


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One proxy and one upstream for all vectors of a module."""
    async with scene(tmp_path_factory.mktemp("vectors")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def proxied(running: Scene) -> AsyncIterator[Scene]:
    """The same, with nothing left of the test before."""
    yield running
    await running.renew()
