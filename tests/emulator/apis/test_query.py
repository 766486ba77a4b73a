"""The query language: what matches, in which order, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wixproxy.emulator.apis.filters import compile_filter
from wixproxy.emulator.apis.query import decode, encode, parse, run
from wixproxy.emulator.errors import ValidationError

ROW = {
    "name": "Dawn Mug",
    "n": 3,
    "on": True,
    "none": None,
    "empty": "",
    "tags": ["a", "b"],
    "parts": [{"size": 1}, {"size": 4}],
    "price": {"amount": "24.00"},
    "at": {"$date": "2026-03-02T08:00:00.000Z"},
}

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2)
values = scalars | st.lists(scalars, max_size=3)
rows = st.lists(st.fixed_dictionaries({"x": values, "y": values}), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
operators = st.sampled_from(["$eq", "$ne", "$in", "$gt", "$lte", "$contains", "$and", "$or", "$no"])


def numbered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "id": str(number)} for number, row in enumerate(found)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param({}, True, id="nothing asked"),
        pytest.param({"name": "Dawn Mug"}, True, id="a bare value means equal"),
        pytest.param({"name": "Dawn Mug", "n": 4}, False, id="all conditions count"),
        pytest.param({"n": {"$eq": 3}}, True, id="eq"),
        pytest.param({"n": {"$eq": True}}, False, id="a number is no boolean"),
        pytest.param({"on": 1}, False, id="a boolean is no number"),
        pytest.param({"n": {"$ne": 3}}, False, id="ne"),
        pytest.param({"n": {"$gt": 2, "$lt": 4}}, True, id="a range"),
        pytest.param({"n": {"$gte": 3}}, True, id="gte at the limit"),
        pytest.param({"n": {"$lte": 2}}, False, id="lte"),
        pytest.param({"n": {"$gt": "2"}}, False, id="a number and a text have no order"),
        pytest.param({"missing": {"$lt": 9}}, False, id="nothing is less than nine"),
        pytest.param({"n": {"$in": [1, 3]}}, True, id="in"),
        pytest.param({"n": {"$in": []}}, False, id="in none"),
        pytest.param({"n": {"$nin": [1, 3]}}, False, id="nin"),
        pytest.param({"tags": "b"}, True, id="a list matches by one element"),
        pytest.param({"tags": ["a", "b"]}, True, id="a list matches as a whole"),
        pytest.param({"tags": {"$hasSome": ["b", "c"]}}, True, id="hasSome"),
        pytest.param({"tags": {"$hasAll": ["b", "c"]}}, False, id="hasAll"),
        pytest.param({"name": {"$contains": "MUG"}}, True, id="contains, whatever the case"),
        pytest.param({"name": {"$startsWith": "dawn"}}, True, id="startsWith"),
        pytest.param({"name": {"$endsWith": "dawn"}}, False, id="endsWith"),
        pytest.param({"none": {"$exists": True}}, False, id="null does not exist"),
        pytest.param({"missing": {"$exists": False}}, True, id="what is missing does not exist"),
        pytest.param({"missing": None}, True, id="what is missing is null"),
        pytest.param({"name": {"$ne": None}}, True, id="not empty"),
        pytest.param({"empty": {"$isEmpty": True}}, True, id="isEmpty"),
        pytest.param({"parts.size": {"$gt": 3}}, True, id="a path through a list"),
        pytest.param({"parts.size": 2}, False, id="no element at the end of a path"),
        pytest.param({"price.amount": {"$gt": "9"}}, True, id="money is a number"),
        pytest.param({"at": {"$lt": {"$date": "2026-03-02T10:00:00+01:00"}}}, True, id="a moment"),
        pytest.param({"at": {"$date": "2026-03-02T08:00:00Z"}}, True, id="an equal moment"),
        pytest.param({"$or": [{"n": 4}, {"n": 3}]}, True, id="or"),
        pytest.param({"$and": [{"n": 3}, {"on": False}]}, False, id="and"),
        pytest.param({"$not": {"n": 4}}, True, id="not an object"),
        pytest.param({"$not": [{"n": 3}]}, False, id="not a list of one"),
    ],
)
def test_a_filter_matches_as_wix_says(condition: dict[str, Any], expected: bool) -> None:
    assert compile_filter(condition)(ROW) is expected


@pytest.mark.parametrize(
    ("query", "field", "rule"),
    [
        pytest.param({"filter": {"n": {"$near": 1}}}, "$near", "UNKNOWN_OPERATOR", id="operator"),
        pytest.param({"filter": {"$nor": []}}, "$nor", "UNKNOWN_OPERATOR", id="junction"),
        pytest.param({"filter": {"n": {"$in": 3}}}, "$in", "TYPE", id="in without a list"),
        pytest.param({"filter": {"n": {"$gt": None}}}, "$gt", "TYPE", id="order without a value"),
        pytest.param({"filter": {"n": {"$contains": 3}}}, "$contains", "TYPE", id="contains a 3"),
        pytest.param({"filter": {"n": {"$exists": "yes"}}}, "$exists", "TYPE", id="exists yes"),
        pytest.param({"filter": {"n": {"$date": "soon"}}}, "filter.n", "FORMAT", id="no date"),
        pytest.param({"filter": []}, "query.filter", "TYPE", id="a list as filter"),
        pytest.param({"sort": [{"fieldName": "n", "order": "UP"}]}, "order", "ENUM", id="order"),
        pytest.param({"sort": [{"fieldName": "n", "order": []}]}, "order", "ENUM", id="no order"),
        pytest.param({"sort": [{}]}, "fieldName", "TYPE", id="sort by nothing"),
        pytest.param({"paging": {"limit": -1}}, "limit", "TYPE", id="a negative limit"),
        pytest.param({"paging": {"limit": 1001}}, "limit", "LTE", id="too much at once"),
        pytest.param({"paging": {"limit": True}}, "limit", "TYPE", id="a boolean limit"),
        pytest.param({"cursorPaging": {"cursor": "AAAA"}}, "cursor", "FORMAT", id="a cursor"),
        pytest.param({"cursorPaging": {"cursor": "W10"}}, "cursor", "FORMAT", id="a foreign one"),
        pytest.param(
            {"paging": {"offset": 1}, "cursorPaging": {"limit": 1}}, "query", "ONEOF", id="both"
        ),
        pytest.param({"filters": {}}, "query.filters", "UNKNOWN_FIELD", id="a misspelt key"),
        pytest.param("all", "query", "TYPE", id="no object"),
    ],
)
def test_what_is_not_understood_is_refused(query: Any, field: str, rule: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(query)
    [violation] = caught.value.body()["details"]["validationError"]["fieldViolations"]
    assert violation["field"].endswith(field)
    assert violation["violatedRule"] == rule
    assert isinstance(violation["data"], dict)


def test_a_filter_nested_without_end_is_refused() -> None:
    condition: dict[str, Any] = {}
    for _ in range(200):
        condition = {"$not": condition}
    with pytest.raises(ValidationError, match="nested more than"):
        parse({"filter": condition})


def test_order_follows_every_field_in_turn() -> None:
    found = numbered([{"x": 2, "y": "b"}, {"x": 1, "y": "a"}, {"x": 2, "y": "a"}])
    sort = [{"fieldName": "x", "order": "DESC"}, {"fieldName": "y"}]
    assert [row["id"] for row in run(parse({"sort": sort}), found).entities] == ["2", "0", "1"]


def test_a_page_knows_its_place() -> None:
    page = run(parse({"paging": {"limit": 2, "offset": 2}}), numbered([{}] * 5))
    assert page.offsets == {"count": 2, "offset": 2, "total": 5}
    assert page.cursors["hasNext"] is True


@given(json_values)
def test_a_message_survives_the_query_parameter(message: Any) -> None:
    assert decode(encode(message)) == message


@given(json_values)
def test_the_query_parameter_needs_no_escaping(message: Any) -> None:
    assert set(encode(message)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(st.text())
@example("[" * 4)
@example(encode("").rstrip("I"))
@example("=")
@example("é")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        json.dumps(decode(text))
    except ValidationError as error:
        assert error.status == 400  # noqa: PT017


@given(
    st.recursive(
        json_values,
        lambda inner: st.dictionaries(operators | st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    rows,
)
@example({"x": {"$in": [[]]}}, [{"x": [], "y": None}])
@example({"x": {"$gt": 1e400}}, [{"x": 1, "y": None}])
def test_any_filter_decides_or_is_refused(condition: Any, found: list[dict[str, Any]]) -> None:
    try:
        test = compile_filter(condition)
    except ValidationError as error:
        assert error.status == 400  # noqa: PT017
        return
    assert all(isinstance(test(row), bool) for row in found)


@given(rows, scalars)
def test_a_condition_and_its_negation_share_the_rows_out(
    found: list[dict[str, Any]], value: Any
) -> None:
    equal, unequal = compile_filter({"x": value}), compile_filter({"x": {"$ne": value}})
    negated = compile_filter({"$not": {"x": value}})
    assert all(equal(row) is not unequal(row) for row in found)
    assert all(negated(row) is unequal(row) for row in found)


@given(rows, scalars, scalars)
def test_in_is_a_chain_of_equals(found: list[dict[str, Any]], one: Any, two: Any) -> None:
    among = compile_filter({"x": {"$in": [one, two]}})
    either = compile_filter({"$or": [{"x": one}, {"x": two}]})
    assert [among(row) for row in found] == [either(row) for row in found]


@given(rows, st.integers(1, 4), st.sampled_from(["ASC", "DESC"]))
def test_cursors_visit_every_row_once_and_in_order(
    found: list[dict[str, Any]], limit: int, order: str
) -> None:
    entities = numbered(found)
    whole = {"sort": [{"fieldName": "x", "order": order}]}
    expected = [row["id"] for row in run(parse(whole), entities).entities]
    seen: list[str] = []
    query: dict[str, Any] = {**whole, "cursorPaging": {"limit": limit}}
    while True:
        page = run(parse(query), entities)
        seen += [row["id"] for row in page.entities]
        if page.next is None:
            break
        query = {"cursorPaging": {"limit": limit, "cursor": page.next}}
    assert seen == expected


@given(rows, st.integers(0, 9), st.integers(1, 4))
def test_pages_by_offset_are_slices(found: list[dict[str, Any]], offset: int, limit: int) -> None:
    entities = numbered(found)
    page = run(parse({"paging": {"offset": offset, "limit": limit}}), entities)
    assert page.entities == entities[offset : offset + limit]
    assert page.total == len(entities)
