"""The stages that tests in Chromium are played on.

Chromium and its driver live as long as the test session, so these tests run on
the session's loop: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from tests.browser.attack_scene import PLACES, Scene, attackers_server, set_scene
from tests.conftest import HandClock
from tests.stage import Stage, staged


@pytest_asyncio.fixture(loop_scope="session")
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The proxy in front of a frontend that shows the path it was asked for."""
    async with staged(clock, tmp_path) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def shop(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The proxy in front of the demo shop."""
    async with staged(clock, tmp_path, {"upstream.url": None}) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere() -> AsyncIterator[int]:
    """The port of a server that belongs to somebody else."""
    async with attackers_server() as port:
        yield port


@pytest_asyncio.fixture(loop_scope="session", params=PLACES.values(), ids=list(PLACES))
async def scene(
    request: pytest.FixtureRequest, stage: Stage, context: BrowserContext, elsewhere: int
) -> Scene:
    """A victim, and a page of an attacker, on each of the two places."""
    return await set_scene(stage, context, f"http://{request.param}:{elsewhere}")
