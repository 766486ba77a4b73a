"""The stage that the checks of `/_wix/sdk.js` are played on, and an application built for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page

from tests.browser.sdk.building import build_app
from tests.browser.sdk.frontend import TAG
from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.stage import Stage, staged


@pytest.fixture
async def proxied(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The proxy with the emulated Wix, for pages that are no pages of Chromium."""
    async with staged(clock, tmp_path) as stage:
        yield stage


@pytest.fixture(scope="session")
def app(vite_app: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built application that imports Wix's modules and sets up nothing."""
    return build_app(vite_app, tmp_path_factory.mktemp("app") / "dist")


@pytest.fixture(scope="session")
def tagged(app: Path) -> Path:
    """The built application with the tag that a person writes into its page."""
    index = app / "index.html"
    index.write_text(index.read_text().replace("<head>", f"<head>{TAG}"))
    return app


@pytest_asyncio.fixture(loop_scope="session")
async def site(clock: HandClock, tmp_path: Path, tagged: Path) -> AsyncIterator[Stage]:
    """The proxy that serves the built application."""
    flags = {"upstream.url": None, "upstream.root": str(tagged)}
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def opened(site: Stage, context: BrowserContext, watch: Watch) -> AsyncIterator[Page]:
    """The application in Chromium; at the end no token has left it."""
    page = await context.new_page()
    await page.goto(site.origin)
    await page.wait_for_function("globalThis.wix")
    yield page
    assert await watch.headers("authorization", site.origin) == []


@pytest_asyncio.fixture(loop_scope="session")
async def shown(site: Stage, opened: Page, watch: Watch) -> AsyncIterator[Page]:
    """The same; at the end nothing has left its origin either."""
    yield opened
    assert watch.origins() == {site.origin}
