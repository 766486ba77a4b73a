"""The guide `docs/checkout.md`, run: its files on a page in Chromium, and in Wix's own modules."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.at_wix import CART, STORES
from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.guides.blocks import blocks, titled, write_files
from tests.requirements import require
from tests.stage import Stage, staged
from tests.wix_packages import FOLDER, INSTALL, run
from wixproxy.config import load

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUIDE = "checkout.md"
PAGE = """<!doctype html><html><head><title>A page</title><link rel="icon" href="data:,">
<script type="module">
import * as wix from '/wix.js';
import * as checkout from '/checkout.js';
import * as bookings from '/bookings.js';
import * as tickets from '/tickets.js';
import * as plans from '/plans.js';
globalThis.guide = {...wix, ...checkout, ...bookings, ...tickets, ...plans};
</script></head></html>"""
FILL = """async (appId) => {
  const {products} = await guide.wix('POST', '/stores/v3/products/query', {query: {}});
  const catalogReference = {appId, catalogItemId: products.find((it) => !it.options?.length).id};
  const lineItems = [{catalogReference, quantity: 2}];
  const {cart} = await guide.wix('POST', '/ecom/v1/carts/current/add-to-cart', {lineItems});
  return cart.buyerInfo.visitorId;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def site(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """A site of the guide's files, with one page at every other path."""
    root = tmp_path / "site"
    write_files(GUIDE, root)
    (root / "index.html").write_text(PAGE)
    flags = {"upstream.url": None, "upstream.root": str(root)}
    async with staged(clock, tmp_path, flags) as stage:
        await stage.trust_emulator()
        yield stage


async def opened(context: BrowserContext, site: Stage, path: str) -> Page:
    page = await context.new_page()
    await page.goto(site.origin + path)
    await page.wait_for_function("globalThis.guide")
    return page


async def back(page: Page, site: Stage, path: str) -> None:
    """Wait until the browser is on this page of the site again."""
    await page.wait_for_url(site.origin + path)
    await page.wait_for_function("globalThis.guide")


async def identity(page: Page) -> str:
    told: str = await page.evaluate(
        "() => fetch('/_wix/session').then((it) => it.json()).then((it) => it.identity)"
    )
    return told


def left(call: str) -> str:
    """Return a call that leaves the page, so that nobody waits for what it returns."""
    return f"() => {{ guide.{call}; }}"


async def test_a_cart_is_bought_and_the_visitor_stays_the_same(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await opened(context, site, "/cart")
    visitor = await page.evaluate(FILL, STORES)
    await page.evaluate(left("checkOut()"))
    await page.get_by_role("button", name="Complete").click()
    await back(page, site, "/thanks?orderId=*&wixMemberLoggedIn=false")
    order = await page.evaluate("guide.boughtOrder()")
    assert order["paymentStatus"] == "PAID"
    assert order["buyerInfo"]["visitorId"] == visitor
    assert await page.evaluate(f"() => fetch('{CART}').then((it) => it.status)") == 404
    assert await page.evaluate(FILL, STORES) == visitor
    assert site.counts()["grants"] == {"anonymous": 1}
    assert watch.complaints == []


async def test_a_booking_is_made(site: Stage, context: BrowserContext, watch: Watch) -> None:
    page = await opened(context, site, "/services")
    today = datetime.fromtimestamp(site.clock(), UTC)
    week = [today.isoformat(), (today + timedelta(days=7)).isoformat()]
    slot = await page.evaluate(
        "async ([from, to]) => (await guide.freeTimes('tea-tasting', from, to))[0]", week
    )
    await page.goto(f"{site.origin}/book")
    await page.wait_for_function("globalThis.guide")
    await page.evaluate("(slot) => { guide.book(slot); }", slot)
    await expect(page.get_by_role("link", name="All services")).to_be_visible()
    await page.get_by_role("button", name="Complete").click()
    await back(page, site, "/booked?wixMemberLoggedIn=false")
    (made,) = await page.evaluate("guide.myBookings()")
    assert made["booking"]["status"] == "CONFIRMED"
    assert made["booking"]["startDate"] == slot["slot"]["startDate"]
    assert watch.complaints == []


async def test_tickets_are_bought(site: Stage, context: BrowserContext, watch: Watch) -> None:
    page = await opened(context, site, "/events")
    await page.evaluate(left("buyTickets('late-concert', 2)"))
    await page.get_by_role("button", name="Complete").click()
    await back(page, site, "/thanks?orderNumber=*&eventId=*&wixMemberLoggedIn=false")
    assert (await page.evaluate("guide.boughtTickets()"))["ticketsQuantity"] == 2
    assert await identity(page) == "visitor"
    assert watch.complaints == []


async def test_a_plan_is_bought_by_one_who_signs_up_for_it_and_is_a_member_afterwards(
    site: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await opened(context, site, "/plans")
    await page.evaluate(left("choosePlan('night-reader')"))
    await page.get_by_role("link", name="Sign up").click()
    await page.get_by_label("Email").fill("nia@example.test")
    await page.get_by_label("Password").fill("nia-password")
    await page.get_by_role("button", name="Sign up").click()
    await page.get_by_role("button", name="Complete").click()
    await back(page, site, "/thanks?planOrderId=*&wixMemberLoggedIn=true")
    assert await identity(page) == "member"
    (order,) = await page.evaluate("guide.myPlans()")
    assert f"planOrderId={order['id']}&" in page.url
    assert watch.complaints == []
    assert watch.paths(site.origin).count("/thanks") == 2  # begun, and shown
    await page.reload()
    assert watch.paths(site.origin).count("/_wix/callback") == 1


async def test_one_who_leaves_the_checkout_is_who_and_where_they_were(
    site: Stage, context: BrowserContext
) -> None:
    page = await opened(context, site, "/cart")
    await page.evaluate(FILL, STORES)
    await page.evaluate(left("checkOut()"))
    await page.get_by_role("link", name="Leave").click()
    await back(page, site, "/cart?wixMemberLoggedIn=false")
    lines = await page.evaluate(
        "() => guide.wix('GET', '/ecom/v1/carts/current').then((it) => it.cart.lineItems.length)"
    )
    assert lines == 1


async def test_the_refusal_is_the_one_that_the_guide_shows(
    site: Stage, context: BrowserContext
) -> None:
    page = await opened(context, site, "/cart")
    told = await page.evaluate(
        """async () => {
          const body = {login: {}, callbacks: {thankYouPageUrl: '/thanks'}};
          const answer = await fetch('/_wix/api/headless/v1/redirect-session', {
            method: 'POST', body: JSON.stringify(body),
          });
          return [answer.status, await answer.json()];
        }"""
    )
    (shown,) = [json.loads(block.text) for block in blocks(GUIDE) if block.language == "json"]
    assert told[0] == 400
    assert (told[1]["code"], told[1]["field"]) == (shown["code"], shown["field"])
    assert told[1]["message"].startswith(shown["message"].rstrip("…"))


async def test_the_module_checks_out_with_wixs_own_packages(
    clock: HandClock, tmp_path: Path
) -> None:
    require((FOLDER / "node_modules" / "@wix").is_dir(), INSTALL)
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules", target_is_directory=True)
    module = tmp_path / "sdk-checkout.mjs"
    module.write_text(titled(GUIDE, "sdk-checkout.js").text)
    async with staged(clock, tmp_path) as stage:
        scene = {"origin": stage.origin, "emulator": stage.emulator.origin}
        said = await run(Path(__file__).with_name("checkout.mjs"), str(module), scene)
        assert said.startswith(f"{stage.emulator.origin}/__ecom/checkout?")


async def test_the_option_of_the_guide_can_be_written(tmp_path: Path) -> None:
    shutil.copy(titled_file(tmp_path, "wixproxy.toml"), tmp_path / "wixproxy.toml")
    config = load({"emulator.enabled": True}, {}, tmp_path)
    assert config.site.login.silent is False


def titled_file(folder: Path, title: str) -> Path:
    """Write the guide's files below a folder, and return the one of this name."""
    write_files(GUIDE, folder / "guide")
    return folder / "guide" / title
