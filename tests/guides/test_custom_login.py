"""The guide to login pages of one's own, followed in Chromium: its pages, modules and tables."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect
from yarl import URL

from tests.browser.vite import add_wix_packages, build, project_beside
from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.guides.blocks import blocks, titled, write_files
from tests.modules import ROOT
from tests.stage import Stage, staged
from wixproxy.emulator import Emulator
from wixproxy.errors import WixproxyError
from wixproxy.handlers.custom_login import TOLD_ON_THE_PAGE
from wixproxy.sansio import custom_login

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUIDE = "custom-login.md"
TEXT = (ROOT / "docs" / GUIDE).read_text("utf-8")
ADA = {"Email": "ada@example.test", "Password": "ada-password"}
NIA = {"First name": "Nia", "Email": "nia@example.test", "Password": "a-long-password"}
IDENTITY = "fetch('/_wix/session').then((it) => it.json()).then((it) => it.identity)"


@pytest_asyncio.fixture(loop_scope="session")
async def site(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """A folder of the guide's files."""
    root = tmp_path / "site"
    write_files(GUIDE, root)
    async with staged(clock, tmp_path, {"upstream.url": None, "upstream.root": str(root)}) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def page(site: Stage, context: BrowserContext) -> Page:
    page = await context.new_page()
    await page.goto(f"{site.origin}/login.html")
    return page


async def fill(page: Page, fields: dict[str, str], button: str) -> None:
    for label, text in fields.items():
        await page.get_by_label(label).fill(text)
    await page.get_by_role("button", name=button).click()


def settings(site: Stage, **changes: Any) -> None:
    site.emulator.state.settings = site.emulator.state.settings.changed(changes)


def mail(site: Stage, pattern: str) -> str:
    found = re.search(pattern, json.dumps(site.emulator.state.mailbox[-1]))
    assert found is not None
    return found[0]


async def test_a_member_logs_in_and_out_by_the_forms(site: Stage, page: Page, watch: Watch) -> None:
    await fill(page, {**ADA, "Password": "wrong"}, "Log in")
    await expect(page.get_by_role("alert")).to_have_text("The email or the password is wrong.")
    await fill(page, ADA, "Log in")
    await page.wait_for_url(f"{site.origin}/account.html")
    assert await page.evaluate(IDENTITY) == "member"
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url(f"{site.origin}/login.html")
    assert await page.evaluate(IDENTITY) == "visitor"
    assert [told for told in watch.complaints if "favicon.ico" not in told] == []


async def test_the_forms_need_no_script(site: Stage, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site.origin}/login.html")
    await fill(page, {**ADA, "Password": "wrong"}, "Log in")
    await page.wait_for_url(f"{site.origin}/login.html?error=invalid_credentials")
    await fill(page, ADA, "Log in")
    await page.wait_for_url(f"{site.origin}/account.html")
    await context.close()


async def test_who_signs_up_proves_the_address_and_may_mistype_the_code(
    site: Stage, page: Page
) -> None:
    settings(site, email_verification=True)
    await page.get_by_role("link", name="Sign up").click()
    await fill(page, NIA, "Sign up")
    alert = page.get_by_role("alert")
    await expect(alert).to_have_text("We have sent you a code. Enter it here.")
    await fill(page, {"Code": "000000"}, "Go on")
    await expect(alert).to_have_text("That is not the code we sent.")
    await fill(page, {"Code": mail(site, r"\b\d{6}\b")}, "Go on")
    await page.wait_for_url(f"{site.origin}/account.html")
    await page.goto(f"{site.origin}/signup.html")
    await fill(page, NIA, "Sign up")
    await expect(alert).to_contain_text("There is an account with this email.")


async def test_a_forgotten_password_is_replaced(site: Stage, page: Page) -> None:
    await page.get_by_role("link", name="Forgot your password?").click()
    await fill(page, {"Email": ADA["Email"]}, "Send me a link")
    await page.wait_for_url(f"{site.origin}/login.html?sent")
    await page.goto(mail(site, r"http[^\"\s]+recoveryToken[^\"\s]+"))
    await fill(page, {"New password": "quite-another"}, "Save the password")
    await page.wait_for_url(f"{site.origin}/login.html?sent")
    await fill(page, {**ADA, "Password": "quite-another"}, "Log in")
    await page.wait_for_url(f"{site.origin}/account.html")


async def test_too_many_guesses_are_told_how_long_to_wait(site: Stage, page: Page) -> None:
    guess = {"email": "ada@example.test", "password": "a guess"}
    for _ in range(10):
        await site.browser().fetch("/_wix/login", "POST", body=guess)
    await fill(page, ADA, "Log in")
    await expect(page.get_by_role("alert")).to_have_text(
        "That was tried too often. Wait a moment. Try again in 6 seconds."
    )


async def test_a_link_leads_to_google_and_back(site: Stage, page: Page) -> None:
    await page.get_by_role("link", name="Log in with Google").click()
    await page.get_by_role("button", name="Grace Harbour").click()
    await page.wait_for_url(f"{site.origin}/account.html")
    shown = re.search(r'href="(/_wix/login\?idp=google[^"]+)"', titled(GUIDE, "login.html").text)
    assert shown is not None
    (block,) = [block for block in blocks(GUIDE) if block.language == "html" and not block.title]
    assert shown[1] in block.text


