"""The guide to calls that run as the app: its rules, its server, and each of its refusals."""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.at_wix import AtWix, fill_cart, made
from tests.conftest import HandClock
from tests.guides.blocks import Block, blocks, titled, write_files
from tests.guides.node_server import served
from tests.modules import ROOT
from tests.program import SECRET, Program
from tests.stage import Browser, Stage, staged
from wixproxy.config import load
from wixproxy.emulator import Emulator
from wixproxy.errors import ConfigError
from wixproxy.listening import listen

GUIDE = "elevated-calls.md"
TEXT = (ROOT / "docs" / GUIDE).read_text("utf-8")
IDS = {member.first_name: member.id for member in Emulator().state.members.values()}
APP = {"WIX_CLIENT_SECRET": "the secret of the app"}
_AT_START = TEXT.partition("### What is refused at the start")[2].partition("###")[0]
REFUSED = re.findall(r"^\| (`.*`) \| (.+) \|$", _AT_START, re.MULTILINE)


@pytest.fixture
async def program(clock: HandClock, tmp_path: Path) -> AsyncIterator[Program]:
    """The guide's server behind a proxy with the guide's rules."""
    write_files(GUIDE, tmp_path)
    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    async with served(tmp_path, port, MODERATORS=IDS["Ada"]) as frontend:
        flags = {
            "upstream.url": frontend,
            "backend.listen": "127.0.0.1:0",
            "backend.secret": SECRET,
        }
        async with staged(clock, tmp_path, flags) as stage:
            await stage.proxy.start_backend(sockets)
            program = Program(stage)
            program.origin = f"http://127.0.0.1:{port}"
            yield program


@pytest.fixture
def stage(program: Program) -> Stage:
    return program.stage


async def somebody(stage: Stage, name: str) -> Browser:
    """Return the browser of a member, or of a visitor."""
    browser = stage.browser()
    who = {"visitor": True} if name == "visitor" else {"member": f"{name}@example.test"}
    await browser.fetch("/_wix/testing/session", "POST", body=who)
    return browser


async def buy(browser: Browser) -> None:
    intent = {"ecomCheckout": {"checkoutId": await fill_cart(browser)}}
    thanks = {"thankYouPageUrl": f"{browser.stage.origin}/thanks"}
    await AtWix(browser).complete(await made(browser, thanks, **intent))


async def explained(browser: Browser, path: str) -> str | None:
    answer = await browser.fetch(path, "POST", body={})
    assert answer.status == 403
    return answer.headers.get("X-Wixproxy-Explanation")


async def test_the_explanations_are_those_that_it_shows(program: Program) -> None:
    stage, approve = program.stage, f"/members/v1/members/{IDS['Linus']}/approve"
    grace = await somebody(stage, "grace")
    shown = titled(GUIDE, "a rule for others").text.strip()
    assert await explained(grace, f"/_wix/api{approve}") == shown

    _, _, headers = await program.call("GET", "/_wix/elevated/members/v1/members/my", None)
    assert headers["X-Wixproxy-Explanation"] == titled(GUIDE, "as the app").text.strip()

    bare = stage.config.site.model_copy(update={"elevate": ()})
    await stage.restart(stage.config.model_copy(update={"site": bare}))
    visitor = await somebody(stage, "visitor")
    shown = titled(GUIDE, "as a visitor").text.strip()
    assert await explained(visitor, f"/_wix/api{approve}") == shown


async def test_its_rules_lend_what_they_say_to_those_they_name(stage: Stage) -> None:
    ada, grace, visitor = [await somebody(stage, name) for name in ("ada", "grace", "visitor")]
    approve = f"/_wix/api/members/v1/members/{IDS['Linus']}/approve"
    assert (await ada.fetch(approve, "POST", body={})).status == 200
    for browser in (grace, visitor):
        assert (await browser.fetch(approve, "POST", body={})).status == 403

    count = "/_wix/api/wix-data/v2/items/count"
    for browser in (ada, visitor):
        answer = await browser.fetch(count, "POST", body={"dataCollectionId": "Journal"})
        assert await answer.json() == {"totalCount": 1}
    more = {"dataCollectionId": "Ledger", "filter": {}}
    refused = await visitor.fetch(count, "POST", body=more)
    assert (refused.status, (await refused.json())["code"]) == (403, "elevation_refused")
    statuses = [(await visitor.fetch(count, "POST", body={})).status for _ in range(11)]
    assert statuses[-1] == 429


