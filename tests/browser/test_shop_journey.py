"""The demo shop in Chromium: visitor, cart, login, member, logout."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.watching import Watch
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

HINT = re.compile(r"wixproxy-hint-\d+=v1\.(visitor|member)\.[0-9a-f]{8}")
# Longer than an access token lives, shorter than anything else.
TOKEN_LIFE_SECONDS = 14_500


async def open_shop(context: BrowserContext, shop: Stage, path: str = "/") -> Page:
    page = await context.new_page()
    await page.goto(shop.origin + path)
    return page


async def add_to_cart(page: Page, name: str, pieces: int) -> None:
    """Put one more piece into the cart, so that it holds `pieces`."""
    await page.get_by_role("button", name=f"Add to cart: {name}").click()
    await expect(page.locator("#count")).to_have_text(str(pieces))


async def choose_member(page: Page, name: str) -> None:
    """Log in as a sample member on Wix's page, coming from a page of the shop."""
    await page.get_by_role("link", name="Log in").first.click()
    await page.get_by_role("button", name=name).click()
    await expect(page.locator("#identity a.who")).to_have_text(name)


async def stored(page: Page) -> list[int]:
    counted: list[int] = await page.evaluate("[localStorage.length, sessionStorage.length]")
    return counted


async def test_a_visitor_finds_the_cart_again_after_logging_in_and_loses_it_by_logging_out(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop)
    await expect(page.locator("#products .product:not(.waiting)")).to_have_count(8)
    await expect(page.locator("#identity .who")).to_have_text("Visitor")
    await add_to_cart(page, "Dawn Mug", 1)
    await add_to_cart(page, "Window Fern", 2)
    await page.get_by_role("link", name="Cart, 2 in it").click()
    await expect(page.locator("#cart .line")).to_have_count(2)

    await page.get_by_role("link", name="Log in").first.click()
    await expect(page).to_have_url(re.compile(re.escape(shop.emulator.origin)))
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(f"{shop.origin}/cart")
    await expect(page.locator("#identity a.who")).to_have_text("Ada Quill")
    await expect(page.locator("#cart .line")).to_have_count(2)

    await page.get_by_role("link", name="Profile").click()
    await expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    await expect(page.locator("#profile")).to_contain_text("ada@example.test")

    shop.advance(TOKEN_LIFE_SECONDS)
    await page.goto(f"{shop.origin}/cart")
    await expect(page.locator("#identity a.who")).to_have_text("Ada Quill")
    await expect(page.locator("#cart .line")).to_have_count(2)
    assert shop.counts()["grants"]["refresh_token"] == 1

    await shop.restart()
    await page.reload()
    await expect(page.locator("#identity a.who")).to_have_text("Ada Quill")
    await expect(page.locator("#cart .line")).to_have_count(2)

    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_url(f"{shop.origin}/cart")
    await expect(page.locator("#identity .who")).to_have_text("Visitor")
    await expect(page.locator("#cart")).to_contain_text("Nothing in it yet.")
    assert watch.complaints == []


async def test_a_login_with_email_and_password_comes_back_to_the_page_with_its_query(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop, "/product-page/window-fern?from=a%26b")
    await page.get_by_role("link", name="Log in").first.click()
    await page.get_by_label("Email").fill("grace@example.test")
    await page.get_by_label("Password").fill("grace-password")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page).to_have_url(f"{shop.origin}/product-page/window-fern?from=a%26b")
    await expect(page.locator("#identity a.who")).to_have_text("Grace Harbour")
    assert watch.complaints == []


async def test_a_wrong_password_is_told_on_the_login_page_and_the_next_one_may_be_right(
    shop: Stage, context: BrowserContext
) -> None:
    page = await open_shop(context, shop)
    await page.get_by_role("link", name="Log in").first.click()
    await page.get_by_label("Email").fill("grace@example.test")
    await page.get_by_label("Password").fill("ada-password")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("do not fit")
    await page.get_by_label("Password").fill("grace-password")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.locator("#identity a.who")).to_have_text("Grace Harbour")


async def test_a_script_of_the_page_can_read_the_hint_and_nothing_else(
    shop: Stage, context: BrowserContext
) -> None:
    """R2: no cookie is readable but the hint; storage is empty."""
    page = await open_shop(context, shop)
    await add_to_cart(page, "Dawn Mug", 1)
    visitor = HINT.fullmatch(await page.evaluate("document.cookie"))
    assert visitor is not None
    assert visitor[1] == "visitor"
    await choose_member(page, "Ada Quill")
    member = HINT.fullmatch(await page.evaluate("document.cookie"))
    assert member is not None
    assert member[1] == "member"
    assert member[0] != visitor[0]
    assert await stored(page) == [0, 0]
    await expect(page.locator("#reach")).to_have_attribute("data-leaks", "false")


