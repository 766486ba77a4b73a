"""Back from Wix as `wixMemberLoggedIn=true`: logged in without a page, once, and by no link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.at_wix import CART, FROM_WIX, AtWix, fill_cart, made
from tests.conftest import HandClock
from tests.stage import Browser, Stage, staged

LOGIN_SESSIONS = "/_api/redirects-api/v1/redirect-session"
BACK = "/thanks?a=%26+b&wixMemberLoggedIn=true"


async def left_for_wix(browser: Browser) -> str:
    """Go to a checkout on Wix; return its address there."""
    checkout = await fill_cart(browser)
    callbacks = {"postFlowUrl": f"{browser.stage.origin}/thanks?a=%26+b"}
    return await made(browser, callbacks, ecomCheckout={"checkoutId": checkout})


async def nearly_logged_in(browser: Browser) -> str:
    """Log in at the checkout and come back; return the callback that finishes the silent login."""
    page = await left_for_wix(browser)
    wix = AtWix(browser)
    await wix.log_in(page)
    begun = await browser.navigate(BACK, **FROM_WIX)
    return await wix.follow(begun.headers["Location"])


async def identity(browser: Browser) -> str:
    told: str = (await browser.session())["identity"]
    return told


async def test_who_logged_in_on_the_way_comes_back_as_a_member_to_the_very_page(
    stage: Stage,
) -> None:
    browser = stage.browser()
    page = await left_for_wix(browser)
    wix = AtWix(browser)
    await wix.log_in(page)
    back = await wix.leave(page)
    assert back == BACK
    begun = await browser.navigate(back, **FROM_WIX)
    assert begun.status == 302
    assert begun.headers["Cache-Control"] == "no-store"
    callback = await wix.follow(begun.headers["Location"])
    finished = await browser.navigate(callback, **FROM_WIX)
    assert (finished.status, finished.headers["Location"]) == (303, BACK)
    shown = await browser.navigate(BACK, **FROM_WIX)
    assert shown.status == 200
    assert [each.raw_path for each in stage.frontend.requests] == [BACK]
    assert stage.frontend.requests[-1].headers["X-Wix-Identity"] == "member"
    assert await identity(browser) == "member"
    # Nothing was bought: the visitor's cart went along.
    assert (await (await browser.fetch(CART)).json())["cart"]["lineItems"]


async def test_when_wix_knows_no_member_the_page_is_shown_to_the_visitor_and_never_sent_again(
    stage: Stage,
) -> None:
    browser = stage.browser()
    await left_for_wix(browser)
    begun = await browser.navigate(BACK, **FROM_WIX)
    callback = await AtWix(browser).follow(begun.headers["Location"])
    assert "error=login_required" in callback
    finished = await browser.navigate(callback, **FROM_WIX)
    assert (finished.status, finished.headers["Location"]) == (303, BACK)
    for _ in range(3):
        assert (await browser.navigate(BACK, **FROM_WIX)).status == 200
    assert await identity(browser) == "visitor"


async def test_a_link_begins_nothing_in_a_browser_that_was_not_led_to_wix(stage: Stage) -> None:
    """Login CSRF: whom Wix knows in this browser may be somebody else's doing."""
    browser = stage.browser()
    await fill_cart(browser)
    asked = stage.counts()
    for path in (BACK, "/?wixMemberLoggedIn=true"):
        assert (await browser.navigate(path, **FROM_WIX)).status == 200
    assert (await stage.browser().navigate(BACK, **FROM_WIX)).status == 200
    assert stage.counts() == asked


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_of_another_origin_begins_no_silent_login_either(
    stage: Stage, site: str
) -> None:
    """The same by the login's own address: the browser is led on, and Wix is not asked."""
    browser = stage.browser()
    await fill_cart(browser)
    asked = stage.counts()
    address = "/_wix/login?prompt=none&returnToUrl=/thanks"
    answer = await browser.navigate(address, **{"Sec-Fetch-Site": site})
    assert (answer.status, answer.headers["Location"]) == (303, "/thanks")
    assert stage.counts() == asked
    assert (await browser.navigate(address)).status == 302
    assert (await browser.navigate("/_wix/login", **{"Sec-Fetch-Site": site})).status == 302


async def test_a_flow_may_end_at_the_silent_login_itself(stage: Stage) -> None:
    """For a frontend whose pages do not pass the proxy."""
    browser = stage.browser()
    checkout = await fill_cart(browser)
    callbacks = {"postFlowUrl": f"{stage.origin}/_wix/login?prompt=none&returnToUrl=%2Fthanks"}
    page = await made(browser, callbacks, ecomCheckout={"checkoutId": checkout})
    wix = AtWix(browser)
    await wix.log_in(page)
    begun = await browser.navigate(await wix.leave(page), **FROM_WIX)
    callback = await wix.follow(begun.headers["Location"])
    finished = await browser.navigate(callback, **FROM_WIX)
    assert finished.headers["Location"] == "/thanks"
    assert await identity(browser) == "member"