@pytest.mark.asyncio(loop_scope="session")
async def test_its_page_shows_members_their_own_orders(
    clock: HandClock, tmp_path: Path, context: BrowserContext
) -> None:
    root = tmp_path / "site"
    write_files(GUIDE, root)
    (root / "index.html").write_text("<!doctype html><html><head><title>Orders</title></head>")
    (tmp_path / "wixproxy.toml").write_text(titled(GUIDE, "wixproxy.toml").text)
    flags = {"upstream.url": None, "upstream.root": str(root)}
    async with staged(clock, tmp_path, flags) as stage:
        for name in ("ada", "grace"):
            await buy(await somebody(stage, name))
        page = await context.new_page()
        await page.goto(stage.origin)
        await page.evaluate(
            """() => fetch('/_wix/testing/session', {
                method: 'POST', body: JSON.stringify({member: 'ada@example.test'}),
            })"""
        )
        orders = await page.evaluate("import('/orders.js').then((it) => it.myOrders())")
        assert [order["buyerInfo"]["memberId"] for order in orders] == [IDS["Ada"]]
        assert stage.counts()["grants"]["client_credentials"] == 1


async def test_its_server_calls_as_the_browser_and_as_the_app(stage: Stage) -> None:
    ada, grace, visitor = [await somebody(stage, name) for name in ("ada", "grace", "visitor")]
    profile: Any = await (await ada.navigate("/profile")).json()
    assert profile["member"]["id"] == IDS["Ada"]
    assert (await visitor.navigate("/profile")).status == 403
    approve = f"/moderation/approve?member={IDS['Linus']}"
    forged = {"X-Wix-Member-Id": IDS["Ada"]}
    assert (await grace.fetch(approve, "POST", **forged)).status == 403
    foreign = {"Sec-Fetch-Site": "same-site"}
    assert (await ada.fetch(approve, "POST", **foreign)).status == 403
    assert stage.counts()["grants"].get("client_credentials") is None
    assert (await ada.fetch(approve, "POST")).status == 200
    assert stage.counts()["grants"]["client_credentials"] == 1


@pytest.mark.parametrize(("rule", "reason"), REFUSED, ids=[rule for rule, _ in REFUSED])
def test_a_rule_that_it_calls_unsound_is_refused_with_that_reason(
    rule: str, reason: str, tmp_path: Path
) -> None:
    said: dict[str, Any] = {"name": "another", "call": "GET /a/v1/b/c", "who": ["member"]}
    for part in re.findall(r"`(.+?)`", rule):
        said |= tomllib.loads(part)
    (approve,) = [each for each in rules() if each["name"] == "approve-members"]
    with pytest.raises(ConfigError) as refusal:
        load({"site.elevate": [approve, said], "upstream.root": str(tmp_path)}, APP, tmp_path)
    assert any(reason in problem for problem in refusal.value.problems)


def rules() -> list[dict[str, Any]]:
    elevate: list[dict[str, Any]] = tomllib.loads(titled(GUIDE, "wixproxy.toml").text)["site"][
        "elevate"
    ]
    return elevate


def test_the_refusals_at_the_start_are_all_there() -> None:
    assert len(REFUSED) == 8


def test_its_backend_listener_can_be_configured_so(tmp_path: Path) -> None:
    (backend,) = [block for block in blocks(GUIDE) if _is_backend(block)]
    (tmp_path / "wixproxy.toml").write_text(backend.text)
    environment = {"WIXPROXY_BACKEND_SECRET": SECRET}
    flags = {"upstream.root": str(tmp_path), "emulator.enabled": True}
    config = load(flags, environment, tmp_path)
    assert config.backend.listen == "127.0.0.1:4322"


def _is_backend(block: Block) -> bool:
    return block.language == "toml" and block.title is None
