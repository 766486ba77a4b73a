"""Wix Data: items, and the permissions of their collections."""

from __future__ import annotations

from typing import Any

import pytest

BASE = "/wix-data/v2/items"
JOURNAL = {"dataCollectionId": "Journal"}
LEDGER = {"dataCollectionId": "Ledger"}


async def insert(who: Any, **data: Any) -> Any:
    answer = await who("POST", BASE, {**JOURNAL, "dataItem": {"data": data}})
    assert answer.status == 200, answer.body
    return answer.body["dataItem"]


async def query(who: Any, **of_query: Any) -> Any:
    return await who("GET", f"{BASE}/query", r={**JOURNAL, "query": of_query})


async def test_anyone_may_read_an_open_collection(site: Any) -> None:
    answer = await query(site.visitor(), filter={"tags": {"$hasSome": ["home"]}})
    titles = [item["data"]["title"] for item in answer.body["dataItems"]]
    assert titles == ["A lamp for reading", "Repotting a fern"]


async def test_dates_are_compared_as_moments(site: Any) -> None:
    after = {"published": {"$gt": {"$date": "2026-05-01T02:00:00+02:00"}}}
    answer = await query(site.visitor(), filter=after)
    assert [item["data"]["author"] for item in answer.body["dataItems"]] == ["Linus"]


async def test_a_total_is_counted_only_on_request(site: Any) -> None:
    visitor = site.visitor()
    plain = await visitor("POST", f"{BASE}/query", {**JOURNAL, "query": {}})
    counted = await visitor("POST", f"{BASE}/query", {**JOURNAL, "returnTotalCount": True})
    assert "total" not in plain.body["pagingMetadata"]
    assert counted.body["pagingMetadata"]["total"] == 3


async def test_a_projection_keeps_the_id(site: Any) -> None:
    answer = await query(site.visitor(), fields=["title"])
    assert answer.body["dataItems"][0]["data"].keys() == {"_id", "title"}


@pytest.mark.parametrize("method", ["query", "count"])
async def test_a_closed_collection_is_refused_with_its_code(site: Any, method: str) -> None:
    for who in (site.visitor(), site.member()):
        answer = await who("POST", f"{BASE}/{method}", LEDGER)
        assert (answer.status, answer.code) == (403, "WDE0027")
    assert (await site.app()("POST", f"{BASE}/{method}", LEDGER)).status == 200


async def test_an_unknown_collection_is_not_found(site: Any) -> None:
    answer = await site.app()("POST", f"{BASE}/query", {"dataCollectionId": "Nothing"})
    assert (answer.status, answer.code) == (404, "WDE0025")


async def test_a_new_item_gets_an_id_an_owner_and_dates(site: Any) -> None:
    member = site.member()
    item = await insert(member, title="On rain")
    assert item["id"] == item["data"]["_id"]
    assert item["data"]["_owner"] == member.id
    assert item["data"]["_createdDate"] == {"$date": "2026-09-21T14:13:20.000Z"}
    got = await site.visitor()("GET", f"{BASE}/{item['id']}?dataCollectionId=Journal")
    assert got.body["dataItem"] == item


async def test_a_visitor_may_not_write_what_members_write(site: Any) -> None:
    message = {**JOURNAL, "dataItem": {"data": {}}}
    answer = await site.visitor()("POST", BASE, message)
    assert (answer.status, answer.code) == (403, "WDE0027")


async def test_an_id_is_taken_once(site: Any) -> None:
    await insert(site.member(), _id="mine")
    message = {**JOURNAL, "dataItem": {"data": {"_id": "mine"}}}
    answer = await site.member()("POST", BASE, message)
    assert (answer.status, answer.code) == (409, "WDE0074")


async def test_an_update_replaces_all_but_what_the_system_keeps(site: Any) -> None:
    member = site.member()
    item = await insert(member, title="On rain", minutes=2)
    data = {"_id": item["id"], "title": "On snow", "_owner": "someone else"}
    message = {**JOURNAL, "dataItem": {"id": item["id"], "data": data}}
    after = (await member("POST", f"{BASE}/update", message)).body["dataItem"]["data"]
    assert (after["title"], after["_owner"], "minutes" in after) == ("On snow", member.id, False)


async def test_rest_names_the_item_in_the_path(site: Any) -> None:
    member = site.member()
    path = f"{BASE}/{(await insert(member, title='On rain'))['id']}"
    put = await member("PUT", path, {**JOURNAL, "dataItem": {"data": {"title": "On snow"}}})
    assert put.body["dataItem"]["data"]["title"] == "On snow"
    removed = await member("DELETE", f"{path}?dataCollectionId=Journal")
    assert removed.body["dataItem"]["data"]["title"] == "On snow"
    assert (await member("GET", f"{path}?dataCollectionId=Journal")).code == "WDE0073"


