"""A page that the browser has already, fetched or fetched ahead, is shown with the script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page

from tests.browser.sdk.frontend import fronted, page
from tests.conftest import HandClock
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRESH = "max-age=600"
ASK = "no-cache"
PAGES = {"/": page(head='<link rel="icon" href="data:,">'), "/next": page("<p>next</p>", head="")}
HAS_SCRIPT = "typeof globalThis.__wix_context__ === 'object'"
BYTES = "async () => (await fetch('/next')).text()"
AHEAD = """(kind) => {
  const ahead = document.createElement(kind === 'link' ? 'link' : 'script');
  if (kind === 'link') Object.assign(ahead, { rel: 'prefetch', href: '/next' });
  else {
    ahead.type = 'speculationrules';
    ahead.textContent = JSON.stringify({ prefetch: [{ urls: ['/next'], eagerness: 'immediate' }] });
  }
  document.head.append(ahead);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    request: pytest.FixtureRequest, clock: HandClock, tmp_path: Path
) -> AsyncIterator[Stage]:
    headers = {
        "ETag": '"v1"',
        "Last-Modified": "Tue, 05 Nov 2024 10:00:00 GMT",
        "Cache-Control": getattr(request, "param", ASK),
    }
    async with fronted(clock, tmp_path, PAGES, headers, {"browser.inject": True}) as stage:
        yield stage


async def opened(context: BrowserContext, site: Stage, path: str = "/") -> Page:
    shown = await context.new_page()
    await shown.goto(site.origin + path)
    return shown


async def until_asked(site: Stage) -> None:
    """Wait until the proxy has answered with the next page."""
    for _ in range(500):
        if any(line.startswith("GET /next 200 ") for line in site.logged):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the page was not fetched ahead")


@pytest.mark.parametrize("site", [ASK, FRESH], indirect=True)
async def test_a_page_that_was_fetched_is_shown_with_the_script(
    site: Stage, context: BrowserContext
) -> None:
    shown = await opened(context, site)
    assert await shown.evaluate(BYTES) == PAGES["/next"]
    await shown.goto(f"{site.origin}/next")
    assert await shown.evaluate(HAS_SCRIPT)
    await shown.reload()
    assert await shown.evaluate(HAS_SCRIPT)


@pytest.mark.parametrize("site", [FRESH], indirect=True)
async def test_a_page_that_was_shown_is_fetched_without_the_script(
    site: Stage, context: BrowserContext
) -> None:
    shown = await opened(context, site, "/next")
    assert await shown.evaluate(BYTES) == PAGES["/next"]


@pytest.mark.parametrize("kind", ["link", "speculation rule"])
async def test_a_page_that_was_fetched_ahead_is_shown_with_the_script(
    site: Stage, context: BrowserContext, kind: str
) -> None:
    shown = await opened(context, site)
    await shown.evaluate(AHEAD, kind)
    await until_asked(site)
    await shown.evaluate("location.assign('/next')")
    await shown.wait_for_url(f"{site.origin}/next")
    assert await shown.locator("p").inner_text() == "next"
    assert await shown.evaluate(HAS_SCRIPT)


async def test_a_page_that_was_shown_before_is_not_sent_again(
    site: Stage, context: BrowserContext
) -> None:
    shown = await opened(context, site, "/next")
    await shown.reload()
    assert await shown.evaluate(HAS_SCRIPT)
    assert any(line.startswith("GET /next 304 ") for line in site.logged)
