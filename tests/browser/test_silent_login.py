"""A browser that Wix knows as somebody: who may make the site know it, too, without a word."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page

from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEAVE = """async () => {
  const callbacks = { postFlowUrl: `${location.origin}/back` };
  const answer = await fetch('/_wix/api/headless/v1/redirect-session', {
    method: 'POST', body: JSON.stringify({ bookingsBook: {}, callbacks }),
  });
  return (await answer.json()).redirectSession.fullUrl;
}"""
LINK = """(address) => {
  const link = document.createElement('a');
  link.href = address;
  document.body.append(link);
  link.click();
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(stage: Stage, context: BrowserContext) -> Page:
    """A visitor's page, in a browser that is logged in at Wix as Grace."""
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/login")
    await page.get_by_role("button", name="Grace Harbour").click()
    await page.wait_for_url(f"{stage.origin}/")
    await context.clear_cookies(domain="localhost")
    await page.goto(stage.origin)
    assert await told(page) == "visitor"
    return page


async def told(page: Page) -> str:
    asked = "fetch('/_wix/session').then((answer) => answer.json())"
    identity: str = (await page.evaluate(asked))["identity"]
    return identity


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/news?wixMemberLoggedIn=true", "/news?wixMemberLoggedIn=true"),
        ("/_wix/login?prompt=none&returnToUrl=/news", "/news"),
    ],
    ids=["by the word of Wix", "by the login route"],
)
async def test_a_link_of_another_site_logs_nobody_in(
    stage: Stage, page: Page, path: str, shown: str
) -> None:
    await page.goto(f"{stage.emulator.origin}/login")
    asked = stage.counts()
    await page.evaluate(LINK, stage.origin + path)
    await page.wait_for_url(stage.origin + shown)
    assert await told(page) == "visitor"
    assert stage.counts() == asked


async def test_who_left_for_wix_comes_back_as_whom_wix_knows(stage: Stage, page: Page) -> None:
    await page.goto(await page.evaluate(LEAVE))
    await page.get_by_role("link", name="Leave").click()
    await page.wait_for_url(f"{stage.origin}/back?wixMemberLoggedIn=true")
    assert await told(page) == "member"
