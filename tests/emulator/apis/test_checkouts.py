"""Checkout V1: what a cart becomes on its way to payment."""

from __future__ import annotations

from typing import Any

CURRENT = "/ecom/v1/carts/current"
WEB = {"channelType": "WEB"}


async def checked_out(site: Any, who: Any, slug: str = "dawn-mug") -> str:
    await who("POST", f"{CURRENT}/add-to-cart", {"lineItems": [site.piece(slug)]})
    answer = await who("POST", f"{CURRENT}/create-checkout", WEB)
    assert answer.status == 200, answer.body
    return str(answer.body["checkoutId"])


async def test_a_checkout_holds_the_lines_of_its_cart(site: Any) -> None:
    visitor = site.visitor()
    checkout_id = await checked_out(site, visitor)
    path = f"/ecom/v1/checkouts/{checkout_id}"
    checkout = (await visitor("GET", f"{path}?id={checkout_id}")).body["checkout"]
    assert checkout["lineItems"][0]["productName"]["original"] == "Dawn Mug"
    assert checkout["lineItems"][0]["media"]["url"].endswith("/dawn-mug.svg")
    assert checkout["priceSummary"]["total"]["formattedAmount"] == "$24.00"
    assert checkout["completed"] is False


async def test_a_cart_keeps_its_one_checkout(site: Any) -> None:
    visitor = site.visitor()
    first = await checked_out(site, visitor)
    second = await checked_out(site, visitor, "window-fern")
    assert first == second
    checkout = (await visitor("GET", f"/ecom/v1/checkouts/{first}")).body["checkout"]
    assert len(checkout["lineItems"]) == 2
    assert (await visitor("GET", CURRENT)).body["cart"]["checkoutId"] == first


async def test_a_checkout_keeps_its_lines_when_the_cart_changes(site: Any) -> None:
    visitor = site.visitor()
    checkout_id = await checked_out(site, visitor)
    await visitor("POST", f"{CURRENT}/add-to-cart", {"lineItems": [site.piece("dawn-mug", 4)]})
    checkout = (await visitor("GET", f"/ecom/v1/checkouts/{checkout_id}")).body["checkout"]
    assert checkout["lineItems"][0]["quantity"] == 1


async def test_a_checkout_does_not_exist_for_others(site: Any) -> None:
    checkout_id = await checked_out(site, site.visitor())
    path = f"/ecom/v1/checkouts/{checkout_id}"
    assert (await site.visitor("another")("GET", path)).status == 404
    assert (await site.app()("GET", path)).status == 200


async def test_a_checkout_goes_along_at_login(site: Any) -> None:
    visitor, member = site.visitor(), site.member("ada")
    checkout_id = await checked_out(site, visitor)
    site.log_in(visitor, member)
    answer = await member("GET", f"/ecom/v1/checkouts/{checkout_id}")
    assert answer.body["checkout"]["buyerInfo"] == {"memberId": member.id}


async def test_an_empty_cart_has_no_checkout(site: Any) -> None:
    visitor = site.visitor()
    await visitor("POST", "/ecom/v2/carts/current", {})
    answer = await visitor("POST", f"{CURRENT}/create-checkout", WEB)
    assert (answer.status, answer.code) == (400, "CANT_CREATE_CHECKOUT_WITHOUT_ITEMS")


async def test_a_checkout_says_where_the_buyer_is(site: Any) -> None:
    visitor = site.visitor()
    await visitor("POST", f"{CURRENT}/add-to-cart", {"lineItems": [site.piece("dawn-mug")]})
    answer = await visitor("POST", f"{CURRENT}/create-checkout", {})
    assert [violation["field"] for violation in answer.violations] == ["channelType"]


async def test_a_checkout_is_made_without_a_cart(site: Any) -> None:
    visitor = site.visitor()
    message = {"lineItems": [site.piece("dawn-mug", 3)], **WEB}
    checkout = (await visitor("POST", "/ecom/v1/checkouts", message)).body["checkout"]
    assert checkout["priceSummary"]["subtotal"]["amount"] == "72.00"
    address = await visitor("GET", f"/ecom/v1/checkouts/{checkout['id']}/checkout-url")
    assert checkout["id"] in address.body["checkoutUrl"]


async def test_a_cart_is_found_by_its_checkout(site: Any) -> None:
    visitor = site.visitor()
    path = f"/ecom/v1/carts/by-checkout-id/{await checked_out(site, visitor)}"
    found = await visitor("GET", path)
    assert found.body == (await visitor("GET", CURRENT)).body
    assert (await site.visitor("another")("GET", path)).status == 404
    assert (await visitor("GET", f"{path}0")).status == 404


async def test_a_channel_of_the_wrong_shape_is_refused(site: Any) -> None:
    message = {"lineItems": [site.piece("dawn-mug")], "channelType": {"name": "WEB"}}
    answer = await site.visitor()("POST", "/ecom/v1/checkouts", message)
    assert answer.violations[0]["violatedRule"] == "ENUM"
