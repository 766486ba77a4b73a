"""One Chromium for all tests that need one, a fresh context for each of them.

Chromium and its driver live as long as the test session, so these tests run on
the session's loop: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.browser.vite import scaffold
from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.requirements import require
from tests.stage import Stage, staged

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STEP_MS = 15_000


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    require(path, "Chromium: apt-get install chromium")
    # A proxy of the machine is no way to localhost.
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=path, args=FLAGS, env=dict(environment)
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def vite_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The React app of Vite's template; what a test changes in it, it puts back."""
    return scaffold(tmp_path_factory.mktemp("vite"))


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
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(locale="en-GB", viewport={"width": 1100, "height": 900})
    context.set_default_timeout(STEP_MS)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def watch(context: BrowserContext) -> Watch:
    """What the pages of the context ask for and complain about, from the start."""
    return Watch(context)