async def test_save_says_what_it_did(site: Any) -> None:
    member, actions = site.member(), []
    for _ in range(2):
        message = {**JOURNAL, "dataItem": {"data": {"_id": "mine"}}}
        actions.append((await member("POST", f"{BASE}/save", message)).body["action"])
    assert actions == ["INSERT", "UPDATE"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"action": "SET_FIELD", "fieldPath": "a.b", "setFieldOptions": {"value": 1}},
            {"n": 1, "t": ["x"], "a": {"b": 1}},
            id="set a nested field",
        ),
        pytest.param(
            {"action": "REMOVE_FIELD", "fieldPath": "n"}, {"t": ["x"]}, id="remove a field"
        ),
        pytest.param(
            {"action": "INCREMENT_FIELD", "fieldPath": "n", "incrementFieldOptions": {"value": 2}},
            {"n": 3, "t": ["x"]},
            id="increment",
        ),
        pytest.param(
            {"action": "APPEND_TO_ARRAY", "fieldPath": "t", "appendToArrayOptions": {"value": "y"}},
            {"n": 1, "t": ["x", "y"]},
            id="append",
        ),
        pytest.param(
            {
                "action": "REMOVE_FROM_ARRAY",
                "fieldPath": "t",
                "removeFromArrayOptions": {"value": "x"},
            },
            {"n": 1, "t": []},
            id="remove from a list",
        ),
    ],
)
async def test_a_patch_changes_one_field(
    site: Any, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    member = site.member()
    item = await insert(member, n=1, t=["x"])
    patch = {"dataItemId": item["id"], "fieldModifications": [change]}
    answer = await member("POST", f"{BASE}/patch", {**JOURNAL, "patch": patch})
    data = answer.body["dataItem"]["data"]
    assert {name: value for name, value in data.items() if name[0] != "_"} == expected


async def test_a_patch_that_fails_changes_nothing(site: Any) -> None:
    member = site.member()
    item = await insert(member, n=1)
    good = {"action": "SET_FIELD", "fieldPath": "n", "setFieldOptions": {"value": 9}}
    patch = {"dataItemId": item["id"], "fieldModifications": [good, {"action": "EXPLODE"}]}
    answer = await member("POST", f"{BASE}/patch", {**JOURNAL, "patch": patch})
    assert answer.status == 400
    got = await member("GET", f"{BASE}/{item['id']}?dataCollectionId=Journal")
    assert got.body["dataItem"]["data"]["n"] == 1


async def test_a_bulk_insert_tells_each_outcome(site: Any) -> None:
    items = [{"data": {"_id": "a"}}, {"data": {"_id": "a"}}, {"data": {"_id": "b"}}]
    message = {**JOURNAL, "dataItems": items}
    answer = await site.member()("POST", "/wix-data/v2/bulk/items/insert", message)
    outcomes = [result["itemMetadata"] for result in answer.body["results"]]
    assert [each["success"] for each in outcomes] == [True, False, True]
    assert outcomes[1]["error"]["code"] == "WDE0074"
    assert answer.body["bulkActionMetadata"] == {"totalSuccesses": 2, "totalFailures": 1}


async def test_distinct_values_look_into_lists(site: Any) -> None:
    message = {**JOURNAL, "fieldName": "tags"}
    answer = await site.visitor()("POST", f"{BASE}/query-distinct-values", message)
    assert answer.body["distinctValues"] == ["morning", "tea", "light", "home", "plants"]


async def test_references_are_refused_rather_than_dropped(site: Any) -> None:
    message = {**JOURNAL, "includeReferences": [{"field": "author"}]}
    answer = await site.visitor()("POST", f"{BASE}/query", message)
    assert answer.violations[0]["field"] == "includeReferences"


async def test_writes_do_not_reach_the_data_a_reset_returns_to(site: Any) -> None:
    member = site.member()
    item = (await query(member, filter={"author": "Ada"})).body["dataItems"][0]
    await member("POST", f"{BASE}/remove", {**JOURNAL, "dataItemId": item["id"]})
    assert len((await query(member)).body["dataItems"]) == 2
    site.emulator.state.reset()
    assert len((await query(site.visitor())).body["dataItems"]) == 3


async def test_bulk_calls_change_and_remove(site: Any) -> None:
    member, bulk = site.member(), "/wix-data/v2/bulk/items"
    first = await insert(member, _id="a", n=1)
    update = {**JOURNAL, "dataItems": [{"id": "a", "data": {"n": 2}}, {"id": "z", "data": {}}]}
    updated = await member("POST", f"{bulk}/update", {**update, "returnEntity": True})
    assert updated.body["results"][0]["dataItem"]["data"]["n"] == 2
    assert updated.body["results"][1]["itemMetadata"]["error"]["code"] == "WDE0073"
    saved = await member("POST", f"{bulk}/save", update)
    assert [result["action"] for result in saved.body["results"]] == ["UPDATE", "INSERT"]
    gone = {**JOURNAL, "dataItemIds": [first["id"], "z"]}
    removed = await member("POST", f"{bulk}/remove", gone)
    assert removed.body["bulkActionMetadata"] == {"totalSuccesses": 2, "totalFailures": 0}


async def test_a_cursor_pages_through_a_collection(site: Any) -> None:
    visitor = site.visitor()
    first = await query(visitor, cursorPaging={"limit": 2})
    cursor = first.body["pagingMetadata"]["cursors"]["next"]
    second = await query(visitor, cursorPaging={"limit": 2, "cursor": cursor})
    assert len(second.body["dataItems"]) == 1
    assert second.body["pagingMetadata"]["hasNext"] is False


async def test_a_patch_may_not_touch_what_the_system_keeps(site: Any) -> None:
    member = site.member()
    item = await insert(member, n=1)
    change = {"action": "SET_FIELD", "fieldPath": "_owner", "setFieldOptions": {"value": "me"}}
    patch = {"dataItemId": item["id"], "fieldModifications": [change]}
    answer = await member("POST", f"{BASE}/patch", {**JOURNAL, "patch": patch})
    assert answer.violations[0]["violatedRule"] == "READ_ONLY"
