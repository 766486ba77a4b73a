"""Calls that run as the app: for those a rule names, with what it names, and for nobody else."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.at_wix import AtWix, fill_cart, made
from tests.conftest import HandClock
from tests.modules import ROOT
from tests.stage import Browser, Stage, staged
from wixproxy.sansio.redaction import Secret

ORDERS = "/_wix/api/ecom/v1/orders/search"
INSTANCE = "/_wix/api/apps/v1/instance"
LIST = "/_wix/api/members/v1/members/query"
RULES = [
    {"name": "instance", "call": "GET /apps/v1/instance", "who": ["member"]},
    {
        "name": "members",
        "call": "POST /members/v1/members/query",
        "who": ["visitor", "member"],
        "body_fields": ["query"],
        "per_minute": 5,
    },
]


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path, {"site.elevate": RULES}) as stage:
        yield stage


async def member(stage: Stage, name: str = "ada") -> Browser:
    browser = stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": f"{name}@example.test"})
    return browser


async def buy(browser: Browser) -> None:
    """Complete a checkout on Wix's page."""
    thanks = {"thankYouPageUrl": f"{browser.stage.origin}/thanks"}
    intent = {"ecomCheckout": {"checkoutId": await fill_cart(browser)}}
    await AtWix(browser).complete(await made(browser, thanks, **intent))


def shown_rule(page: str) -> dict[str, Any]:
    """Return the elevation rule that the README or the example shows."""
    lines = re.sub(r"^# ", "", page.partition("[[site.elevate]]")[2], flags=re.MULTILINE)
    rule = re.match(r"(?:\n|#.*|[a-z_]+ = .*)*", lines)
    assert rule is not None
    return tomllib.loads(rule[0])


def authorization(stage: Stage, path: str) -> str:
    kept: Any = stage.emulator.state.exchanges.kept(path)[-1]
    return str({name.lower(): value for name, value in kept.headers}["authorization"])


async def test_a_call_that_a_rule_names_runs_as_the_app(stage: Stage) -> None:
    browser = await member(stage)
    answer = await browser.fetch(INSTANCE)
    assert answer.status == 200
    assert stage.counts()["grants"]["client_credentials"] == 1
    assert any("runs as the app by rule instance" in line for line in stage.logged)
    assert "instance" not in str(answer.headers).replace("apps/v1/instance", "")


async def test_the_apps_token_is_asked_for_once(stage: Stage) -> None:
    browser = await member(stage)
    for _ in range(3):
        assert (await browser.fetch(INSTANCE)).status == 200
    assert stage.counts()["grants"]["client_credentials"] == 1
    stage.advance(14_400)
    assert (await browser.fetch(INSTANCE)).status == 200
    assert stage.counts()["grants"]["client_credentials"] == 2


async def test_calls_at_once_wait_for_one_token_of_the_app(stage: Stage) -> None:
    browsers = [await member(stage) for _ in range(2)]
    calls = [browser.fetch(INSTANCE) for browser in browsers for _ in range(4)]
    assert [answer.status for answer in await asyncio.gather(*calls)] == [200] * 8
    assert stage.counts()["grants"]["client_credentials"] == 1


async def test_a_token_of_the_app_that_wix_refuses_is_replaced_once(stage: Stage) -> None:
    browser = await member(stage)
    await browser.fetch(INSTANCE)
    stage.emulator.state.tokens.forget_access()
    assert (await browser.fetch(INSTANCE)).status == 200
    assert stage.counts()["grants"]["client_credentials"] == 2


async def test_who_is_not_named_gets_the_ordinary_refusal_and_is_told_why(stage: Stage) -> None:
    """A visitor's call stays a visitor's; app administration needs a rule."""
    answer = await stage.browser().fetch(INSTANCE)
    assert answer.status == 403
    assert (await answer.json())["code"] == "call_refused"
    assert "client_credentials" not in stage.counts()["grants"]


async def test_only_what_the_rule_names_travels(stage: Stage) -> None:
    browser = stage.browser()
    refused = await browser.fetch(LIST, "POST", body={"query": {}, "fieldsets": ["FULL"]})
    assert refused.status == 403
    assert (await refused.json())["code"] == "elevation_refused"
    queried = await browser.fetch(f"{LIST}?fieldsets=FULL", "POST", body={"query": {}})
    assert queried.status == 403
    assert "client_credentials" not in stage.counts()["grants"]
    answer = await browser.fetch(LIST, "POST", body={"query": {"paging": {"limit": 1}}})
    assert answer.status == 200
    assert authorization(stage, "/members/v1/members/query").startswith("OauthNG.")


