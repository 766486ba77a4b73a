"""Two proxies on two ports of one machine, in one browser: cookies ignore ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.watching import Watch
from tests.conftest import HandClock
from tests.stage import Stage, staged

pytestmark = pytest.mark.asyncio(loop_scope="session")

Pair = tuple[Stage, Stage]


@pytest_asyncio.fixture(loop_scope="session")
async def pair(clock: HandClock, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two shops that share nothing but the browser and the time."""
    async with AsyncExitStack() as stack:
        shops = []
        for name in ("first", "second"):
            folder = tmp_path / name
            folder.mkdir()
            flags = {"upstream.url": None}
            shops.append(await stack.enter_async_context(staged(clock, folder, flags)))
        yield shops[0], shops[1]


async def become(page: Page, shop: Stage, name: str) -> None:
    """Log in to a shop as a sample member."""
    await page.goto(f"{shop.origin}/_wix/login")
    await page.get_by_role("button", name=name).click()
    await page.wait_for_url(f"{shop.origin}/")
    await expect(page.locator("#identity .who")).to_have_text(name)


async def fill_cart(page: Page, shop: Stage, product: str) -> None:
    await page.goto(shop.origin)
    await page.get_by_role("button", name=f"Add to cart: {product}").click()
    await expect(page.locator("#count")).to_have_text("1")


async def expect_shop(page: Page, shop: Stage, who: str, product: str) -> None:
    """Expect that the browser is this person in this shop, with this cart."""
    await page.goto(f"{shop.origin}/cart")
    await expect(page.locator("#identity .who")).to_have_text(who)
    await expect(page.locator("#cart .line h2")).to_have_text([product])


async def test_a_browser_stays_logged_in_to_both_of_two_instances(
    pair: Pair, context: BrowserContext, watch: Watch
) -> None:
    """R10."""
    first, second = pair
    page = await context.new_page()
    await fill_cart(page, first, "Dawn Mug")
    await fill_cart(page, second, "Window Fern")
    await become(page, first, "Ada Quill")
    await become(page, second, "Grace Harbour")
    await expect_shop(page, first, "Ada Quill", "Dawn Mug")
    await expect_shop(page, second, "Grace Harbour", "Window Fern")
    # Tokens are renewed on one side while the other's are as they were.
    first.advance(14_500)
    await expect_shop(page, first, "Ada Quill", "Dawn Mug")
    await expect_shop(page, second, "Grace Harbour", "Window Fern")
    assert watch.complaints == []


async def test_logging_out_of_one_instance_leaves_the_other_logged_in(
    pair: Pair, context: BrowserContext
) -> None:
    """R10."""
    first, second = pair
    page = await context.new_page()
    await become(page, first, "Ada Quill")
    await become(page, second, "Grace Harbour")
    await fill_cart(page, second, "Window Fern")
    await page.goto(first.origin)
    await page.get_by_role("button", name="Log out").click()
    await expect(page.locator("#identity .who")).to_have_text("Visitor")
    await expect_shop(page, second, "Grace Harbour", "Window Fern")


async def test_two_logins_begun_side_by_side_both_end_well(
    pair: Pair, context: BrowserContext
) -> None:
    """R10."""
    pages = [await context.new_page(), await context.new_page()]
    for page, shop in zip(pages, pair, strict=True):
        await page.goto(f"{shop.origin}/_wix/login?returnToUrl=/profile")
    for page, shop in zip(pages, pair, strict=True):
        await page.get_by_role("button", name="Linus Fjord").click()
        await expect(page).to_have_url(f"{shop.origin}/profile")
        await expect(page.get_by_role("heading", name="Linus Fjord")).to_be_visible()


async def test_every_cookie_of_an_instance_carries_its_port(
    pair: Pair, context: BrowserContext
) -> None:
    """R10."""
    page = await context.new_page()
    for shop in pair:
        await become(page, shop, "Ada Quill")
    names = [
        cookie.get("name", "") for cookie in await context.cookies([shop.origin for shop in pair])
    ]
    ports = [shop.origin.rpartition(":")[2] for shop in pair]
    wanted = [name for port in ports for name in (f"wixproxy-{port}", f"wixproxy-hint-{port}")]
    assert sorted(names) == sorted(wanted)


async def test_a_browser_at_127_0_0_1_is_sent_to_localhost_where_its_session_is(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await become(page, shop, "Ada Quill")
    typed = shop.origin.replace("localhost", "127.0.0.1")
    answer = await page.goto(f"{typed}/cart?from=a%26b")
    assert answer is not None
    sent_on = answer.request.redirected_from
    assert sent_on is not None
    sending = await sent_on.response()
    assert sending is not None
    assert sending.status == 307
    assert answer.url == f"{shop.origin}/cart?from=a%26b"
    await expect(page.locator("#identity .who")).to_have_text("Ada Quill")
    cookies = await context.cookies(typed)
    assert [cookie.get("name") for cookie in cookies] == ["wixEmulatorSession"]
    assert watch.complaints == []
