"""How log lines are written."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.commands.logs import JsonFormatter, TextFormatter

WRITE = """
import logging, sys
from wixproxy.commands.logs import begin
begin(*sys.argv[1:])
for name in ("wixproxy.api", "elsewhere"):
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
    written = TextFormatter().format(record("refused %s", sent))
    assert len(written.splitlines()) == 1
    assert not any(ord(character) < 0x20 or ord(character) == 0x7F for character in written)


@given(st.text())
def test_a_json_line_gives_the_message_back(sent: str) -> None:
    written = JsonFormatter().format(record("refused %s", sent))
    assert len(written.splitlines()) == 1
    assert json.loads(written)["message"] == f"refused {sent}"


def test_a_json_line_says_when_how_grave_and_who() -> None:
    made = record("refused")
    made.created = 1_800_000_000.25
    assert json.loads(JsonFormatter().format(made)) == {
        "time": "2027-01-15T08:00:00.250+00:00",
        "level": "warning",
        "logger": "wixproxy.api",
        "message": "refused",
    }


def test_a_text_line_can_be_read() -> None:
    assert (
        TextFormatter().format(record("refused %d", 3)).endswith(" WARNING wixproxy.api: refused 3")
    )


def test_a_traceback_is_kept_within_the_json_line() -> None:
    written = JsonFormatter().format(failed())
    assert len(written.splitlines()) == 1
    assert "RuntimeError: first\nsecond" in json.loads(written)["exception"]


def test_a_traceback_follows_the_text_line() -> None:
    first, *rest = TextFormatter().format(failed()).splitlines()
    assert first.endswith("request r-1 failed")
    assert rest[-2:] == ["RuntimeError: first", "second"]


@pytest.mark.parametrize(
    ("level", "ours"),
    [
        pytest.param("debug", ["debug", "info", "warning"], id="debug"),
        pytest.param("info", ["info", "warning"], id="info"),
        pytest.param("error", [], id="error"),
    ],
)
def test_the_level_is_ours_and_others_only_warn(level: str, ours: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", WRITE, level, "json"], capture_output=True, text=True, check=True
    )
    lines = [json.loads(written) for written in io.StringIO(done.stderr)]
    assert [line["message"] for line in lines if line["logger"] == "wixproxy.api"] == ours
    assert [line["message"] for line in lines if line["logger"] == "elsewhere"] == ["warning"]
    assert done.stdout == ""
