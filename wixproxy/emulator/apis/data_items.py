"""Answer Wix Data: items of a collection, kept by the collection's permissions.

An item always knows its id, its owner and its two dates; a caller may set the
id of a new item and nothing else of these. Reads and writes hand out copies,
so no answer changes what is stored.

Wix: dates are `{"$date": ...}`; 403 is WDE0027, no such collection WDE0025,
no such item WDE0073, an id already there WDE0074; a total is counted only on
request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from ..callers import authenticate
from ..errors import ApplicationError, invalid
from .calls import message, readable, state_of
from .filters import a_list, a_text, an_object, compile_filter, values_at
from .item_store import Items
from .query import parse, run

UNSUPPORTED = ("includeReferences", "referencedItemOptions", "publishPluginOptions")


class Call:
    """One call on one collection."""

    def __init__(self, request: web.Request, asked: dict[str, Any], action: str) -> None:
        self.asked = asked
        collection_id = a_text(asked.get("dataCollectionId"), "dataCollectionId")
        items = Items.of(state_of(request), collection_id)
        self.items = items.for_caller(authenticate(request), action)
        for name in UNSUPPORTED:
            if asked.get(name):
                raise invalid(name, "is not something the emulator resolves", "UNSUPPORTED")

    @classmethod
    async def read(cls, request: web.Request, action: str) -> Call:
        """Read a call that needs permission for `action`; raise WixError."""
        authenticate(request)
        return cls(request, await message(request), action)

    @property
    def item(self) -> dict[str, Any]:
        """The item in the message, its id from wherever it was given."""
        return given(self.asked.get("dataItem"), "dataItem")

    def item_id(self, request: web.Request) -> str:
        """Return the id that the path or the message names."""
        in_path = request.match_info.get("id")
        return in_path or a_text(self.asked.get("dataItemId"), "dataItemId")


def given(raw: object, name: str) -> dict[str, Any]:
    """Return an item as the caller wrote it; raise ValidationError."""
    envelope = an_object(raw, name)
    item = dict(an_object(envelope.get("data"), f"{name}.data"))
    item_id = item.get("_id") or envelope.get("id")
    return item | ({"_id": a_text(item_id, f"{name}.id")} if item_id else {})


async def query_items(request: web.Request) -> web.Response:
    """Return the items that a query finds."""
    call = await Call.read(request, "read")
    raw = an_object(call.asked.get("query"), "query")
    page = run(parse(raw), call.items.all(), keep=("_id",))
    metadata: dict[str, Any] = {"count": len(page.entities), "tooManyToCount": False}
    if raw.get("cursorPaging"):
        metadata |= page.cursors
    else:
        metadata |= {"offset": page.offset, "hasNext": page.next is not None}
    if call.asked.get("returnTotalCount") in (True, "true"):
        metadata["total"] = page.total
    found = [call.items.envelope(item) for item in page.entities]
    return web.json_response({"dataItems": found, "pagingMetadata": metadata})


async def count_items(request: web.Request) -> web.Response:
    """Return how many items a filter finds."""
    call = await Call.read(request, "read")
    test = compile_filter(call.asked.get("filter"), "filter")
    return web.json_response({"totalCount": sum(map(test, call.items.all()))})


async def distinct_values(request: web.Request) -> web.Response:
    """Return the different values of one field, in the order they are met."""
    call = await Call.read(request, "read")
    path = a_text(call.asked.get("fieldName"), "fieldName").split(".")
    test = compile_filter(call.asked.get("filter"), "filter")
    found: list[Any] = []
    for item in filter(test, call.items.all()):
        for value in values_at(item, path):
            spread = value if isinstance(value, list) else [value]
            found += [each for each in spread if each is not None and each not in found]
    metadata = {"count": len(found), "offset": 0, "total": len(found), "tooManyToCount": False}
    return web.json_response({"distinctValues": found, "pagingMetadata": metadata})


async def get_item(request: web.Request) -> web.Response:
    """Return one item."""
    call = await Call.read(request, "read")
    return _answer(call, call.items.get(call.item_id(request)))


async def insert_item(request: web.Request) -> web.Response:
    """Add an item."""
    call = await Call.read(request, "insert")
    return _answer(call, call.items.insert(call.item))


async def update_item(request: web.Request) -> web.Response:
    """Put an item in the place of the one with its id."""
    call = await Call.read(request, "update")
    item = call.item
    if "id" in request.match_info:
        item["_id"] = request.match_info["id"]
    return _answer(call, call.items.update(item))


async def save_item(request: web.Request) -> web.Response:
    """Add an item, or put it in the place of the one with its id."""
    call = await Call.read(request, "read")
    action, item = call.items.save(call.item)
    return web.json_response({"action": action, "dataItem": call.items.envelope(item)})


async def patch_item(request: web.Request) -> web.Response:
    """Change some fields of an item."""
    call = await Call.read(request, "update")
    patch = an_object(call.asked.get("patch"), "patch")
    item_id = request.match_info.get("id") or a_text(patch.get("dataItemId"), "patch.dataItemId")
    changes = a_list(patch.get("fieldModifications"), "patch.fieldModifications")
    return _answer(call, call.items.patch(item_id, changes))


async def remove_item(request: web.Request) -> web.Response:
    """Remove an item and return what it was."""
    call = await Call.read(request, "remove")
    return _answer(call, call.items.remove(call.item_id(request)))


async def bulk_insert(request: web.Request) -> web.Response:
    """Add items, each on its own account."""
    call = await Call.read(request, "insert")
    return _each(call, "dataItems", "INSERT", lambda raw: call.items.insert(given(raw, "dataItem")))


async def bulk_update(request: web.Request) -> web.Response:
    """Replace items, each on its own account."""
    call = await Call.read(request, "update")
    return _each(call, "dataItems", "UPDATE", lambda raw: call.items.update(given(raw, "dataItem")))


async def bulk_save(request: web.Request) -> web.Response:
    """Add or replace items, each on its own account."""
    call = await Call.read(request, "read")
    return _each(call, "dataItems", "", lambda raw: call.items.save(given(raw, "dataItem")))


async def bulk_remove(request: web.Request) -> web.Response:
    """Remove items, each on its own account."""
    call = await Call.read(request, "remove")
    remove = call.items.remove
    return _each(call, "dataItemIds", "DELETE", lambda raw: remove(a_text(raw, "dataItemIds")))


def _answer(call: Call, item: dict[str, Any]) -> web.Response:
    return web.json_response({"dataItem": call.items.envelope(item)})


def _each(call: Call, name: str, action: str, act: Callable[[Any], Any]) -> web.Response:
    results: list[dict[str, Any]] = []
    for number, raw in enumerate(a_list(call.asked.get(name), name)):
        try:
            done = act(raw)
        except ApplicationError as error:
            about = {"code": error.code, "description": error.message, "data": error.data}
            failed = {"originalIndex": number, "success": False, "error": about}
            results.append({"action": action or "UPDATE", "itemMetadata": failed})
            continue
        took, item = done if isinstance(done, tuple) else (action, done)
        succeeded = {"id": item["_id"], "originalIndex": number, "success": True}
        result: dict[str, Any] = {"action": took, "itemMetadata": succeeded}
        if call.asked.get("returnEntity"):
            result["dataItem"] = call.items.envelope(item)
        results.append(result)
    good = sum(result["itemMetadata"]["success"] for result in results)
    totals = {"totalSuccesses": good, "totalFailures": len(results) - good}
    return web.json_response({"results": results, "bulkActionMetadata": totals})


BASE = "/wix-data/v2/items"
BULK = "/wix-data/v2/bulk/items"
ROUTES: list[web.RouteDef] = [
    *readable(f"{BASE}/query", query_items),
    *readable(f"{BASE}/count", count_items),
    *readable(f"{BASE}/query-distinct-values", distinct_values),
    web.post(BASE, insert_item),
    web.post(f"{BASE}/update", update_item),
    web.post(f"{BASE}/save", save_item),
    web.post(f"{BASE}/patch", patch_item),
    web.post(f"{BASE}/remove", remove_item),
    web.get(f"{BASE}/{{id}}", get_item),
    web.put(f"{BASE}/{{id}}", update_item),
    web.patch(f"{BASE}/{{id}}", patch_item),
    web.delete(f"{BASE}/{{id}}", remove_item),
    web.post(f"{BULK}/insert", bulk_insert),
    web.post(f"{BULK}/update", bulk_update),
    web.post(f"{BULK}/save", bulk_save),
    web.post(f"{BULK}/remove", bulk_remove),
]
