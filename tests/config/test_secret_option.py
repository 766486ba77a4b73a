"""Secrets come from one of three places, and nothing of them is ever shown."""

from __future__ import annotations

import json
import os
import stat
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.config.conftest import KEY, Project
from wixproxy.config import load, read
from wixproxy.config.schema import schema
from wixproxy.config.secret_option import check_private
from wixproxy.errors import ConfigError

CANARY = "canary-Zq7-of-a-secret"


@pytest.mark.parametrize(
    "given_as",
    [
        pytest.param(json.dumps(CANARY), id="text"),
        pytest.param(f'{{ value = "{CANARY}" }}', id="value"),
        pytest.param('{ env = "HELD" }', id="environment variable"),
        pytest.param('{ file = "deep/held" }', id="file beside the configuration"),
    ],
)
def test_a_secret_is_found_where_the_option_says(project: Project, given_as: str) -> None:
    project.write("deep/held", f"{CANARY}\n")
    project.write("wixproxy.toml", f"[site]\nclient_secret = {given_as}\n")
    secret = project.load(env={"HELD": CANARY}).site.client_secret
    assert secret is not None
    assert secret.reveal() == CANARY


def test_keys_may_come_from_different_places(project: Project) -> None:
    project.write("key", KEY)
    keys = [KEY, {"env": "HELD"}, {"file": "key"}]
    found = project.load({"session.keys": keys}, {"HELD": KEY}).session.keys
    assert [key.reveal() for key in found] == [KEY] * 3


def test_a_variable_may_name_the_place_in_json(project: Project) -> None:
    project.write("key", KEY)
    env = {"WIXPROXY__SESSION__KEYS": json.dumps([{"file": "key"}])}
    assert [key.reveal() for key in project.load(env=env).session.keys] == [KEY]


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        pytest.param(
            {"value": CANARY, "env": CANARY},
            "give one of value, env or file, not value and env.",
            id="two places",
        ),
        pytest.param({}, "give one of value, env or file, not none of them.", id="no place"),
        pytest.param(
            {"env": "HELD", CANARY: "x"},
            "give one of value, env or file, not env and something else.",
            id="unknown place",
        ),
        pytest.param(
            {"env": CANARY},
            'expected the name of an environment variable in "env", found one that is not set. '
            "Set it, or name another.",
            id="secret written for a variable",
        ),
        pytest.param(
            {"file": CANARY},
            'the file that "file" names cannot be read: No such file or directory.',
            id="secret written for a file",
        ),
        pytest.param(
            {"file": f"{CANARY}\0"},
            'the file that "file" names cannot be read: its name is no path.',
            id="no path at all",
        ),
        pytest.param(
            {"file": "large"},
            "expected a file of at most 16384 bytes, found more.",
            id="large file",
        ),
        pytest.param(
            {"file": "binary"},
            "expected a file with text in UTF-8, found other bytes.",
            id="binary file",
        ),
        pytest.param({"file": "empty"}, "expected a secret, found an empty text.", id="empty file"),
        pytest.param(
            12345,
            "expected a text, or a table with one of value, env or file, found a value that is "
            "no text.",
            id="number",
        ),
        pytest.param(
            [CANARY],
            "expected a text, or a table with one of value, env or file, found a list of 1.",
            id="list",
        ),
    ],
)
def test_a_secret_that_cannot_be_found_is_told_without_a_trace_of_it(
    project: Project, option: object, sentence: str
) -> None:
    project.write("large", CANARY * 1000)
    project.write("empty", "\n")
    project.write("binary", "").write_bytes(b"\xff")
    lines = project.problems({"site.client_secret": option})
    assert lines == [f"site.client_secret (from flag site.client_secret): {sentence}"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o400 | 0o020])
def test_a_file_that_others_can_reach_holds_no_secret(project: Project, mode: int) -> None:
    """R23."""
    path = project.write("my keys", KEY, mode)
    (line,) = project.problems({"session.keys": [{"file": "my keys"}]})
    assert line == (
        "session.keys[0] (from flag session.keys): expected a file for its owner alone, found "
        f"mode {mode:04o}. Run: chmod 600 '{path}'."
    )


def _status(mode: int, uid: int) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 0, 0, 1, uid, 0, 0, 0, 0, 0))


