"""How log lines are written."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands.terminal import Terminal
from wixproxy.commands.logs import JsonLines, TextLines

WRITE = """
import logging, sys
from tests.commands.terminal import Terminal
from wixproxy.commands.logs import configure
from wixproxy.config.model import LogTable
configure(LogTable(level=sys.argv[1], format=sys.argv[2]))
for name in ("wixproxy.api", "asyncio"):
    for level in ("debug", "info", "warning"):
        getattr(logging.getLogger(name), level)(level)
"""


def record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("wixproxy.api", logging.WARNING, "api.py", 1, message, values, None)


def failed() -> logging.LogRecord:
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        made = record("request %s failed", "r-1")
        made.exc_info = sys.exc_info()
        return made


@given(st.text())
def test_a_text_line_stays_one_line_whatever_was_sent(sent: str) -> None:
    written = TextLines().format(record("refused %s", sent))
    assert len(written.splitlines()) == 1
    assert not any(ord(character) < 0x20 or ord(character) == 0x7F for character in written)


@given(st.text())
def test_a_json_line_gives_the_message_back(sent: str) -> None:
    written = JsonLines().format(record("refused %s", sent))
    assert len(written.splitlines()) == 1
    assert json.loads(written)["message"] == f"refused {sent}"


def test_a_json_line_says_when_how_grave_and_who() -> None:
    made = record("refused")
    made.created, made.msecs = 1_800_000_000.25, 250.0
    assert json.loads(JsonLines().format(made)) == {
        "time": "2027-01-15T08:00:00.250Z",
        "level": "warning",
        "logger": "wixproxy.api",
        "message": "refused",
    }


def test_a_text_line_can_be_read() -> None:
    assert TextLines().format(record("refused %d", 3)).endswith(" warning api: refused 3")


def test_a_traceback_is_kept_within_the_json_line() -> None:
    written = JsonLines().format(failed())
    assert len(written.splitlines()) == 1
    assert "RuntimeError: first\nsecond" in json.loads(written)["traceback"]


def test_a_traceback_follows_the_text_line() -> None:
    first, *rest = TextLines().format(failed()).splitlines()
    assert first.endswith("request r-1 failed")
    assert rest[-2:] == ["RuntimeError: first", "second"]


@pytest.mark.parametrize(
    ("level", "ours", "others"),
    [
        pytest.param("debug", ["debug", "info", "warning"], ["warning"], id="debug"),
        pytest.param("info", ["info", "warning"], ["warning"], id="info"),
        pytest.param("error", [], [], id="error"),
    ],
)
def test_the_level_is_ours_and_others_only_warn(
    terminal: Terminal, level: str, ours: list[str], others: list[str]
) -> None:
    done = terminal.run_python("-c", WRITE, level, "json")
    lines = [json.loads(written) for written in io.StringIO(done.stderr)]
    assert [line["message"] for line in lines if line["logger"] == "wixproxy.api"] == ours
    assert [line["message"] for line in lines if line["logger"] == "asyncio"] == others
    assert done.stdout == ""
