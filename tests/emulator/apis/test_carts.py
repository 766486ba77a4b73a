"""Cart V1: one cart for each identity, and what becomes of it at login."""

from __future__ import annotations

from typing import Any

import pytest

CURRENT = "/ecom/v1/carts/current"


async def add(site: Any, who: Any, slug: str, quantity: int = 1, **options: Any) -> Any:
    item = site.piece(slug, quantity, **options)
    answer = await who("POST", f"{CURRENT}/add-to-cart", {"lineItems": [item]})
    assert answer.status == 200, answer.body
    return answer.body["cart"]


async def test_there_is_no_cart_until_something_is_added(site: Any) -> None:
    answer = await site.visitor()("GET", CURRENT)
    assert (answer.status, answer.code) == (404, "OWNED_CART_NOT_FOUND")


async def test_the_first_item_makes_the_cart(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug", 2)
    assert (await visitor("GET", CURRENT)).body["cart"] == cart
    assert cart["buyerInfo"] == {"visitorId": visitor.id}


async def test_a_line_item_says_what_it_is_and_costs(site: Any) -> None:
    cart = await add(site, site.visitor(), "field-tote", 2)
    [line] = cart["lineItems"]
    assert line["productName"]["original"] == "Field Tote"
    assert line["price"]["formattedAmount"] == "$32.00"
    assert line["fullPrice"]["amount"] == "39.00"
    assert line["lineItemPrice"]["amount"] == "64.00"
    assert line["image"]["url"].endswith("/field-tote.svg")
    assert "id" not in line["image"]
    assert cart["subtotal"]["formattedAmount"] == "$64.00"


async def test_the_same_item_again_raises_the_quantity(site: Any) -> None:
    visitor = site.visitor()
    first = await add(site, visitor, "dawn-mug", 1)
    second = await add(site, visitor, "dawn-mug", 2)
    [line] = second["lineItems"]
    assert (line["id"], line["quantity"]) == (first["lineItems"][0]["id"], 3)


async def test_another_choice_is_another_line(site: Any) -> None:
    visitor = site.visitor()
    await add(site, visitor, "wool-socks", options={"Size": "M"})
    cart = await add(site, visitor, "wool-socks", options={"Size": "L"})
    described = [line["descriptionLines"][0]["plainText"]["original"] for line in cart["lineItems"]]
    assert described == ["M", "L"]


async def test_two_visitors_have_two_carts(site: Any) -> None:
    one = await add(site, site.visitor("one"), "dawn-mug")
    two = await add(site, site.visitor("two"), "window-fern")
    assert one["id"] != two["id"]
    assert len(two["lineItems"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"catalogItemId": "unknown"}, id="no such product"),
        pytest.param({"appId": "another-app"}, id="another app's catalog"),
        pytest.param({"appId": {"id": "x"}}, id="an app id of the wrong shape"),
        pytest.param({"options": {"options": ["M"]}}, id="choices of the wrong shape"),
        pytest.param({"options": {"options": {"Size": "XXL"}}}, id="no such choice"),
        pytest.param({"options": {"variantId": "unknown"}}, id="no such variant"),
    ],
)
async def test_what_the_catalog_does_not_have_is_not_added(
    site: Any, change: dict[str, Any]
) -> None:
    item = site.piece("wool-socks")
    item["catalogReference"] |= change
    visitor = site.visitor()
    answer = await visitor("POST", f"{CURRENT}/add-to-cart", {"lineItems": [item]})
    assert (answer.status, answer.code) == (404, "ITEM_NOT_FOUND_IN_CATALOG")
    assert (await visitor("GET", CURRENT)).status == 404


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"lineItems": []}, id="an empty list"),
        pytest.param({"lineItems": "mug"}, id="no list"),
        pytest.param({"lineItems": [{"quantity": -1}]}, id="a negative quantity"),
        pytest.param({"lineItems": [{"quantity": "2"}]}, id="a quantity in words"),
        pytest.param({"lineItems": [], "customLineItems": [{}]}, id="an item of its own making"),
    ],
)
async def test_a_broken_message_is_refused_with_violations(
    site: Any, message: dict[str, Any]
) -> None:
    answer = await site.visitor()("POST", f"{CURRENT}/add-to-cart", message)
    assert answer.status == 400
    assert all(isinstance(violation["data"], dict) for violation in answer.violations)


