"""An application with a client of its own, made as for any site, logs in and out in Chromium."""

from __future__ import annotations

import re
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
# As Wix's guide has it: what the login began with waits in the page's storage.
LEAVE = """async (back) => {
  const data = client.auth.generateOAuthData(back);
  sessionStorage.setItem('login', JSON.stringify(data));
  return (await client.auth.getAuthUrl(data)).authUrl;
}"""
COME_BACK = """async () => {
  const { code, state } = client.auth.parseFromUrl();
  const data = JSON.parse(sessionStorage.getItem('login'));
  client.auth.setTokens(await client.auth.getMemberTokens(code, state, data));
}"""
ADA = {"email": "ada@example.test", "password": "ada-password"}
NEW = {"email": "new@example.test", "password": "a-long-password"}


async def with_client(page: Page, site: Stage) -> Page:
    """Let the application make its client, once it is there."""
    await page.wait_for_function("globalThis.wix")
    await page.evaluate(OWN_CLIENT, site.emulator.client_id)
    return page


@pytest_asyncio.fixture(loop_scope="session")
async def own(shown: Page, site: Stage) -> Page:
    """The application with its own client, which never leaves the origin."""
    return await with_client(shown, site)


async def log_in(page: Page, asked: dict[str, str] = ADA) -> None:
    """Log in with a password."""
    found = await page.evaluate("(asked) => client.auth.login(asked)", asked)
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


async def test_a_sign_up_is_proved_by_the_code_that_was_mailed(own: Page, site: Stage) -> None:
    settings = site.emulator.state.settings
    site.emulator.state.settings = settings.changed({"email_verification": True})
    begun = await own.evaluate("(asked) => client.auth.register(asked)", NEW)
    assert begun["loginState"] == "EMAIL_VERIFICATION_REQUIRED"
    mailed = re.search(r"\b\d{6}\b", str(site.emulator.state.mailbox[-1]))
    assert mailed is not None
    verify = "(verificationCode) => client.auth.processVerification({ verificationCode })"
    proved = await own.evaluate(verify, mailed[0])
    await own.evaluate(LOG_IN, proved["data"]["sessionToken"])
    assert await own.evaluate(EMAIL) == NEW["email"]


async def test_a_forgotten_password_is_replaced_over_a_mail(opened: Page, site: Stage) -> None:
    page = await with_client(opened, site)
    mail = "([email, url]) => client.auth.sendPasswordResetEmail(email, url)"
    await page.evaluate(mail, [ADA["email"], f"{site.origin}/in"])
    await page.goto(site.emulator.state.mailbox[-1]["link"])
    await page.get_by_label("New password").fill("another-password")
    await page.get_by_role("button", name="Save the password").click()
    await page.wait_for_url(f"{site.origin}/in")
    await log_in(await with_client(page, site), {**ADA, "password": "another-password"})
    assert await page.evaluate(EMAIL) == ADA["email"]


async def test_a_login_on_wixs_page_leads_back_with_a_code(opened: Page, site: Stage) -> None:
    page, back = await with_client(opened, site), f"{site.origin}/back"
    site.emulator.allow_redirect_uri(back)
    await page.goto(await page.evaluate(LEAVE, back))
    await page.get_by_role("button", name="Ada Quill").click()
    await page.wait_for_url(f"{back}#*")
    await (await with_client(page, site)).evaluate(COME_BACK)
    assert await page.evaluate(EMAIL) == ADA["email"]
    assert await identity(page) == "member"
