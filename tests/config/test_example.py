"""`config.example.toml` names every option, with its default and what it does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.config.conftest import Project
from wixproxy.config.options import OPTIONS, Option
from wixproxy.config.reading import IN_PRODUCTION
from wixproxy.config.values import EXAMPLE_KEY

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
_PASSIVE = re.compile(r"^# ([a-z_]+ = )", re.MULTILINE)


def _names(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    names: dict[str, object] = {}
    for word, value in table.items():
        name = prefix + word
        if isinstance(value, dict) and name not in OPTIONS:
            names |= _names(value, f"{name}.")
        else:
            names[name] = tuple(value) if isinstance(value, list) else value
    return names


ACTIVE = _names(tomllib.loads(EXAMPLE))
ALL = _names(tomllib.loads(_PASSIVE.sub(r"\1", EXAMPLE)))
FOLLOWING = {"mode", "server.public_url", *IN_PRODUCTION}


def test_it_can_be_used_as_it_is(project: Project) -> None:
    project.write("wixproxy.toml", EXAMPLE)
    assert project.problems() == []


def test_it_names_every_option_and_no_other() -> None:
    assert ALL.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", ACTIVE)
def test_an_active_line_shows_the_default(name: str) -> None:
    assert ACTIVE[name] == OPTIONS[name].default


@pytest.mark.parametrize("name", FOLLOWING)
def test_a_default_that_follows_from_others_is_not_pinned_by_a_copy(name: str) -> None:
    assert name not in ACTIVE


@pytest.mark.parametrize("name", sorted(OPTIONS.keys() - ACTIVE.keys() - FOLLOWING))
def test_any_other_option_is_passive_only_where_it_has_no_default(name: str) -> None:
    assert OPTIONS[name].default in (None, "", ())


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_each_option_stands_below_its_description(option: Option) -> None:
    table, _, word = option.name.rpartition(".")
    section = f"\n{EXAMPLE}".partition(f"\n[{table}]\n")[2] if table else EXAMPLE
    described = re.split(rf"\n(?:# )?{word} = ", section)[0].rpartition("\n\n")[2]
    comment = " ".join(line.strip("# ") for line in described.strip().splitlines())
    assert comment == option.description


def test_the_key_that_it_shows_is_refused(project: Project) -> None:
    """R23."""
    assert EXAMPLE_KEY in EXAMPLE
    (line,) = project.problems({"session.keys": [EXAMPLE_KEY]})
    assert line == (
        "session.keys[0] (from flag session.keys): expected a key of your own, found the one that "
        'config.example.toml shows to everybody. Run "wixproxy newkey".'
    )
