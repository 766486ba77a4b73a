"""The pages on the way in and out, in Chromium: login, bridge, logout, problems."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.watching import Watch
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

RESPONSE_MODE = "responseMode=query"


async def log_in(page: Page, stage: Stage, return_url: str = "/") -> None:
    """Log in as a sample member."""
    await page.goto(f"{stage.origin}/_wix/login?returnToUrl={return_url}")
    await page.get_by_role("button", name="Ada Quill").click()
    await page.wait_for_url(stage.origin + return_url)


async def told(page: Page) -> str:
    """Return who the proxy says the browser is."""
    identity: str = await page.evaluate(
        "fetch('/_wix/session').then((answer) => answer.json()).then((who) => who.identity)"
    )
    return identity


async def history(context: BrowserContext, page: Page, origin: str) -> list[str]:
    """Return every address of this origin that the back button could show."""
    browser = await context.new_cdp_session(page)
    kept = await browser.send("Page.getNavigationHistory")
    await browser.detach()
    return [entry["url"] for entry in kept["entries"] if entry["url"].startswith(origin)]


async def follow_link(page: Page, address: str) -> None:
    """Click a link to this address on the page shown."""
    await page.evaluate(
        """(address) => {
            const link = document.createElement("a");
            link.href = address;
            link.textContent = "Follow";
            document.body.append(link);
        }""",
        address,
    )
    await page.get_by_role("link", name="Follow").click()


@pytest.mark.parametrize("provider", ["Google", "Facebook"])
async def test_a_member_can_log_in_with_a_social_account(
    provider: str, stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/login?returnToUrl=/profile")
    await page.get_by_role("link", name=f"Continue with {provider}").click()
    await page.get_by_role("button", name="Grace Harbour").click()
    await expect(page).to_have_url(f"{stage.origin}/profile")
    assert await told(page) == "member"


async def test_a_link_may_name_the_provider_and_skip_the_login_page(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/login?idp=google")
    await expect(page).to_have_title("Google, emulated")
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(f"{stage.origin}/")
    assert await told(page) == "member"


async def test_a_person_who_signs_up_is_logged_in(stage: Stage, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/login?returnToUrl=/welcome")
    await page.get_by_role("link", name="Sign up").click()
    await page.get_by_label("First name").fill("Edsger")
    await page.get_by_label("Email").fill("edsger@example.test")
    await page.get_by_label("Password").fill("edsger-password")
    await page.get_by_role("button", name="Sign up").click()
    await expect(page).to_have_url(f"{stage.origin}/welcome")
    assert await told(page) == "member"


async def test_a_code_in_the_fragment_logs_in_and_stays_in_no_history(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/login?returnToUrl=/profile?tab=orders")
    assert RESPONSE_MODE in page.url
    await page.goto(page.url.replace(RESPONSE_MODE, "responseMode=fragment"))
    callbacks: list[str] = []
    page.on("framenavigated", lambda frame: callbacks.append(frame.url))
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(f"{stage.origin}/profile?tab=orders")
    assert await told(page) == "member"
    assert "/_wix/callback" in watch.paths(stage.origin), "the bridge was not crossed"
    assert any("#code=" in url for url in callbacks), "the code did not come in a fragment"
    kept = await history(context, page, stage.origin)
    assert kept[-1] == page.url
    assert not [address for address in kept if "code" in address or "state" in address]
    assert watch.complaints == []


async def test_a_code_in_the_query_stays_in_no_history(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await log_in(page, stage, "/profile")
    assert await history(context, page, stage.origin) == [f"{stage.origin}/profile"]
    assert watch.complaints == []


async def test_the_callback_opened_by_hand_explains_itself(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/callback")
    await expect(
        page.get_by_role("heading", name="There is no login to finish here")
    ).to_be_visible()
    await page.get_by_role("link", name="Log in").click()
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(f"{stage.origin}/")
    assert watch.complaints == []


async def test_a_refusal_in_the_fragment_is_told_on_a_page(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/login")
    await page.goto(
        page.url.replace(RESPONSE_MODE, "responseMode=fragment").replace(
            "prompt=login", "prompt=none"
        )
    )
    await expect(page.get_by_role("main")).to_contain_text("login_required")
    await expect(page.get_by_role("link", name="Log in")).to_be_visible()


async def test_a_logout_link_on_a_page_of_the_site_logs_out_by_itself(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await log_in(page, stage)
    await follow_link(page, "/_wix/logout?returnToUrl=/goodbye")
    await expect(page).to_have_url(f"{stage.origin}/goodbye")
    assert await told(page) == "visitor"
    assert watch.complaints == []


async def test_a_logout_address_typed_by_hand_asks_first(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    """R48."""
    page = await context.new_page()
    await log_in(page, stage)
    await page.goto(f"{stage.origin}/_wix/logout?returnToUrl=/goodbye")
    await expect(page.get_by_role("heading", name="Do you want to log out?")).to_be_visible()
    assert await told(page) == "member"
    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_url(f"{stage.origin}/goodbye")
    assert await told(page) == "visitor"
    assert watch.complaints == []


async def test_who_does_not_want_to_log_out_stays_logged_in(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await log_in(page, stage)
    await page.goto(f"{stage.origin}/_wix/logout?returnToUrl=/profile")
    await page.get_by_role("link", name="Stay logged in").click()
    await expect(page).to_have_url(f"{stage.origin}/profile")
    assert await told(page) == "member"


async def test_the_back_button_after_a_logout_shows_a_visitor(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await log_in(page, stage, "/profile")
    await follow_link(page, "/_wix/logout")
    await page.wait_for_url(f"{stage.origin}/")
    await page.go_back(wait_until="load")
    assert await told(page) == "visitor"


PROBLEMS = {
    "an unknown address of ours": ("/_wix/nothing", 404),
    "a return URL that leaves the site": ("/_wix/login?returnToUrl=//evil.test", 400),
    "a provider that does not exist": ("/_wix/login?idp=nobody", 400),
    "a callback of no login": ("/_wix/callback?code=JWS.x&state=unknown", 400),
}


@pytest.mark.parametrize(("path", "status"), PROBLEMS.values(), ids=list(PROBLEMS))
async def test_a_problem_is_a_page_with_a_way_on_and_breaks_no_policy(
    path: str, status: int, stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    answer = await page.goto(stage.origin + path)
    assert answer is not None
    assert answer.status == status
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.locator("footer")).to_contain_text("Request id")
    # Chromium reports the status of the page itself; everything else would be ours.
    assert watch.without_status_of(stage.origin + path) == []
    await page.get_by_role("link", name="Go to the start page").click()
    await expect(page).to_have_url(f"{stage.origin}/")


async def test_a_frontend_that_is_gone_is_told_on_a_page_and_comes_back(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/cart")
    await stage.frontend.stop()
    answer = await page.goto(f"{stage.origin}/cart")
    assert answer is not None
    assert answer.status == 502
    await expect(page.get_by_role("main")).to_contain_text("frontend")
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
    # The browser asks for an icon when it likes, perhaps only after the frontend went.
    complaints = watch.without_status_of(f"{stage.origin}/cart")
    assert [line for line in complaints if "/favicon.ico" not in line] == []


async def test_a_login_while_wix_is_down_is_told_on_a_page_and_works_when_tried_again(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    stage.fault(path="*/redirect-session", status=503)
    address = f"{stage.origin}/_wix/login?returnToUrl=/profile"
    answer = await page.goto(address)
    assert answer is not None
    assert answer.status == 503
    assert watch.without_status_of(address) == []
    stage.heal()
    await page.get_by_role("link", name="Try again").click()
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(f"{stage.origin}/profile")


async def test_a_page_that_is_sent_round_in_a_circle_is_stopped(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    for _ in range(3):
        await page.goto(f"{stage.origin}/_wix/login")
    answer = await page.goto(f"{stage.origin}/_wix/login")
    assert answer is not None
    assert answer.status == 429
    await expect(page.get_by_role("main")).to_contain_text("circle")


async def test_a_form_that_is_refused_on_a_page_of_ours_leads_back_to_where_it_was(
    stage: Stage, context: BrowserContext
) -> None:
    """Without a failureUrl. A link cannot post again, so none says "Try again"."""
    page = await context.new_page()
    stage.fault(path="/_api/iam/*", status=503)
    for path in ("/_wix/login", "/_wix/register", "/_wix/recover"):
        await page.goto(f"{stage.origin}/my-form?from=cart")
        async with page.expect_navigation():
            await page.evaluate(
                """(action) => {
                    const form = document.createElement("form");
                    Object.assign(form, { method: "post", action });
                    form.innerHTML = `<input name="email" value="ada@example.test">
                        <input name="password" value="ada-password">`;
                    document.body.append(form);
                    form.submit();
                }""",
                path,
            )
        await expect(page.get_by_role("heading", name="Wix cannot be reached")).to_be_visible()
        await expect(page.get_by_role("link", name="Try again")).to_have_count(0)
        await page.get_by_role("link", name="Back to the form").click()
        await expect(page).to_have_url(f"{stage.origin}/my-form?from=cart")


async def test_the_end_of_a_direct_login_opened_as_a_page_says_what_it_is(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{stage.origin}/_wix/direct-login?code=wixproxy.x&state=s")
    heading = page.get_by_role("heading", name="There is no login to finish here")
    await expect(heading).to_be_visible()
    assert page.url == f"{stage.origin}/_wix/direct-login"


async def test_the_pages_keep_their_policy_in_the_dark_and_on_a_phone(
    stage: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 360, "height": 640})
    for path in ("/_wix/callback", "/_wix/direct-login", "/_wix/logout", "/_wix/nothing"):
        await page.goto(stage.origin + path)
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{path} is wider than the screen"
    assert watch.without_status_of(f"{stage.origin}/_wix/nothing") == []