async def called(page: Page, call: str) -> Any:
    """Return what a function of the guide's module returns, or what its error says."""
    return await page.evaluate(
        f"""() => import('/member.js').then((member) => member.{call})
            .catch((error) => [error.message, error.state ?? null, error.seconds])"""
    )


async def test_a_module_logs_in_and_out_with_json(site: Stage, page: Page) -> None:
    await page.evaluate("import('/everywhere.js')")
    wrong = await called(page, "logIn('ada@example.test', 'wrong')")
    assert wrong == ["invalid_credentials", None, None]
    assert await called(page, "forgot('ada@example.test')") == {"identity": "visitor"}
    told = await called(page, "logIn('ada@example.test', 'ada-password')")
    assert told == {"identity": "member"}
    assert await page.evaluate("document.documentElement.dataset.identity") == "member"
    await page.evaluate("import('/member.js').then((member) => { member.logOut(); })")
    await page.wait_for_function(f"{IDENTITY}.then((identity) => identity === 'visitor')")


async def test_a_module_signs_up_and_proves_the_address(site: Stage, page: Page) -> None:
    settings(site, email_verification=True)
    profile = "{firstName: 'Nia'}"
    error, state, _ = await called(page, f"signUp('nia@example.test', 'long-enough', {profile})")
    assert error == "email_verification_required"
    wrong = await called(page, f"verify('{state}', '000000')")
    assert wrong == ["verification_failed", state, None]
    code = mail(site, r"\b\d{6}\b")
    assert await called(page, f"verify('{state}', '{code}')") == {"identity": "member"}


def rows(heading: str) -> list[str]:
    """Return the errors that the table behind these words lists."""
    table = TEXT.partition(heading)[2].lstrip().partition("\n\n")[0]
    return [name for line in table.splitlines() for name in re.findall(r"^\| (`.+?`) \|", line)]


async def test_the_tables_list_every_error_that_a_page_may_be_told() -> None:
    listed = re.findall(r"`(\w+)`", " ".join(rows("or in the JSON with status 401:")))
    assert set(listed) == custom_login.ERRORS - {"too_many_requests"}
    others = re.findall(r"`(\w+)`", " ".join(rows("with its own status:")))
    assert set(others) <= {kind.code for kind in _kinds(TOLD_ON_THE_PAGE)}
    sentences = re.findall(r"^  (\w+): '", titled(GUIDE, "outcome.js").text, re.MULTILINE)
    assert sentences
    assert set(sentences) <= {*listed, *others}


def _kinds(roots: tuple[type[WixproxyError], ...]) -> set[type[WixproxyError]]:
    return {kind for root in roots for kind in (root, *_kinds(tuple(root.__subclasses__())))}


async def test_the_emulated_wix_is_told_to_ask_for_codes_as_the_guide_says(site: Stage) -> None:
    (command,) = [block.text for block in blocks(GUIDE) if block.language == "sh"]
    words = shlex.split(command)
    assert words[:3] == ["curl", "-X", "PUT"]
    url = URL(words[3]).with_port(URL(site.emulator.origin).port)
    async with aiohttp.ClientSession() as http, http.put(url, data=words[-1]) as answer:
        assert answer.status == 200
    assert site.emulator.state.settings.email_verification is True
    page = f"{site.emulator.origin}/__emulator/mailbox"
    assert page.partition("//")[2].partition("/")[2] in TEXT
    async with aiohttp.ClientSession() as http, http.get(page) as answer:
        assert answer.status == 200


@pytest_asyncio.fixture(loop_scope="session")
async def application(vite_app: Path, clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The guide's module for Wix's own client, built by Vite."""
    add_wix_packages(vite_app)
    project = project_beside(vite_app, tmp_path / "project")
    block = titled(GUIDE, "sdk-login.js")
    (project / "src" / "sdk-login.js").write_text(block.text)
    (project / "src" / "main.jsx").write_text(
        "import * as login from './sdk-login.js'; globalThis.login = login;"
    )
    # The emulator's client id is the same each time.
    (project / ".env").write_text(f"VITE_WIX_CLIENT_ID={Emulator().client_id}\n")
    flags = {"upstream.url": None, "upstream.root": str(build(project))}
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


async def test_wixs_own_client_logs_in_and_out_unmodified(
    application: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await page.goto(application.origin)
    await page.wait_for_function("globalThis.login")
    wrong = await page.evaluate("login.logIn('ada@example.test', 'wrong')")
    assert (wrong["loginState"], wrong["errorCode"]) == ("FAILURE", "invalidPassword")
    settings(application, email_verification=True)
    waiting = await page.evaluate("login.signUp('nia@example.test', 'a-long-password', {})")
    assert waiting["loginState"] == "EMAIL_VERIFICATION_REQUIRED"
    code = mail(application, r"\b\d{6}\b")
    assert (await page.evaluate(f"login.verify('{code}')"))["loginState"] == "SUCCESS"
    assert await page.evaluate("login.isMember()") is True
    assert await page.evaluate("login.me().then((me) => me.profile.nickname)")
    await page.evaluate("login.forgot('ada@example.test')")
    assert "recoveryToken" in mail(application, r".*")
    async with page.expect_navigation():
        await page.evaluate("() => { login.logOut(); }")
    await page.wait_for_function("globalThis.login && !login.isMember()")
    assert page.url == f"{application.origin}/"
    assert await page.evaluate(IDENTITY) == "visitor"
    assert await watch.headers("authorization", application.origin) == []
