"""Read what an event or a plugin request is to be about: a file, JSON, or standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ...errors import quoted

# Far deeper than any event of Wix.
MAX_DEPTH = 100


class Unusable(Exception):
    """What was asked for cannot be sent; the text says what was expected and what was found."""


def json_object(given: str) -> dict[str, Any]:
    """Return the object that `given` is, or that the file of this name holds.

    "-" reads standard input. Raises `Unusable`.
    """
    where, text = _text(given)
    too_deep = f"--data: the JSON in {where} is nested too deeply."
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unusable(
            f"--data: expected JSON in {where}, found a fault in line {error.lineno}, column "
            f"{error.colno}: {error.msg}."
        ) from None
    except RecursionError:
        raise Unusable(too_deep) from None
    # Some versions of Python read deeper than they write.
    if _is_deeper_than(value, MAX_DEPTH):
        raise Unusable(too_deep)
    if not isinstance(value, dict):
        raise Unusable(
            f'--data: expected a JSON object in {where}, such as {{"id": "1"}}, found '
            f"{_kind(value)}."
        )
    return value


def _is_deeper_than(value: object, levels: int) -> bool:
    """Tell whether more lists and objects than that stand in each other."""
    level = [value]
    for _ in range(levels):
        containers = [each for each in level if isinstance(each, (dict, list))]
        level = [
            inner
            for each in containers
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _text(given: str) -> tuple[str, str]:
    """Return where the text was found, and the text."""
    if given.lstrip()[:1] in ("{", "["):
        return "the argument", given
    where = "standard input" if given == "-" else quoted(given)
    try:
        octets = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
        return where, octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Unusable(f"--data: expected text in UTF-8 in {where}, found other bytes.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unusable(
            f"--data: expected a file or a JSON object, found {where}: {reason}."
        ) from None


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value), "a number")