@pytest.mark.parametrize(
    "callbacks", [{}, {"postFlowUrl": None}], ids=["no callbacks", "one that is not set"]
)
async def test_a_flow_that_leads_nowhere_back_is_none_to_come_back_from(
    cookie_stage: Stage, callbacks: dict[str, Any]
) -> None:
    browser = cookie_stage.browser()
    checkout = await fill_cart(browser)
    await made(browser, callbacks, ecomCheckout={"checkoutId": checkout})
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 200


async def test_a_refused_redirect_session_leads_nobody_to_wix(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    cookie_stage.fault(path="*/redirect-session", status=503)
    with pytest.raises(AssertionError):
        await left_for_wix(browser)
    cookie_stage.heal()
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/thanks", {}, id="nothing said"),
        pytest.param("/thanks?wixMemberLoggedIn=false", {}, id="nobody logged in"),
        pytest.param("/thanks?wixMemberLoggedIn=1", {}, id="another word"),
        pytest.param("/thanks?x=wixMemberLoggedIn=true", {}, id="in another parameter"),
        pytest.param(BACK, {"Sec-Purpose": "prefetch"}, id="fetched ahead"),
        pytest.param(BACK, {"Sec-Fetch-Dest": "iframe"}, id="a frame"),
        pytest.param(BACK, {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"}, id="an image"),
        pytest.param(f"//thanks{BACK}", {}, id="a path that nobody may be sent to"),
    ],
)
async def test_only_a_page_that_says_so_begins_a_login(
    cookie_stage: Stage, path: str, headers: dict[str, str]
) -> None:
    browser = cookie_stage.browser()
    await left_for_wix(browser)
    assert (await browser.navigate(path, **FROM_WIX, **headers)).status == 200
    assert cookie_stage.emulator.state.exchanges.calls("POST", LOGIN_SESSIONS) == 0
    # The record still stands: the page that says so is the one that takes it up.
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 302


async def test_a_member_stays_who_he_is(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    await browser.log_in("grace@example.test")
    await left_for_wix(browser)
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 200
    assert (await browser.session())["identity"] == "member"


async def test_four_hours_later_nobody_is_expected_back(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    await left_for_wix(browser)
    cookie_stage.advance(4 * 3600)
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 200


async def test_while_wix_is_down_the_page_is_shown_and_the_login_waits_for_the_next_one(
    stage: Stage,
) -> None:
    browser = stage.browser()
    await left_for_wix(browser)
    stage.fault(path="*/redirect-session", status=503)
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 200
    assert any("silent login was not begun" in line for line in stage.logged)
    stage.heal()
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 302


@pytest.mark.parametrize("status", [503, 400], ids=["Wix is down", "Wix refuses the code"])
async def test_a_login_that_fails_at_its_end_shows_the_page(stage: Stage, status: int) -> None:
    browser = stage.browser()
    callback = await nearly_logged_in(browser)
    stage.fault(path="/oauth2/token", status=status)
    finished = await browser.navigate(callback, **FROM_WIX)
    assert (finished.status, finished.headers["Location"]) == (303, BACK)
    assert not [name for name in browser.cookies() if "-login-" in name]
    assert await identity(browser) == "visitor"


async def test_one_who_waits_too_long_at_wix_comes_back_without_a_word(stage: Stage) -> None:
    browser = stage.browser()
    callback = await nearly_logged_in(browser)
    stage.clock.advance(601)
    finished = await browser.navigate(callback, **FROM_WIX)
    assert (finished.status, finished.headers["Location"]) == (303, BACK)


async def test_pages_that_send_each_other_round_end_with_a_page(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    statuses = []
    for _ in range(5):
        await left_for_wix(browser)
        statuses.append((await browser.navigate(BACK, **FROM_WIX)).status)
    assert statuses == [302, 302, 302, 200, 200]


async def test_a_site_without_logins_of_its_own_can_do_without(
    clock: HandClock, tmp_path: Path
) -> None:
    async with staged(clock, tmp_path, {"site.login.silent": False}) as stage:
        browser = stage.browser()
        await left_for_wix(browser)
        assert (await browser.navigate(BACK, **FROM_WIX)).status == 200


async def test_files_are_pages_too(clock: HandClock, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>Thanks</title>")
    flags = {"upstream.url": None, "upstream.root": str(tmp_path / "dist")}
    async with staged(clock, tmp_path, flags) as stage:
        browser = stage.browser()
        callback = await nearly_logged_in(browser)
        await browser.navigate(callback, **FROM_WIX)
        assert "Thanks" in await (await browser.navigate(BACK, **FROM_WIX)).text()
        assert await identity(browser) == "member"


async def test_a_flow_that_server_code_began_is_picked_up_all_the_same(stage: Stage) -> None:
    """The record reaches the browser with the next answer, whoever asked for the session."""
    browser = stage.browser()
    await browser.navigate("/")
    handed_on = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    answer = await stage.browser().http.post(
        f"{stage.origin}/_wix/api/headless/v1/redirect-session",
        json={"login": {}, "callbacks": {"postFlowUrl": f"{stage.origin}/thanks"}},
        headers={"Cookie": handed_on},
    )
    assert answer.status == 200
    assert (await browser.navigate(BACK, **FROM_WIX)).status == 302
