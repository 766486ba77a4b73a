"""The data file: what it may say, and how it is told what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.emulator.data import DEFAULT, DataError, guid, load, parse, schema, slug


def problems(raw: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        parse(raw)
    return caught.value.problems


def test_the_sample_has_members_a_shop_and_a_journal() -> None:
    assert [member.email for member in DEFAULT.members] == [
        "ada@example.test",
        "grace@example.test",
        "linus@example.test",
    ]
    assert len(DEFAULT.products) == 8
    assert {collection.id for collection in DEFAULT.collections} == {"Journal", "Ledger"}


def test_ids_are_the_same_on_every_start() -> None:
    assert guid("member", "ada@example.test") == "267c4d08-18c3-5c6b-9469-873be8635a52"
    assert DEFAULT.members[0].id == guid("member", "ada@example.test")


def test_a_table_that_is_left_out_is_the_samples() -> None:
    data = parse({"products": []})
    assert data.products == ()
    assert data.members == DEFAULT.members


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        pytest.param({"produts": []}, "produts: is not known here", id="an unknown table"),
        pytest.param(
            {"members": [{"email": "a@b.test"}]},
            "members[0].password: is required",
            id="a password left out",
        ),
        pytest.param(
            {"products": [{"name": "A", "price": 1, "prize": 2}]},
            "products[0].prize: is not known here",
            id="an unknown key",
        ),
        pytest.param(
            {"respond": [{"path": "x"}]}, "respond[0].path: must begin with /", id="a bad path"
        ),
        pytest.param(
            {"products": [{"name": "A", "price": 1}, {"name": "a", "price": 1}]},
            "products: id '" + guid("product", "a") + "' is given twice",
            id="one slug twice",
        ),
        pytest.param(
            [],
            "expected a table of site, members, products, collections, "
            "services, events, plans, respond",
            id="a list",
        ),
    ],
)
def test_a_problem_is_told_by_its_dotted_name(raw: Any, problem: str) -> None:
    assert problems(raw) == [problem]


def test_all_problems_are_told_at_once() -> None:
    raw = {"products": [{"name": "A", "price": -1}], "members": [{"email": "x", "password": "y"}]}
    assert len(problems(raw)) == 2


def test_a_password_is_in_no_message_and_no_repr() -> None:
    secret = "correct-horse"
    assert secret not in " ".join(problems({"members": [{"email": "x", "password": secret}]}))
    held = parse({"members": [{"email": "a@b.test", "password": secret}]})
    assert secret not in repr(held)


def test_a_toml_file_and_a_json_file_say_the_same(tmp_path: Path) -> None:
    toml, as_json = tmp_path / "data.toml", tmp_path / "data.json"
    toml.write_text('[[products]]\nname = "Tea"\nprice = 3.1\n')
    as_json.write_text(json.dumps({"products": [{"name": "Tea", "price": 3.1}]}))
    assert load(toml) == load(as_json)
    assert str(load(toml).products[0].price) == "3.1"


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        pytest.param("a.toml", "x = ", "a.toml: ", id="broken TOML"),
        pytest.param("a.json", "{", "a.json: ", id="broken JSON"),
        pytest.param("a.yaml", "", "ends in .toml or .json", id="another format"),
        pytest.param("a.json", "[]", "a.json: expected a table", id="not a table"),
        pytest.param("a.json", "[" * 100_000, "a.json: ", id="nested too deep"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, text: str, part: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError, match=part):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml: No such file"):
        load(tmp_path / "none.toml")


def test_a_date_of_toml_becomes_a_date_of_wix_data(tmp_path: Path) -> None:
    path = tmp_path / "data.toml"
    path.write_text('[[collections]]\nid = "C"\n[[collections.items]]\nd = 2026-01-02T03:04:05Z\n')
    assert load(path).collections[0].items[0]["d"] == {"$date": "2026-01-02T03:04:05+00:00"}


def test_data_survives_a_round_through_json() -> None:
    assert parse(json.loads(DEFAULT.model_dump_json())) == DEFAULT


def test_the_schema_describes_every_table() -> None:
    described = schema()
    assert described["properties"].keys() == type(DEFAULT).model_fields.keys()
    assert described["additionalProperties"] is False


@given(st.text())
def test_a_slug_is_one_plain_path_segment(name: str) -> None:
    made = slug(name)
    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug(made) == made


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_whatever_is_given_is_data_or_a_data_error(raw: Any) -> None:
    try:
        parse({"collections": raw, "respond": raw})
    except DataError as error:
        assert error.problems  # noqa: PT017
