"""The products APIs of Stores V1 and V3."""

from __future__ import annotations

from typing import Any

import pytest

V1 = "/stores-reader/v1/products"
V3 = "/stores/v3/products"


async def test_v3_lists_the_shop_by_get_and_by_post(site: Any) -> None:
    visitor = site.visitor()
    query = {"query": {"cursorPaging": {"limit": 3}}}
    by_get = await visitor("GET", f"{V3}/query", r=query)
    by_post = await visitor("POST", f"{V3}/query", query)
    assert by_get.body == by_post.body
    assert [product["slug"] for product in by_get.body["products"]] == [
        "dawn-mug",
        "night-owl-candle",
        "margin-notebook",
    ]


async def test_v3_cursors_lead_through_the_whole_shop(site: Any) -> None:
    visitor, seen = site.visitor(), []
    query: dict[str, Any] = {"cursorPaging": {"limit": 3}, "sort": [{"fieldName": "name"}]}
    while True:
        answer = await visitor("GET", f"{V3}/query", r={"query": query})
        seen += [product["name"] for product in answer.body["products"]]
        paging = answer.body["pagingMetadata"]
        if not paging["hasNext"]:
            break
        query = {"cursorPaging": {"limit": 3, "cursor": paging["cursors"]["next"]}}
    assert seen == sorted(seen)
    assert len(seen) == 8


async def test_v3_sends_some_fields_only_on_demand(site: Any) -> None:
    visitor = site.visitor()
    plain = (await visitor("POST", f"{V3}/query", {})).body["products"][0]
    asked = {"fields": ["CURRENCY", "PLAIN_DESCRIPTION"]}
    more = (await visitor("POST", f"{V3}/query", asked)).body["products"][0]
    assert more.keys() - plain.keys() == {"currency", "plainDescription"}


async def test_v3_orders_prices_as_numbers(site: Any) -> None:
    query = {
        "filter": {"actualPriceRange.minValue.amount": {"$lt": "18"}},
        "sort": [{"fieldName": "actualPriceRange.minValue.amount", "order": "DESC"}],
    }
    answer = await site.visitor()("POST", f"{V3}/query", {"query": query})
    assert [product["slug"] for product in answer.body["products"]] == [
        "wool-socks",
        "margin-notebook",
        "heather-honey",
    ]


async def test_v3_finds_one_by_id_and_by_slug(site: Any) -> None:
    visitor, product_id = site.visitor(), site.product_id("wool-socks")
    by_id = await visitor("GET", f"{V3}/{product_id}?productId={product_id}")
    by_slug = await visitor("GET", f"{V3}/slug/wool-socks?slug=wool-socks")
    assert by_id.body == by_slug.body
    variants = by_id.body["product"]["variantsInfo"]["variants"]
    assert [each["choices"][0]["optionChoiceNames"]["choiceName"] for each in variants] == [
        "S",
        "M",
        "L",
    ]


async def test_a_variant_by_its_id_goes_into_the_cart(site: Any) -> None:
    visitor = site.visitor()
    product = (await visitor("GET", f"{V3}/slug/wool-socks")).body["product"]
    variant = product["variantsInfo"]["variants"][1]["id"]
    message = {"lineItems": [site.piece("wool-socks", variantId=variant)]}
    answer = await visitor("POST", "/ecom/v1/carts/current/add-to-cart", message)
    [line] = answer.body["cart"]["lineItems"]
    assert line["descriptionLines"][0]["plainText"]["original"] == "M"


async def test_v3_searches_by_words(site: Any) -> None:
    message = {"search": {"search": {"expression": "merino"}}}
    answer = await site.visitor()("GET", f"{V3}/search", r=message)
    assert [product["slug"] for product in answer.body["products"]] == ["wool-socks"]


async def test_v3_counts_by_filter(site: Any) -> None:
    message = {"filter": {"inventory.availabilityStatus": "OUT_OF_STOCK"}}
    answer = await site.visitor()("POST", f"{V3}/count", message)
    assert answer.body == {"count": 1}


async def test_v1_finds_by_slug_with_offsets(site: Any) -> None:
    query = {"filter": {"slug": "field-tote"}, "paging": {"limit": 2, "offset": 0}}
    answer = await site.visitor()("GET", f"{V1}/query-platformized", r={"query": query})
    [product] = answer.body["products"]
    assert product["priceData"]["price"] == 39.0
    assert product["priceData"]["discountedPrice"] == 32.0
    assert product["priceData"]["formatted"]["discountedPrice"] == "$32.00"
    assert answer.body["metadata"]["total"] == 1


async def test_the_older_v1_query_takes_filter_and_order_as_text(site: Any) -> None:
    query = {"filter": '{"stock.inStock": true}', "sort": '[{"name": "desc"}]'}
    answer = await site.visitor()("POST", f"{V1}/query", {"query": query})
    assert answer.body["totalResults"] == 7
    assert answer.body["products"][0]["name"] == "Wool Socks"


@pytest.mark.parametrize("path", [f"{V1}/none", f"{V3}/none", f"{V3}/slug/none"])
async def test_an_unknown_product_is_not_found(site: Any, path: str) -> None:
    answer = await site.visitor()("GET", path)
    assert (answer.status, answer.code) == (404, "PRODUCT_NOT_FOUND")


async def test_a_picture_is_drawn_without_a_token(site: Any) -> None:
    answer = await site.visitor()("GET", f"{V3}/slug/dawn-mug")
    address = answer.body["product"]["media"]["main"]["image"]["url"]
    picture = await site.client.get("/" + address.split("/", 3)[3])
    assert picture.content_type == "image/svg+xml"
    assert (await picture.text()).startswith("<svg")


async def test_any_name_gets_a_picture_that_cannot_hold_markup(site: Any) -> None:
    picture = await site.client.get("/__emulator/v1/media/%3Cscript%3E.svg")
    assert "<script" not in await picture.text()


async def test_a_picture_may_come_from_elsewhere(lay: Any) -> None:
    address = "https://cdn.shop.example/a.png"
    site = await lay(products=[{"name": "A", "price": 1, "image": address}])
    answer = await site.visitor()("GET", f"{V3}/slug/a")
    assert answer.body["product"]["media"]["main"]["image"]["url"] == address


async def test_a_broken_text_in_the_older_v1_query_is_refused(site: Any) -> None:
    answer = await site.visitor()("POST", f"{V1}/query", {"query": {"filter": "{name"}})
    assert answer.violations[0]["field"] == "query.filter"


async def test_the_catalog_is_closed_to_those_without_a_token(site: Any) -> None:
    response = await site.client.get(f"{V3}/query")
    assert response.status == 401