@pytest.mark.parametrize("page", ["README.md", "config.example.toml"])
async def test_by_the_rule_that_is_shown_each_member_finds_their_own_orders(
    page: str, clock: HandClock, tmp_path: Path
) -> None:
    rule = shown_rule((ROOT / page).read_text("utf-8"))
    async with staged(clock, tmp_path, {"site.elevate": [rule]}) as stage:
        ada, grace = await member(stage), await member(stage, "grace")
        await buy(ada)
        everybodys = {"search": {"filter": {}}}
        for browser, found in ((ada, 1), (grace, 0)):
            answer = await browser.fetch(ORDERS, "POST", body=everybodys)
            assert answer.status == 200
            assert authorization(stage, "/ecom/v1/orders/search").startswith("OauthNG.")
            orders = (await answer.json())["orders"]
            assert len(orders) == found
            own = (await browser.session())["memberId"]
            assert {order["buyerInfo"]["memberId"] for order in orders} <= {own}


async def test_nothing_of_the_client_says_how_an_elevated_body_is_read(stage: Stage) -> None:
    browser = stage.browser()
    named = {"X-Any-Field": "1", "X-Wix-Linguist": "de", "Content-Type": "text/x; charset=utf-7"}
    answer = await browser.fetch(LIST, "POST", body={"query": {}}, **named)
    assert answer.status == 200
    (kept,) = stage.emulator.state.exchanges.kept("/members/v1/members/query")
    sent = {name.lower(): value for name, value in kept.headers}
    assert sent["content-type"] == "application/json"
    assert sent.keys() <= {
        *("host", "authorization", "content-type", "content-length", "connection"),
        *("accept", "accept-encoding", "accept-language", "user-agent"),
    }


async def test_a_compressed_body_is_not_elevated(stage: Stage) -> None:
    browser = stage.browser()
    answer = await browser.fetch(LIST, "POST", body={"query": {}}, **{"Content-Encoding": "gzip"})
    assert answer.status == 403
    assert "must not be compressed" in (await answer.json())["message"]
    assert "client_credentials" not in stage.counts()["grants"]


async def test_a_rule_may_be_used_as_often_as_it_says(stage: Stage) -> None:
    browser = stage.browser()
    statuses = [(await browser.fetch(LIST, "POST", body={"query": {}})).status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    other = await stage.browser().fetch(LIST, "POST", body={"query": {}})
    assert other.status == 200


async def test_another_spelling_of_the_call_is_not_elevated(stage: Stage) -> None:
    browser = await member(stage)
    for path in (f"{INSTANCE}/", "/_wix/api/apps/v1/Instance", "/_wix/api/_api/apps/v1/instance"):
        assert (await browser.fetch(path)).status == 403
    assert "client_credentials" not in stage.counts()["grants"]


async def test_what_api_deny_names_is_not_elevated(stage: Stage) -> None:
    api = stage.config.api.model_copy(update={"deny": ("* /apps/**",)})
    await stage.restart(stage.config.model_copy(update={"api": api}))
    answer = await (await member(stage)).fetch(INSTANCE)
    assert answer.status == 403
    assert "api.deny" in (await answer.json())["message"]
    assert "client_credentials" not in stage.counts()["grants"]


async def test_a_page_of_another_site_elevates_nothing(stage: Stage) -> None:
    """R44."""
    browser = await member(stage)
    answer = await browser.fetch(INSTANCE, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert "client_credentials" not in stage.counts()["grants"]


async def test_a_403_of_wix_is_explained_to_the_developer(stage: Stage) -> None:
    browser = stage.browser()
    answer = await browser.fetch("/_wix/api/members/v1/members/my")
    assert answer.status == 403
    hint = answer.headers["X-Wixproxy-Explanation"]
    assert "as a visitor" in hint
    assert "[[site.elevate]]" in hint
    assert any("as a visitor" in line for line in stage.logged)


async def test_in_production_the_explanation_stays_in_the_log(stage: Stage) -> None:
    await stage.restart(stage.config.model_copy(update={"mode": "production"}))
    answer = await stage.browser().fetch("/_wix/api/members/v1/members/my")
    assert "X-Wixproxy-Explanation" not in answer.headers
    assert any("as a visitor" in line for line in stage.logged)


async def test_a_wrong_secret_is_told_without_being_shown(stage: Stage) -> None:
    wrong = stage.config.site.model_copy(
        update={"client_secret": Secret("wrong-secret-of-the-app")}
    )
    await stage.restart(stage.config.model_copy(update={"site": wrong}))
    answer = await (await member(stage)).fetch(INSTANCE)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (502, "elevation_unavailable")
    assert "site.client_secret" in problem["message"]
    assert "wrong-secret" not in "\n".join(stage.logged)
