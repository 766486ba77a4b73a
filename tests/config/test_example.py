"""`config.example.toml` names every option, with its default and what it does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.config.conftest import PUBLIC_KEY, Project
from wixproxy.config.options import OPTIONS
from wixproxy.config.reading import IN_PRODUCTION
from wixproxy.config.values import EXAMPLE_KEY

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
_PASSIVE = re.compile(r"^# (# |\[\[|[a-z_]+ = )", re.MULTILINE)


def _names(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    names: dict[str, Any] = {}
    for word, value in table.items():
        name = prefix + word
        if isinstance(value, dict) and name not in OPTIONS:
            names |= _names(value, f"{name}.")
        else:
            names[name] = tuple(value) if isinstance(value, list) else value
    return names


WHOLE = _PASSIVE.sub(r"\1", EXAMPLE)
ACTIVE = _names(tomllib.loads(EXAMPLE))
ALL = _names(tomllib.loads(WHOLE))
FOLLOWING = {"mode", "server.public_url", *IN_PRODUCTION}
KEYS = {
    f"{option.name}.{key}": field
    for option in OPTIONS.values()
    if option.entry is not None
    for key, field in option.entry.model_fields.items()
}


def _comment_above(name: str) -> str:
    """Return the comment above the line of an option, or of a key in an entry."""
    table, _, word = name.rpartition(".")
    section = f"\n{WHOLE}".partition(f"[{table}]")[2] if table else WHOLE
    line = rf"\n(?:{word} = |\[\[{re.escape(name)}\]\])"
    described = re.split(line, section)[0].rpartition("\n\n")[2]
    return " ".join(text.strip("# ") for text in described.strip().splitlines())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def test_it_can_be_used_as_it_is(project: Project) -> None:
    project.write("wixproxy.toml", EXAMPLE)
    assert project.problems() == []


def test_it_names_every_option_and_no_other() -> None:
    assert ALL.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", ACTIVE)
def test_an_active_line_shows_the_default(name: str) -> None:
    assert ACTIVE[name] == OPTIONS[name].default


@pytest.mark.parametrize("name", sorted(FOLLOWING))
def test_a_default_that_follows_from_others_is_not_pinned_by_a_copy(name: str) -> None:
    assert name not in ACTIVE


@pytest.mark.parametrize("name", sorted(OPTIONS.keys() - ACTIVE.keys() - FOLLOWING))
def test_any_other_option_is_passive_only_where_it_has_no_default(name: str) -> None:
    assert OPTIONS[name].default in (None, "", ())


@pytest.mark.parametrize(
    ("name", "description"),
    [
        *((option.name, option.description) for option in OPTIONS.values()),
        *((name, field.description) for name, field in KEYS.items()),
    ],
)
def test_each_option_and_each_key_of_an_entry_stands_below_its_description(
    name: str, description: str
) -> None:
    assert _comment_above(name) == description


@pytest.mark.parametrize("name", [name for name in ALL if OPTIONS[name].kind == "table"])
def test_an_entry_that_is_shown_has_every_key_with_its_default(name: str) -> None:
    (entry,) = ALL[name]
    fields = {key: KEYS[f"{name}.{key}"] for key in entry}
    assert {f"{name}.{key}" for key in fields} == {key for key in KEYS if key.startswith(name)}
    numbers = {key: field.default for key, field in fields.items() if _is_number(field.default)}
    assert {key: entry[key] for key in numbers} == numbers


@pytest.mark.parametrize("name", [name for name in ALL if OPTIONS[name].kind == "table"])
def test_an_entry_that_is_shown_can_be_used(project: Project, name: str) -> None:
    needed = {"site.client_secret": "s3cret", "site.public_keys": [PUBLIC_KEY]}
    assert project.problems({**needed, name: list(ALL[name])}) == []


def test_the_key_that_it_shows_is_refused(project: Project) -> None:
    """R23."""
    assert EXAMPLE_KEY in EXAMPLE
    (line,) = project.problems({"session.keys": [EXAMPLE_KEY]})
    assert line == (
        "session.keys[0] (from flag session.keys): expected a key of your own, found the one that "
        'config.example.toml shows to everybody. Run "wixproxy newkey".'
    )
