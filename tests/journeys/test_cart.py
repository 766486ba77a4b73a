"""The main journey: a cart filled as a visitor is still there as a member, and after a restart."""

from __future__ import annotations

from typing import Any

from tests.stage import Browser, Stage

CART = "/_wix/api/ecom/v1/carts/current"
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"  # Wix: the app id of Wix Stores


async def product_id(browser: Browser) -> str:
    answer = await browser.fetch("/_wix/api/stores/v3/products/query?.r=e30")
    products: list[dict[str, Any]] = (await answer.json())["products"]
    return str(products[0]["id"])


async def add_to_cart(browser: Browser) -> None:
    item = {
        "catalogReference": {"appId": STORES, "catalogItemId": await product_id(browser)},
        "quantity": 2,
    }
    answer = await browser.fetch(f"{CART}/add-to-cart", "POST", body={"lineItems": [item]})
    assert answer.status == 200, await answer.text()


async def quantities(browser: Browser) -> list[int]:
    answer = await browser.fetch(CART)
    if answer.status != 200:
        return []
    return [item["quantity"] for item in (await answer.json())["cart"]["lineItems"]]


async def test_the_cart_goes_along_from_visitor_to_member_and_over_a_restart(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    await add_to_cart(browser)
    assert await quantities(browser) == [2]

    callback = await browser.log_in(return_url="/cart?coupon=//x")
    assert callback.status == 303
    assert callback.headers["Location"] == "/cart?coupon=//x"
    assert (await browser.session())["identity"] == "member"
    assert await quantities(browser) == [2]

    stage.advance(5 * 3600)
    assert await quantities(browser) == [2]
    assert stage.counts()["grants"]["refresh_token"] == 1

    if stage.config.session.store == "cookie":
        await stage.restart()
        assert await quantities(browser) == [2]

    left = await browser.submit("/_wix/logout", {"returnToUrl": "/bye"})
    assert left.status == 303
    assert left.headers["Location"].startswith(stage.emulator.origin)
    assert (await browser.session())["identity"] == "visitor"
    assert await quantities(browser) == []
