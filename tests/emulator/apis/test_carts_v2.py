"""Cart V2: the same cart as V1, in other words."""

from __future__ import annotations

from typing import Any

import pytest

CURRENT = "/ecom/v2/carts/current"


async def add(site: Any, who: Any, slug: str, quantity: int = 1) -> Any:
    message = {"catalogItems": [site.piece(slug, quantity)]}
    answer = await who("POST", f"{CURRENT}/add-line-items", message)
    assert answer.status == 200, answer.body
    return answer.body["cart"]


async def test_there_is_no_cart_until_something_is_added(site: Any) -> None:
    answer = await site.visitor()("GET", CURRENT)
    assert (answer.status, answer.code) == (404, "OWNED_CART_NOT_FOUND")


async def test_both_versions_show_one_cart(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug", 2)
    other = (await visitor("GET", "/ecom/v1/carts/current")).body["cart"]
    assert other["id"] == cart["id"]
    assert other["lineItems"][0]["id"] == cart["lineItems"][0]["id"]


async def test_a_line_item_says_how_many_and_how_much(site: Any) -> None:
    cart = await add(site, site.visitor(), "dawn-mug", 2)
    [line] = cart["lineItems"]
    assert line["quantityInfo"]["requestedQuantity"] == 2
    assert line["pricing"]["totalPrice"] == {"amount": "48.00", "convertedAmount": "48.00"}
    assert line["status"] == "IN_STOCK"
    assert cart["subtotal"]["amount"] == "48.00"


async def test_more_than_the_stock_is_confirmed_in_part(site: Any) -> None:
    cart = await add(site, site.visitor(), "window-fern", 10)
    [line] = cart["lineItems"]
    assert line["quantityInfo"]["confirmedQuantity"] == 6
    assert line["status"] == "PARTIALLY_IN_STOCK"


async def test_what_is_sold_out_is_refused(site: Any) -> None:
    message = {"catalogItems": [site.piece("heather-honey")]}
    answer = await site.visitor()("POST", f"{CURRENT}/add-line-items", message)
    assert (answer.status, answer.code) == (428, "INSUFFICIENT_INVENTORY")


async def test_a_quantity_is_changed_by_an_update_of_its_line(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug")
    update = {"lineItemId": cart["lineItems"][0]["id"], "quantity": {"newQuantity": 3}}
    answer = await visitor("POST", f"{CURRENT}/update-line-items", {"lineItems": [update]})
    assert answer.body["cart"]["lineItems"][0]["quantityInfo"]["requestedQuantity"] == 3


@pytest.mark.parametrize(
    ("times", "code"),
    [
        pytest.param(0, "EMPTY_LINE_ITEM_UPDATES", id="no update"),
        pytest.param(2, "DUPLICATE_LINE_ITEM_UPDATES", id="one line twice"),
    ],
)
async def test_updates_must_name_each_line_once(site: Any, times: int, code: str) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug")
    update = {"lineItemId": cart["lineItems"][0]["id"], "quantity": {"newQuantity": 3}}
    answer = await visitor("POST", f"{CURRENT}/update-line-items", {"lineItems": [update] * times})
    assert (answer.status, answer.code) == (400, code)


async def test_a_removed_line_is_gone(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug")
    gone = {"lineItemIds": [cart["lineItems"][0]["id"]]}
    answer = await visitor("POST", f"{CURRENT}/remove-line-items", gone)
    assert answer.body["cart"]["lineItems"] == []


@pytest.mark.parametrize("method", ["estimate", "calculate"])
async def test_the_summary_adds_the_lines_up(site: Any, method: str) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug", 2)
    answer = await visitor("POST", f"{CURRENT}/{method}", {})
    summary = answer.body["summary"]
    assert (summary["cartId"], summary["priceSummary"]["total"]["amount"]) == (cart["id"], "48.00")


async def test_a_cart_may_be_made_empty(site: Any) -> None:
    visitor = site.visitor()
    answer = await visitor("POST", CURRENT, {"cart": {"note": "ring twice"}})
    assert (answer.body["cart"]["lineItems"], answer.body["cart"]["note"]) == ([], "ring twice")
    assert (await visitor("DELETE", CURRENT)).body == {}


@pytest.mark.parametrize("name", ["customItems", "coupons", "giftCards"])
async def test_what_the_shop_does_not_know_is_refused_by_name(site: Any, name: str) -> None:
    message = {"catalogItems": [site.piece("dawn-mug")], name: [{"code": "X"}]}
    answer = await site.visitor()("POST", f"{CURRENT}/add-line-items", message)
    assert [violation["field"] for violation in answer.violations] == [name]


async def test_the_note_is_changed(site: Any) -> None:
    visitor = site.visitor()
    await add(site, visitor, "dawn-mug")
    answer = await visitor("PATCH", CURRENT, {"cart": {"note": "ring once"}})
    assert answer.body["cart"]["note"] == "ring once"


@pytest.mark.parametrize(
    ("method", "field"),
    [
        pytest.param("add-line-items", "catalogItems", id="add nothing"),
        pytest.param("remove-line-items", "lineItemIds", id="remove nothing"),
    ],
)
async def test_nothing_to_do_is_refused(site: Any, method: str, field: str) -> None:
    answer = await site.visitor()("POST", f"{CURRENT}/{method}", {})
    assert [violation["field"] for violation in answer.violations] == [field]
