"""To a page on Wix and back: where a flow may lead, and whose session it is afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.at_wix import CART, FROM_WIX, REDIRECT, AtWix, fill_cart, made
from tests.conftest import HandClock
from tests.stage import Stage, staged

PLAN = {"paidPlansCheckout": {"planId": "some-plan"}}


async def test_a_checkout_comes_back_to_the_same_visitor_with_an_empty_cart(stage: Stage) -> None:
    browser = stage.browser()
    checkout = await fill_cart(browser)
    visitor = (await (await browser.fetch(CART)).json())["cart"]["buyerInfo"]["visitorId"]
    thanks = {"thankYouPageUrl": f"{stage.origin}/thanks?x=1"}
    page = await made(browser, thanks, ecomCheckout={"checkoutId": checkout})
    back = await AtWix(browser).complete(page)
    assert back.startswith("/thanks?x=1&orderId=")
    assert back.endswith("&wixMemberLoggedIn=false")
    shown = await browser.navigate(back, **FROM_WIX)
    assert shown.status == 200
    assert stage.frontend.requests[-1].raw_path == back
    assert (await browser.fetch(CART)).status == 404
    await fill_cart(browser)
    again = (await (await browser.fetch(CART)).json())["cart"]["buyerInfo"]["visitorId"]
    assert again == visitor
    assert stage.counts()["grants"] == {"anonymous": 1}


async def test_a_flow_that_would_end_elsewhere_is_refused_before_wix_is_asked(
    stage: Stage,
) -> None:
    callbacks = {"postFlowUrl": f"{stage.origin}/cart", "thankYouPageUrl": "/thanks"}
    answer = await stage.browser().fetch(REDIRECT, "POST", body={**PLAN, "callbacks": callbacks})
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (400, "unsafe_return_url")
    assert problem["field"] == "callbacks.thankYouPageUrl"
    assert "'/thanks'" in problem["message"]
    assert f"{stage.origin}/thank-you" in problem["message"]
    assert stage.counts()["calls"] == {}


async def test_a_flow_is_read_at_wix_as_it_was_read_here(cookie_stage: Stage) -> None:
    """In UTF-7 the same bytes could name another callback."""
    browser = cookie_stage.browser()
    intent = {"ecomCheckout": {"checkoutId": await fill_cart(browser)}}
    body = {**intent, "callbacks": {"postFlowUrl": f"{cookie_stage.origin}/cart"}}
    utf_7 = {"Content-Type": "application/json; charset=utf-7"}
    assert (await browser.fetch(REDIRECT, "POST", body=body, **utf_7)).status == 200
    path = REDIRECT.removeprefix("/_wix/api")
    (kept,) = cookie_stage.emulator.state.exchanges.kept(path)
    assert ("content-type", "application/json") in [(n.lower(), v) for n, v in kept.headers]


async def test_a_flow_may_end_on_another_origin_that_is_listed(
    clock: HandClock, tmp_path: Path
) -> None:
    listed = {"api.allowed_origins": ["https://www.shop.example"]}
    async with staged(clock, tmp_path, listed) as stage:
        stage.emulator.allow_redirect_domain("https://www.shop.example")
        callbacks = {"postFlowUrl": "https://www.shop.example/done"}
        assert await made(stage.browser(), callbacks, **PLAN)


async def test_another_public_url_is_another_session_and_so_elsewhere(
    clock: HandClock, tmp_path: Path
) -> None:
    here, there = "http://localhost:4321", "http://other.localhost:4321"
    async with staged(clock, tmp_path, {"server.public_url": [here, there]}) as stage:
        for called, named in ((here, there), (there, here)):
            body = {**PLAN, "callbacks": {"postFlowUrl": f"{named}/done"}}
            host = called.removeprefix("http://")
            answer = await stage.browser().fetch(REDIRECT, "POST", body=body, Host=host)
            assert answer.status == 400
            assert f"an address of {called}" in (await answer.json())["message"]


@pytest.mark.parametrize(
    ("settings", "status", "says"),
    [
        pytest.param(
            {"redirect_domains": []}, 403, "Allowed redirect domains", id="a domain not listed"
        ),
        pytest.param({"published": False}, 500, "Publish the site", id="a site not published"),
    ],
)
async def test_what_is_not_set_up_at_wix_is_told_to_who_develops_the_page(
    cookie_stage: Stage, settings: dict[str, Any], status: int, says: str
) -> None:
    emulated = cookie_stage.emulator.state
    emulated.settings = emulated.settings.changed(settings)
    callbacks = {"postFlowUrl": f"{cookie_stage.origin}/done"}
    body = {**PLAN, "callbacks": callbacks}
    answer = await cookie_stage.browser().fetch(REDIRECT, "POST", body=body)
    assert answer.status == status
    explanation = answer.headers["X-Wixproxy-Explanation"]
    assert says in explanation
    assert "elevate" not in explanation
    assert any(says in line for line in cookie_stage.logged)


async def test_a_token_refused_at_the_checkout_is_renewed_and_the_link_made(
    stage: Stage,
) -> None:
    browser = stage.browser()
    checkout = await fill_cart(browser)
    stage.fault(path="*/redirect-session", status=401, count=1)
    page = await made(browser, {}, ecomCheckout={"checkoutId": checkout})
    assert page.startswith(stage.emulator.origin)
    assert stage.counts()["grants"] == {"anonymous": 1, "refresh_token": 1}


async def test_the_login_of_the_proxy_is_a_login_page_for_wixs_pages(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    login = f"{cookie_stage.origin}/_wix/login?returnToUrl=%2Fcart"
    assert await made(browser, {"loginUrl": login}, **PLAN)
    followed = "/_wix/login?returnToUrl=%2Fcart&wixMemberLoggedIn=false"
    begun = await browser.navigate(followed, **FROM_WIX)
    callback = await cookie_stage.wix_login_page(begun.headers["Location"], "ada@example.test")
    finished = await browser.navigate(callback, **FROM_WIX)
    assert finished.headers["Location"] == "/cart"
