"""Paths of Wix's own pages lead to the site's address at Wix, and nothing of ours goes along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.stage import Stage, staged
from wixproxy.emulator.apis.oauth_apps import OAuthApps

ASKED = "/oauth-app/v1/oauth-apps/"


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path, {"compat.wix_pages": True}) as stage:
        yield stage


def questions(stage: Stage) -> int:
    """Return how often Wix was asked where the pages are."""
    return stage.emulator.state.exchanges.calls("GET", ASKED + stage.emulator.client_id)


@pytest.mark.parametrize(
    "target",
    [
        "/checkout?checkoutId=7f",
        "/__ecom/checkout?a=%2F&b",
        "/_paylink/7f-1?lang=de",
        "/_proposal/7f-1",
    ],
)
async def test_a_page_is_led_to_with_its_query(stage: Stage, target: str) -> None:
    answer = await stage.browser().navigate(target)
    assert answer.status == 302
    assert answer.headers["Location"] == stage.emulator.origin + target
    assert answer.headers["Cache-Control"] == "no-store"
    assert stage.frontend.requests == []


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_the_pages_own_api_is_led_to_with_its_method(stage: Stage, method: str) -> None:
    answer = await stage.browser().fetch("/_api/paylinks/v1/x?.r=e30", method)
    assert answer.status == 307
    assert answer.headers["Location"] == f"{stage.emulator.origin}/_api/paylinks/v1/x?.r=e30"


async def test_nothing_is_fetched_and_nothing_of_a_member_goes_along(stage: Stage) -> None:
    browser = stage.browser()
    await browser.log_in()
    before = stage.counts()["calls"]
    for target in ("/checkout", "/_api/members/v1/members/my"):
        answer = await browser.navigate(target)
        assert answer.headers["Location"] == stage.emulator.origin + target
    made = stage.counts()["calls"]
    # Wix was asked for the address, as the app, and for nothing else.
    assert {call for call in made if made[call] != before.get(call)} == {
        f"GET {ASKED}{stage.emulator.client_id}",
        "POST /oauth2/token",
    }


async def test_wix_is_asked_for_the_address_once_an_hour(stage: Stage) -> None:
    for _ in range(3):
        await stage.browser().navigate("/checkout")
    assert questions(stage) == 1
    stage.advance(3_600)
    await stage.browser().navigate("/checkout")
    assert questions(stage) == 2


async def test_a_configured_address_is_asked_of_nobody(clock: HandClock, tmp_path: Path) -> None:
    flags = {"compat.wix_pages": True, "site.pages_url": "https://ada.wixsite.example/shop/"}
    async with staged(clock, tmp_path, flags) as stage:
        answer = await stage.browser().navigate("/checkout?x")
        assert answer.headers["Location"] == "https://ada.wixsite.example/shop/checkout?x"
        assert stage.counts()["calls"] == {}


async def test_an_address_that_leads_back_here_is_refused(stage: Stage) -> None:
    app = OAuthApps.of(stage.emulator.state)
    app.change(
        stage.emulator.client_id, {"redirectUrlWixPages": stage.origin}, ["redirectUrlWixPages"]
    )
    answer = await stage.browser().fetch("/checkout")
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (502, "wix_refused")
    assert "site.pages_url" in problem["message"]


@pytest.mark.parametrize("told", ["", "javascript:alert(1)", "http://wix.example", "https://a@b.c"])
async def test_an_address_that_is_none_is_refused(stage: Stage, told: str) -> None:
    app = OAuthApps.of(stage.emulator.state)
    app.change(stage.emulator.client_id, {"redirectUrlWixPages": told}, ["redirectUrlWixPages"])
    assert (await stage.browser().fetch("/checkout")).status == 502


async def test_a_credential_is_not_sent_on(stage: Stage) -> None:
    answer = await stage.browser().fetch("/_api/x", "POST", Authorization="OauthNG.JWS.own.token")
    assert (answer.status, (await answer.json())["code"]) == (403, "call_refused")
    assert "Location" not in answer.headers


async def test_a_page_of_another_site_posts_nothing_through_here(stage: Stage) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = await stage.browser().fetch("/_api/x", "POST", **foreign)
    assert (answer.status, (await answer.json())["code"]) == (403, "cross_site_request")


async def test_a_form_is_not_posted_to_a_page_of_wix(stage: Stage) -> None:
    assert (await stage.browser().submit("/checkout", {"card": "4111"})).status == 405


async def test_when_wix_is_down_the_page_says_so(stage: Stage) -> None:
    stage.fault(path=f"{ASKED}*", status=500)
    answer = await stage.browser().navigate("/checkout")
    assert answer.status == 503
    stage.heal()
    assert (await stage.browser().navigate("/checkout")).status == 302


async def test_without_the_option_these_paths_are_the_frontends(
    clock: HandClock, tmp_path: Path
) -> None:
    async with staged(clock, tmp_path) as stage:
        for path in ("/checkout", "/_api/x"):
            assert (await stage.browser().navigate(path)).status == 200
        assert len(stage.frontend.requests) == 2