async def test_a_quantity_is_changed_by_line(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug")
    change = {"lineItems": [{"id": cart["lineItems"][0]["id"], "quantity": 5}]}
    answer = await visitor("POST", f"{CURRENT}/update-line-items-quantity", change)
    assert answer.body["cart"]["subtotal"]["amount"] == "120.00"


async def test_quantity_zero_removes_the_line(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug")
    change = {"lineItems": [{"id": cart["lineItems"][0]["id"], "quantity": 0}]}
    answer = await visitor("POST", f"{CURRENT}/update-line-items-quantity", change)
    assert answer.body["cart"]["lineItems"] == []


async def test_one_unknown_line_leaves_all_lines_as_they_were(site: Any) -> None:
    visitor = site.visitor()
    cart = await add(site, visitor, "dawn-mug")
    known = cart["lineItems"][0]["id"]
    answer = await visitor("POST", f"{CURRENT}/remove-line-items", {"lineItemIds": [known, "x"]})
    assert (answer.status, answer.code) == (404, "LINE_ITEM_NOT_FOUND_IN_CART")
    assert len((await visitor("GET", CURRENT)).body["cart"]["lineItems"]) == 1


async def test_a_removed_line_is_gone(site: Any) -> None:
    visitor = site.visitor()
    await add(site, visitor, "window-fern")
    cart = await add(site, visitor, "dawn-mug")
    gone = {"lineItemIds": [cart["lineItems"][0]["id"]]}
    answer = await visitor("POST", f"{CURRENT}/remove-line-items", gone)
    assert [line["productName"]["original"] for line in answer.body["cart"]["lineItems"]] == [
        "Dawn Mug"
    ]


async def test_what_is_sold_out_shows_as_not_available(site: Any) -> None:
    cart = await add(site, site.visitor(), "heather-honey")
    assert cart["lineItems"][0]["availability"] == {
        "status": "NOT_AVAILABLE",
        "quantityAvailable": 0,
    }


async def test_the_buyers_note_is_kept(site: Any) -> None:
    visitor = site.visitor()
    await add(site, visitor, "dawn-mug")
    answer = await visitor("PATCH", CURRENT, {"cartInfo": {"buyerNote": "ring twice"}})
    assert answer.body["cart"]["buyerNote"] == "ring twice"


async def test_a_deleted_cart_is_gone(site: Any) -> None:
    visitor = site.visitor()
    await add(site, visitor, "dawn-mug")
    assert (await visitor("DELETE", CURRENT)).body == {}
    assert (await visitor("GET", CURRENT)).status == 404


async def test_an_estimate_adds_the_lines_up(site: Any) -> None:
    visitor = site.visitor()
    await add(site, visitor, "dawn-mug", 2)
    await add(site, visitor, "night-owl-candle")
    answer = await visitor("POST", f"{CURRENT}/estimate-totals", {"calculateTax": True})
    assert answer.body["priceSummary"]["total"]["amount"] == "66.50"
    assert answer.body["currency"] == "USD"


async def test_a_cart_by_id_is_for_its_owner_and_the_app(site: Any) -> None:
    visitor = site.visitor()
    path = f"/ecom/v1/carts/{(await add(site, visitor, 'dawn-mug'))['id']}"
    assert (await visitor("GET", path)).status == 200
    assert (await site.app()("GET", path)).status == 200
    assert (await site.visitor("another")("GET", path)).status == 404


async def test_a_visitors_cart_becomes_the_members_at_login(site: Any) -> None:
    visitor, member = site.visitor(), site.member("ada")
    cart = await add(site, visitor, "dawn-mug", 2)
    site.log_in(visitor, member)
    after = (await member("GET", CURRENT)).body["cart"]
    assert (after["id"], after["lineItems"]) == (cart["id"], cart["lineItems"])
    assert after["buyerInfo"] == {"memberId": member.id}
    assert (await visitor("GET", CURRENT)).status == 404


async def test_a_member_with_a_cart_gets_the_visitors_quantities_on_top(site: Any) -> None:
    visitor, member = site.visitor(), site.member("ada")
    kept = await add(site, member, "dawn-mug", 1)
    await add(site, visitor, "dawn-mug", 2)
    await add(site, visitor, "window-fern", 1)
    site.log_in(visitor, member)
    cart = (await member("GET", CURRENT)).body["cart"]
    counted = [(each["productName"]["original"], each["quantity"]) for each in cart["lineItems"]]
    assert (cart["id"], counted) == (kept["id"], [("Dawn Mug", 3), ("Window Fern", 1)])


async def test_a_reset_empties_every_cart(site: Any) -> None:
    await add(site, site.visitor(), "dawn-mug")
    site.emulator.state.reset()
    assert (await site.visitor()("GET", CURRENT)).status == 404


async def test_carts_still_follow_a_login_after_a_reset(site: Any) -> None:
    await add(site, site.visitor(), "dawn-mug")
    site.emulator.state.reset()
    visitor, member = site.visitor(), site.member("ada")
    await add(site, visitor, "window-fern")
    site.log_in(visitor, member)
    assert (await member("GET", CURRENT)).status == 200


async def test_the_same_calls_give_the_same_ids(lay: Any) -> None:
    first, second = await lay(), await lay()
    one = await add(first, first.visitor(), "dawn-mug")
    two = await add(second, second.visitor(), "dawn-mug")
    assert one["id"] == two["id"]


async def test_a_write_says_how_to_read_it_back(site: Any) -> None:
    message = {"lineItems": [site.piece("dawn-mug")]}
    answer = await site.visitor()("POST", f"{CURRENT}/add-to-cart", message)
    assert answer.headers["X-Wix-Consistent"]


async def test_a_body_nested_without_end_is_refused(site: Any) -> None:
    headers = {"Authorization": site.visitor().token, "Content-Type": "application/json"}
    body = "[" * 100_000
    response = await site.client.post(f"{CURRENT}/add-to-cart", data=body, headers=headers)
    assert response.status == 400


async def test_a_cart_is_made_with_its_items_and_notes(site: Any) -> None:
    visitor = site.visitor()
    message = {"lineItems": [site.piece("dawn-mug")], "cartInfo": {"buyerNote": "ring twice"}}
    made = (await visitor("POST", "/ecom/v1/carts", message)).body["cart"]
    assert (len(made["lineItems"]), made["buyerNote"]) == (1, "ring twice")
    assert (await visitor("GET", CURRENT)).body["cart"]["id"] == made["id"]


async def test_a_cart_is_not_made_empty(site: Any) -> None:
    answer = await site.visitor()("POST", "/ecom/v1/carts", {})
    assert (answer.status, answer.code) == (400, "CANT_CREATE_CART_WITHOUT_ITEMS")


async def test_the_app_changes_a_cart_by_its_id(site: Any) -> None:
    cart = await add(site, site.visitor(), "dawn-mug")
    message = {"lineItems": [site.piece("window-fern")]}
    answer = await site.app()("POST", f"/ecom/v1/carts/{cart['id']}/add-to-cart", message)
    assert (answer.body["cart"]["id"], len(answer.body["cart"]["lineItems"])) == (cart["id"], 2)


async def test_only_so_many_pieces_fit_a_line(site: Any) -> None:
    message = {"lineItems": [site.piece("dawn-mug", 100_001)]}
    answer = await site.visitor()("POST", f"{CURRENT}/add-to-cart", message)
    assert answer.violations[0]["data"] == {"threshold": 100_000}
