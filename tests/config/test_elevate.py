"""The calls that run as the app: each rule is judged with its place in the list."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.config.conftest import CLIENT, Env, Project
from wixproxy.config import load
from wixproxy.config.schema import schema
from wixproxy.config.site import ElevateEntry

RULE = {"name": "my-orders", "call": "POST /ecom/v1/orders/search", "who": ["member"]}
SECRET = {"site.client_secret": "canary-of-a-client-secret"}
FROM = "(from flag site.elevate)"


def _problems(project: Project, *entries: object) -> list[str]:
    return project.problems({**SECRET, "site.elevate": list(entries)})


def test_a_rule_of_the_file_is_read_whole(project: Project) -> None:
    project.write(
        "wixproxy.toml",
        """
        [[site.elevate]]
        name = "my-orders"
        call = "POST /ecom/v1/orders/search"
        who = ["member", "12345678-90AB-cdef-1234-567890abcdef"]
        body_fields = ["search"]
        query_names = ["locale"]
        fixed_body = { filter = { status = ["PAID", 1, true] } }
        per_minute = 5

        [[site.elevate]]
        name = "stock"
        call = "GET /stores/v3/inventory-items/{id}"
        who = ["visitor"]
        """,
    )
    config = project.load(SECRET)
    first, second = config.site.elevation_rules
    assert (first.name, first.method, first.per_minute) == ("my-orders", "POST", 5)
    assert first.segments == ("ecom", "v1", "orders", "search")
    assert first.who == {"member", CLIENT}
    assert (first.body_fields, first.query_names) == ({"search"}, {"locale"})
    assert first.fixed_body == {"filter": {"status": ["PAID", 1, True]}}
    assert (second.name, second.per_minute, second.fixed_body) == ("stock", 60, {})
    assert config.sources["site.elevate"] == "wixproxy.toml"


def test_no_call_runs_as_the_app_by_default(project: Project) -> None:
    assert project.load().site.elevation_rules == ()


@pytest.mark.parametrize("place", ["environment", ".env.local"])
def test_rules_are_json_in_a_variable(project: Project, place: str) -> None:
    env = {"WIXPROXY__SITE__ELEVATE": json.dumps([RULE]), "WIX_CLIENT_SECRET": "s3cret"}
    if place == ".env.local":
        project.write(place, "".join(f"{name}='{text}'\n" for name, text in env.items()))
        env = {}
    (rule,) = project.load(env=env).site.elevation_rules
    assert rule.name == "my-orders"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("my-orders", "expected JSON, found a text that is none.", id="no JSON"),
        pytest.param(
            json.dumps(RULE),
            "expected a list of tables, each below a line [[site.elevate]], found a table.",
            id="a table alone",
        ),
    ],
)
def test_a_variable_that_holds_no_list_of_rules_is_a_problem(
    project: Project, text: str, sentence: str
) -> None:
    (line,) = project.problems(SECRET, {"WIXPROXY__SITE__ELEVATE": text})
    variable = "environment variable WIXPROXY__SITE__ELEVATE"
    assert line == f"site.elevate (from {variable}): {sentence}"


def test_one_pair_of_brackets_is_told_to_be_two(project: Project) -> None:
    project.write("wixproxy.toml", '[site.elevate]\nname = "my-orders"\n')
    assert project.problems(SECRET) == [
        (
            "site.elevate (from wixproxy.toml): expected a list of tables, each below a line "
            "[[site.elevate]], found a table."
        )
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(
            {"call": "GET /**"},
            f"site.elevate[1] {FROM}: path '/**' would elevate more than one call; write the "
            "method's full path, with {name} for one segment.",
            id="every call",
        ),
        pytest.param(
            {"call": "GET /stores/{api}/{method}"},
            f"site.elevate[1] {FROM}: path '/stores/{{api}}/{{method}}' would elevate a whole API; "
            "write the method's full path, whose first 3 segments are plain text.",
            id="a whole API",
        ),
        pytest.param(
            {"call": "POST /_api/iam/authentication/v2/{step}"},
            f"site.elevate[1] {FROM}: path '/_api/iam/authentication/v2/{{step}}' names a call "
            "that hands out credentials; no rule may.",
            id="credentials",
        ),
        pytest.param(
            {"call": "/stores/v3/products"},
            f'site.elevate[1] {FROM}: expected one method and a full path, as "POST '
            "/ecom/v1/orders/search\", found '/stores/v3/products'.",
            id="no method",
        ),
        pytest.param(
            {"name": "My Rule"},
            f"site.elevate[1] {FROM}: expected a name of a-z, 0-9 and -, found 'My Rule'.",
            id="a name with a space",
        ),
        pytest.param(
            {"who": []},
            f'site.elevate[1] {FROM}: who may call is missing; write "visitor", "member" or '
            "member ids.",
            id="nobody",
        ),
        pytest.param(
            {"who": ["member", "everybody"]},
            f'site.elevate[1].who[1] {FROM}: expected "visitor", "member" or the id of a member, '
            "found 'everybody'.",
            id="nobody of that name",
        ),
        pytest.param(
            {"who": "member"},
            f"site.elevate[1].who {FROM}: expected a list, found 'member'.",
            id="a text for a list",
        ),
        pytest.param(
            {"body_fields": ["a", 5]},
            f"site.elevate[1].body_fields[1] {FROM}: expected a text, found 5.",
            id="a number for a field",
        ),
        pytest.param(
            {"per_minute": 0},
            f"site.elevate[1].per_minute {FROM}: expected at least 1, found 0.",
            id="never",
        ),
        pytest.param(
            {"fixed_body": []},
            f"site.elevate[1].fixed_body {FROM}: expected a table, found an empty list.",
            id="a list for a table",
        ),
        pytest.param(
            {"fixed_body": {"since": [date(2025, 1, 1)]}},
            f"site.elevate[1].fixed_body {FROM}: expected what JSON can say, found another kind of "
            "value in it; write a date as a text.",
            id="a date of TOML",
        ),
        pytest.param(
            {"fixed_body": {"price": float("inf")}},
            f"site.elevate[1].fixed_body {FROM}: expected what JSON can say, found another kind of "
            "value in it; write a date as a text.",
            id="an infinite number",
        ),
        pytest.param(
            {"fixed_bdy": {}},
            f'site.elevate[1].fixed_bdy {FROM}: unknown option; did you mean "fixed_body"?',
            id="a key with a slip",
        ),
        pytest.param(
            {"\x1b[31m": 1},
            f"'site.elevate[1].\\x1b[31m' {FROM}: unknown option.",
            id="a key that paints the terminal",
        ),
    ],
)
def test_a_rule_that_is_not_sound_is_told_with_its_place(
    project: Project, change: dict[str, object], line: str
) -> None:
    stock = {"name": "stock", "call": "GET /stores/v3/inventory-items/{id}", "who": ["visitor"]}
    assert _problems(project, RULE, {**stock, **change}) == [line]


@pytest.mark.parametrize("key", ["name", "call", "who"])
def test_what_no_rule_can_do_without_is_told(project: Project, key: str) -> None:
    rule = {known: value for known, value in RULE.items() if known != key}
    assert _problems(project, rule) == [
        f"site.elevate[0].{key} {FROM}: missing; no entry can do without it."
    ]


def test_a_key_with_a_slip_is_not_missing_as_well(project: Project) -> None:
    rule = {known: value for known, value in RULE.items() if known != "call"}
    assert _problems(project, {**rule, "cal": RULE["call"]}) == [
        f'site.elevate[0].cal {FROM}: unknown option; did you mean "call"?'
    ]


def test_an_entry_that_is_no_table_is_a_problem(project: Project) -> None:
    assert _problems(project, "my-orders") == [
        f"site.elevate[0] {FROM}: expected a table, found 'my-orders'."
    ]


def test_what_is_wrong_with_several_rules_is_told_at_once(project: Project) -> None:
    lines = _problems(project, {**RULE, "call": "GET /**"}, {**RULE, "per_minute": 0, "whom": 1})
    assert [line.partition(" ")[0] for line in lines] == [
        "site.elevate[0]",
        "site.elevate[1].per_minute",
        "site.elevate[1].whom",
    ]


def test_two_rules_for_one_call_are_a_problem(project: Project) -> None:
    other = {**RULE, "name": "all-orders", "call": "POST /ecom/v1/orders/{what}"}
    assert _problems(project, RULE, other) == [
        f"site.elevate {FROM}: 'my-orders' and 'all-orders' match the same calls; keep one."
    ]


def test_rules_need_the_secret_of_the_app(project: Project) -> None:
    assert project.problems({"site.elevate": [RULE]}) == [
        (
            "site.client_secret: expected the secret of the app, since site.elevate has calls that "
            "run as the app, found none. Copy it from the Wix dashboard (Settings, Development & "
            "integrations, Headless Settings) and set WIX_CLIENT_SECRET to it."
        )
    ]


def test_rules_need_no_secret_with_the_emulator(project: Project) -> None:
    assert project.problems({"emulator.enabled": True, "site.elevate": [RULE]}) == []


def test_a_missing_secret_is_not_told_beside_a_wrong_rule(project: Project) -> None:
    (line,) = project.problems({"site.elevate": [{**RULE, "call": "GET /**"}]})
    assert line.startswith("site.elevate[0] ")


def test_the_schema_knows_the_keys_of_a_rule() -> None:
    described = schema()
    entry = described["$defs"]["ElevateEntry"]
    assert entry["properties"].keys() == ElevateEntry.model_fields.keys()
    assert (entry["required"], entry["additionalProperties"]) == (["name", "call", "who"], False)
    assert described["$defs"]["SiteTable"]["properties"]["elevate"]["items"] == {
        "$ref": "#/$defs/ElevateEntry"
    }


@given(
    body=st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda values: (
                st.lists(values, max_size=3)
                | st.dictionaries(st.text(max_size=3), values, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=4,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_a_rule_fixes_comes_through_a_variable_unchanged(
    project: Project, body: dict[str, object]
) -> None:
    env: Env = {"WIXPROXY__SITE__ELEVATE": json.dumps([{**RULE, "fixed_body": body}])}
    (rule,) = load({"emulator.enabled": True}, env, project.folder).site.elevation_rules
    assert rule.fixed_body == body
