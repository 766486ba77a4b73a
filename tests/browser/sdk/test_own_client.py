"""An application with a client of its own, made as for any site, logs in and out in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

OWN_CLIENT = """(clientId) => {
  const { OAuthStrategy, createClient, ...modules } = wix;
  const { members, productsV3, currentCart } = modules;
  const auth = OAuthStrategy({ clientId });
  globalThis.client = createClient({ auth, modules: { members, productsV3, currentCart } });
}"""
LOG_IN = """async (sessionToken) => {
  client.auth.setTokens(await client.auth.getMemberTokensForDirectLogin(sessionToken));
}"""
EMAIL = """async () => {
  const { member } = await client.members.getCurrentMember({ fieldsets: ['FULL'] });
  return member.loginEmail;
}"""
ADA = {"email": "ada@example.test", "password": "ada-password"}


async def with_client(page: Page, site: Stage) -> Page:
    """Let the page make its client."""
    await page.evaluate(OWN_CLIENT, site.emulator.client_id)
    return page


@pytest_asyncio.fixture(loop_scope="session")
async def own(shown: Page, site: Stage) -> Page:
    """The application with its own client, which never leaves the origin."""
    return await with_client(shown, site)


async def log_in(page: Page) -> None:
    """Log in with a password."""
    found = await page.evaluate("(asked) => client.auth.login(asked)", ADA)
    await page.evaluate(LOG_IN, found["data"]["sessionToken"])


async def identity(page: Page) -> Any:
    """Return who the proxy says that the browser is."""
    told = await page.evaluate("fetch('/_wix/session').then((answer) => answer.json())")
    return told["identity"]


async def test_modules_work_unmodified(own: Page, site: Stage) -> None:
    count = await own.evaluate(
        "client.productsV3.queryProducts().find().then((found) => found.items.length)"
    )
    assert count == 8
    assert site.counts()["grants"] == {"anonymous": 1}


async def test_a_password_logs_in(own: Page) -> None:
    await log_in(own)
    assert await own.evaluate(EMAIL) == ADA["email"]
    assert await own.evaluate("wix.authentication.loggedIn()") is True


async def test_a_logout_logs_out_here_and_at_wix(opened: Page, site: Stage) -> None:
    page = await with_client(opened, site)
    await log_in(page)
    assert await identity(page) == "member"
    asked = "(url) => client.auth.logout(url).then((told) => told.logoutUrl)"
    address = await page.evaluate(asked, f"{site.origin}/bye")
    assert address.startswith(site.emulator.origin)
    await page.goto(address)
    assert page.url == f"{site.origin}/bye"
    assert await identity(page) == "visitor"
