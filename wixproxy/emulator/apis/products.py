"""Answer the products APIs: Stores V3, and V1 for older sites.

Anyone may read the catalog, visitor, member or app; nothing in here writes.

Wix: V3 pages by cursor and V1 by offset; V1's older query takes its filter
and order as texts that hold JSON; a slug has a path of its own in V3.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from ..callers import authenticate
from ..data import Product
from ..errors import invalid, not_found
from .calls import message, names, origin_of, readable, state_of
from .catalog import Catalog
from .filters import an_object, compile_filter
from .query import Query, parse, run

V1_LIMIT = 100


async def query_v3(request: web.Request) -> web.Response:
    """Return the products that a query finds, page by page."""
    catalog = _catalog(request)
    asked = await message(request)
    return _answer_v3(catalog, parse(asked.get("query")), asked)


async def search_v3(request: web.Request) -> web.Response:
    """Return the products that a search finds by words and filter."""
    catalog = _catalog(request)
    asked = await message(request)
    search = dict(an_object(asked.get("search"), "search"))
    words = an_object(search.pop("search", None), "search.search")
    for unheard in ("aggregations", "timeZone"):
        search.pop(unheard, None)
    return _answer_v3(catalog, parse(search), asked, str(words.get("expression") or ""))


async def count_v3(request: web.Request) -> web.Response:
    """Return how many products a filter finds."""
    catalog = _catalog(request)
    test = compile_filter((await message(request)).get("filter"), "filter")
    count = sum(test(catalog.v3(product, whole=True)) for product in catalog.data.products)
    return web.json_response({"count": count})


async def one_v3(request: web.Request) -> web.Response:
    """Return one product by its id."""
    catalog = _catalog(request)
    product = catalog.product(request.match_info["id"])
    return await _whole_v3(request, catalog, product)


async def by_slug_v3(request: web.Request) -> web.Response:
    """Return one product by its slug."""
    catalog = _catalog(request)
    product = catalog.by_slug(request.match_info["slug"])
    return await _whole_v3(request, catalog, product)


async def query_platformized_v1(request: web.Request) -> web.Response:
    """Return the V1 products that a query finds, with its offsets."""
    catalog = _catalog(request)
    query = parse((await message(request)).get("query"), default_limit=V1_LIMIT)
    page = run(query, [catalog.v1(product) for product in catalog.data.products])
    metadata = page.offsets | {"cursors": {}}
    return web.json_response({"products": page.entities, "metadata": metadata})


async def query_v1(request: web.Request) -> web.Response:
    """Return the V1 products that an older query finds, its filter written as text."""
    catalog = _catalog(request)
    query = dict(an_object((await message(request)).get("query"), "query"))
    query["filter"] = _unwrapped(query.get("filter"), "query.filter")
    order = _unwrapped(query.get("sort"), "query.sort")
    if isinstance(order, list) and all(isinstance(each, dict) for each in order):
        # The older form is [{"name": "asc"}], the newer has fieldName and order.
        query["sort"] = [
            each if "fieldName" in each else {"fieldName": name, "order": str(direction).upper()}
            for each in order
            for name, direction in (each.items() if "fieldName" not in each else [("", "")])
        ]
    page = run(
        parse(query, default_limit=V1_LIMIT),
        [catalog.v1(product) for product in catalog.data.products],
    )
    metadata = {"items": len(page.entities), "offset": page.offset}
    products = {"products": page.entities, "metadata": metadata, "totalResults": page.total}
    return web.json_response(products)


async def one_v1(request: web.Request) -> web.Response:
    """Return one V1 product by its id."""
    catalog = _catalog(request)
    product = catalog.product(request.match_info["id"])
    if product is None:
        raise not_found("Product not found", "PRODUCT_NOT_FOUND")
    return web.json_response({"product": catalog.v1(product)})


def _answer_v3(
    catalog: Catalog, query: Query, asked: dict[str, Any], words: str = ""
) -> web.Response:
    fields = names(asked.get("fields"), "fields")
    wanted = words.casefold()
    found = [
        catalog.v3(product, fields, whole="VARIANT_OPTION_CHOICE_NAMES" in fields)
        for product in catalog.data.products
        if wanted in f"{product.name} {product.description}".casefold()
    ]
    page = run(query, found)
    return web.json_response({"products": page.entities, "pagingMetadata": page.cursors})


async def _whole_v3(
    request: web.Request, catalog: Catalog, product: Product | None
) -> web.Response:
    if product is None:
        raise not_found("Product not found", "PRODUCT_NOT_FOUND")
    fields = names((await message(request)).get("fields"), "fields")
    return web.json_response({"product": catalog.v3(product, fields, whole=True)})


def _unwrapped(value: object, name: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "null")
    except (ValueError, RecursionError) as error:
        raise invalid(name, "must be JSON", "FORMAT") from error


def _catalog(request: web.Request) -> Catalog:
    authenticate(request)
    return Catalog(state_of(request).data, origin_of(request))


V3 = "/stores/v3/products"
V1 = "/stores-reader/v1/products"
ROUTES: list[web.RouteDef] = [
    *readable(f"{V3}/query", query_v3),
    *readable(f"{V3}/search", search_v3),
    *readable(f"{V3}/count", count_v3),
    web.get(f"{V3}/slug/{{slug}}", by_slug_v3),
    web.get(f"{V3}/{{id}}", one_v3),
    *readable(f"{V1}/query-platformized", query_platformized_v1),
    web.post(f"{V1}/query", query_v1),
    web.post("/stores/v1/products/query", query_v1),
    web.get(f"{V1}/{{id}}", one_v1),
    web.get("/stores/v1/products/{id}", one_v1),
]
