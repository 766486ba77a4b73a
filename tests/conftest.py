"""What every test may ask for: a clock that is turned by hand, a Redis, a Chromium, uvloop below.

`WIXPROXY_TEST_LOOP=asyncio` runs the tests on the standard library's loop instead.

There is one Chromium for all tests that need one, and a fresh context for each
of them. It lives as long as the test session, so these tests run on the
session's loop: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import pytest_asyncio
import uvloop

from tests.redis_server import RedisServer, redis_server
from tests.requirements import require

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

    from tests.browser.watching import Watch

# How long an example takes is the machine's affair: no test is about that.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
LOOP = os.environ.get("WIXPROXY_TEST_LOOP", "uvloop")
START = 1_800_000_000.0
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
    return {LOOP: LOOPS[LOOP]}


@pytest.fixture(scope="session")
def vite_app(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The React app of Vite's template; what a test changes in it, it puts back."""
    from tests.browser.vite import own_copy, scaffold, scaffold_once

    folder = tmp_path_factory.mktemp("vite")
    if worker_id == "master":
        return scaffold(folder)
    # The folder of this run, in which each process of tests has its own.
    shared = tmp_path_factory.getbasetemp().parent / "vite"
    return own_copy(scaffold_once(shared), folder / "app")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    # Most runs need no browser, and its driver takes a while to import.
    from playwright.async_api import async_playwright, expect

    path = shutil.which("chromium")
    require(path, "Chromium: apt-get install chromium")
    expect.set_options(timeout=STEP_MS)
    # A proxy of the machine is no way to localhost.
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=path, args=FLAGS, env=dict(environment)
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(locale="en-GB", viewport={"width": 1100, "height": 900})
    context.set_default_timeout(STEP_MS)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def watch(context: BrowserContext) -> Watch:
    """What the pages of the context ask for and complain about, from the start."""
    from tests.browser.watching import Watch

    return Watch(context)
