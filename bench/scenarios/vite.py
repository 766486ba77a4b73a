"""A page of 2,000 modules from Vite's dev server, in Chromium."""

from __future__ import annotations

import os
import shutil
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ..course import Course
from ..figures import Case, Figures
from ..peers import OURS
from ..peers.peer import Task
from ..processes import Server
from ..upstreams.vite_page import READY, vite_page

if TYPE_CHECKING:
    from playwright.async_api import Browser

MODULES, QUICK_MODULES = 2_000, 200
LOAD_MS = 120_000
PEERS = ("nginx", OURS, "http-proxy-3", "vite-proxy")


async def vite(course: Course) -> None:
    """How long it takes until all modules ran, from an empty cache."""
    # Half a second that the other scenarios need not wait for.
    from playwright.async_api import async_playwright

    from tests.conftest import FLAGS

    modules = QUICK_MODULES if course.quick else MODULES
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(vite_page(course.folder, modules))
        servers = {
            "direct": upstream,
            **await course.start(running, Task(upstream.port), PEERS),
        }
        driver = await running.enter_async_context(async_playwright())
        # A proxy of the machine is no way to the loopback.
        environment: dict[str, str | float | bool] = {
            name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
        }
        chromium = await driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, env=environment
        )
        running.push_async_callback(chromium.close)

        async def load(server: Server) -> Figures:
            return {"ready_ms": await _load(chromium, server)}

        case = Case(
            "vite-page",
            f"A page of {modules:,} modules from Vite's dev server, in Chromium",
            "from the navigation until the last module ran, with an empty cache",
            compares="ready_ms",
            yardstick="direct",
        )
        await course.measure(case, servers, load, warms_up=load)


async def _load(chromium: Browser, server: Server) -> float:
    """Open the page in a new browser profile; return when it was ready, in ms."""
    context = await chromium.new_context()
    try:
        page = await context.new_page()
        await page.goto(server.origin, wait_until="commit", timeout=LOAD_MS)
        await page.wait_for_function(READY, timeout=LOAD_MS)
        taken: float = await page.evaluate(READY)
        return taken
    finally:
        await context.close()