@pytest.mark.parametrize("mode", [0o400, 0o440])
def test_a_file_that_root_mounts_for_our_group_is_used(mode: int) -> None:
    check_private(_status(mode, os.geteuid() + 1), Path("key"))


@pytest.mark.parametrize("mode", [0o444, 0o460, 0o442])
def test_a_file_of_another_user_that_everybody_reaches_is_refused(mode: int) -> None:
    with pytest.raises(ValueError, match=rf"found mode {mode:04o}\. Give it mode 0440"):
        check_private(_status(mode, os.geteuid() + 1), Path("key"))


@pytest.mark.parametrize(
    ("key", "found"),
    [
        pytest.param("c2hvcnQ=", "found 5", id="short"),
        pytest.param(KEY + KEY, "found text that is not base64", id="two in one"),
        pytest.param("A" * 88, "found 66", id="long"),
        pytest.param("no base64!", "found text that is not base64", id="no base64"),
        pytest.param("schlüssel", "found text that is not base64", id="no ASCII"),
    ],
)
def test_a_key_of_another_length_is_refused_with_the_remedy(
    project: Project, key: str, found: str
) -> None:
    """R23."""
    (line,) = project.problems({"session.keys": [KEY, key]})
    assert line == (
        f"session.keys[1] (from flag session.keys): expected 32 bytes in base64, {found}. "
        'Run "wixproxy newkey".'
    )


def test_every_key_that_is_wrong_is_told(project: Project) -> None:
    lines = project.problems({"session.keys": ["c2hvcnQ=", KEY, {"env": "ABSENT"}, 5]})
    assert sorted(line.split(" ")[0] for line in lines) == [f"session.keys[{n}]" for n in (0, 2, 3)]


@pytest.mark.parametrize("keys", [KEY, {"file": "key"}, 5, True])
def test_keys_are_a_list(project: Project, keys: object) -> None:
    (line,) = project.problems({"session.keys": keys})
    assert line.startswith("session.keys (from flag session.keys): expected a list, found a")
    assert KEY not in line


def test_a_configuration_shows_no_secret(project: Project) -> None:
    config = project.load({"session.keys": [KEY], "site.client_secret": CANARY})
    shown = f"{config} {config!r} {config.model_dump()} {config.sources}"
    assert "Secret(…)" in shown
    assert KEY not in shown
    assert CANARY not in shown


_junk = st.recursive(
    st.one_of(st.just(CANARY), st.text(max_size=8), st.integers(), st.booleans(), st.none()),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.dictionaries(
            st.sampled_from(["value", "env", "file", "other", CANARY]), parts, max_size=3
        ),
    ),
    max_leaves=6,
)


@given(secret=_junk, keys=_junk)
@example(secret={"value": {"env": CANARY}}, keys=[[CANARY]])
@example(secret=CANARY, keys={CANARY: CANARY})
@example(secret="\ud800", keys=["\ud800"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_stands_in_a_secret_option_is_never_shown(
    tmp_path: Path, secret: Any, keys: Any
) -> None:
    flags = {"site.client_secret": secret, "session.keys": keys, "emulator.enabled": True}
    reading = read(flags, {}, tmp_path)
    shown = [problem.line(reading.config.sources) for problem in reading.problems]
    try:
        shown.append(repr(load(flags, {}, tmp_path)))
    except ConfigError as error:
        shown += traceback.format_exception(error)
    assert not any(CANARY in line for line in shown)


@given(text=st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_variable_with_a_secret_is_never_shown(tmp_path: Path, text: str) -> None:
    names = ("WIXPROXY__SESSION__KEYS", "WIXPROXY__SITE__CLIENT_SECRET", "WIX_CLIENT_SECRET")
    env = dict.fromkeys(names, f"{text}{CANARY}")
    reading = read({"emulator.enabled": True}, env, tmp_path)
    lines = [problem.line(reading.config.sources) for problem in reading.problems]
    assert not any(CANARY in line for line in [*lines, repr(reading)])


def test_the_schema_knows_how_a_secret_is_given() -> None:
    site = schema()["$defs"]["SiteTable"]["properties"]
    text, *tables = site["client_secret"]["anyOf"]
    assert text == {"type": "string"}
    assert [table["required"] for table in tables] == [["value"], ["env"], ["file"]]


def test_the_schema_has_no_null_since_toml_has_none() -> None:
    assert "null" not in json.dumps(schema())
