"""A page of Wix's dashboard in Chromium: it calls the frontend across origins, and no other may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import BrowserContext, Error

from tests.conftest import HandClock
from tests.dashboard import FLAGS, PATH, asked, user_token
from tests.stage import Stage, staged

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What the client of such a page does: the token as it is, and JSON.
CALL = """async ([address, token, more]) => {
    const headers = { "Content-Type": "application/json", ...(token && { Authorization: token }) };
    const answer = await fetch(address, { method: "POST", body: "{}", headers, ...more });
    return [answer.status, await answer.text()];
}"""


@dataclass
class Pages:
    """The origins that a listed page and a page of somebody else stand on."""

    listed: str
    other: str


@pytest_asyncio.fixture(loop_scope="session")
async def pages() -> AsyncIterator[Pages]:
    async def page(_: web.Request) -> web.Response:
        text = "<!doctype html><link rel=icon href=data:,><title>A page at Wix</title>"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    for _ in range(2):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    listed, other = (f"http://127.0.0.1:{address[1]}" for address in runner.addresses)
    yield Pages(listed, other)
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard(clock: HandClock, tmp_path: Path, pages: Pages) -> AsyncIterator[Stage]:
    flags = {**FLAGS, "site.extensions.dashboard_origins": [pages.listed]}
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


async def called(
    context: BrowserContext, origin: str, stage: Stage, token: str | None, **more: str
) -> Any:
    """Call the frontend from a page of this origin; return status and text, or None."""
    page = await context.new_page()
    await page.goto(f"{origin}/")
    try:
        return await page.evaluate(CALL, [stage.origin + PATH, token, more])
    except Error as error:
        if "Failed to fetch" not in error.message:
            raise
        return None


def reached(stage: Stage) -> list[str]:
    return [each.path for each in stage.frontend.requests if each.path == PATH]


async def test_a_listed_page_calls_with_its_token_and_reads_the_answer(
    context: BrowserContext, dashboard: Stage, pages: Pages
) -> None:
    token = await user_token(dashboard, userId="user-1")
    status, text = await called(context, pages.listed, dashboard, token)
    assert (status, PATH in text) == (200, True)
    told = dashboard.frontend.requests[-1].headers
    assert (told["X-Wix-Caller-Identity"], told["X-Wix-Caller-Id"]) == ("user", "user-1")
    assert await context.cookies(dashboard.origin) == []


async def test_a_listed_page_reads_why_it_was_refused(
    context: BrowserContext, dashboard: Stage, pages: Pages
) -> None:
    status, text = await called(context, pages.listed, dashboard, None)
    assert (status, "caller_unverified" in text) == (401, True)
    assert reached(dashboard) == []


async def test_a_page_that_sends_cookies_along_reads_nothing(
    context: BrowserContext, dashboard: Stage, pages: Pages
) -> None:
    token = await user_token(dashboard)
    answer = await called(context, pages.listed, dashboard, token, credentials="include")
    assert answer is None
    assert reached(dashboard) == []


async def test_a_page_of_another_origin_calls_nothing_with_a_good_token(
    context: BrowserContext, dashboard: Stage, pages: Pages
) -> None:
    token = await user_token(dashboard)
    assert await called(context, pages.other, dashboard, token) is None
    assert await called(context, pages.other, dashboard, token, mode="no-cors") is None
    assert (reached(dashboard), asked(dashboard)) == ([], 0)


async def test_an_extension_that_the_frontend_itself_serves_may_call(
    context: BrowserContext, dashboard: Stage
) -> None:
    """In a frame of the dashboard its pages have the frontend's own origin."""
    token = await user_token(dashboard)
    status, _ = await called(context, dashboard.origin, dashboard, token)
    assert status == 200
    assert "X-Wix-Identity" not in dashboard.frontend.requests[-1].headers