async def test_pages_ask_the_proxy_and_the_login_page_alone_and_never_send_a_token(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop)
    await add_to_cart(page, "Dawn Mug", 1)
    await choose_member(page, "Ada Quill")
    await page.goto(f"{shop.origin}/profile")
    await expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    assert watch.origins() == {shop.origin, shop.emulator.origin}
    assert await watch.headers("authorization", shop.origin) == []
    assert await watch.headers("authorization", shop.emulator.origin) == []
    assert watch.origins("fetch", "xhr", "ping", "script", "stylesheet") == {shop.origin}


async def test_a_visitor_who_opens_the_profile_is_invited_to_log_in(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop, "/profile")
    await expect(page.get_by_role("heading", name="Members only")).to_be_visible()
    await page.locator("#profile").get_by_role("link", name="Log in").click()
    await page.get_by_role("button", name="Linus Fjord").click()
    await expect(page).to_have_url(f"{shop.origin}/profile")
    await expect(page.get_by_role("heading", name="Linus Fjord")).to_be_visible()
    assert watch.complaints == []


async def test_a_member_whose_session_wix_ended_is_told_so_and_sees_no_other_cart(
    shop: Stage, context: BrowserContext
) -> None:
    page = await open_shop(context, shop)
    await choose_member(page, "Ada Quill")
    await add_to_cart(page, "Dawn Mug", 1)
    shop.emulator.state.tokens.revoke_everyone()
    shop.advance(TOKEN_LIFE_SECONDS)
    await page.goto(f"{shop.origin}/cart")
    await expect(page.locator("#banner")).to_contain_text("Your session has ended")
    await expect(page.locator("#cart")).to_contain_text("Nothing in it yet.")


async def check_out(page: Page, shop: Stage) -> None:
    """Put a mug into the cart and go to the checkout on Wix."""
    await add_to_cart(page, "Dawn Mug", 1)
    await page.goto(f"{shop.origin}/cart")
    await page.get_by_role("button", name="Check out").click()
    await expect(page.get_by_role("heading", name="Checkout")).to_be_visible()


async def test_a_checkout_leads_to_wix_and_back_to_the_same_visitor(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop)
    await check_out(page, shop)
    await page.get_by_role("button", name="Complete").click()
    await expect(page).to_have_url(f"{shop.origin}/cart")
    await expect(page.locator("#main")).to_contain_text("Order 10001 is placed, $24.00 in all.")
    await expect(page.locator("#cart .line")).to_have_count(0)
    await expect(page.locator("#identity .who")).to_have_text("Visitor")
    assert shop.counts()["grants"] == {"anonymous": 1}
    await page.reload()
    await expect(page.locator("#cart")).to_contain_text("Nothing in it yet.")
    await expect(page.locator(".notice")).to_have_count(0)
    assert watch.complaints == []


async def test_one_who_leaves_the_checkout_finds_the_cart_as_it_was(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop)
    await check_out(page, shop)
    await page.get_by_role("link", name="Leave").click()
    await expect(page).to_have_url(f"{shop.origin}/cart")
    await expect(page.locator("#cart .line")).to_have_count(1)
    await expect(page.locator(".notice")).to_have_count(0)
    assert watch.complaints == []


async def test_one_who_logs_in_at_the_checkout_is_logged_in_at_the_shop(
    shop: Stage, context: BrowserContext, watch: Watch
) -> None:
    page = await open_shop(context, shop)
    await check_out(page, shop)
    await page.get_by_role("link", name="Log in here").click()
    await page.get_by_role("button", name="Ada Quill").click()
    await page.get_by_role("button", name="Complete").click()
    await expect(page).to_have_url(f"{shop.origin}/cart")
    await expect(page.locator("#identity a.who")).to_have_text("Ada Quill")
    await expect(page.locator(".notice")).to_contain_text("Order 10001 is placed")
    assert watch.complaints == []


async def test_an_order_that_only_the_address_knows_is_none(
    shop: Stage, context: BrowserContext
) -> None:
    page = await open_shop(context, shop, "/cart?orderId=11111111-0000-4000-8000-000000000001")
    await expect(page.locator(".notice")).to_have_text("Wix knows no such order of yours.")
