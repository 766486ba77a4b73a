"""Say what is wrong with the configuration: one sentence for each problem.

A sentence says what was expected, what was found and what to do, behind the
dotted name of the option and the source of its value. What stands in a secret
option is never shown; only its kind is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from ..errors import quoted
from .options import Option

DEFAULT = "default"

_PLACE = re.compile(r"\[\d+\].*$", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}").fullmatch

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "tuple_type": "a list",
    "too_short": "at least one entry",
    "dict_type": "a table",
    "model_type": "a table",
    "finite_number": "a finite number",
    "is_instance_of": "a text, or a table with one of value, env or file",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the option `name`.

    `because_of` are other options that the sentence follows from: when one of
    them is wrong itself, this problem is only its echo. `source` is needed
    where the option is one that nobody knows.
    """

    name: str
    sentence: str
    because_of: tuple[str, ...] = ()
    source: str | None = None

    @property
    def option(self) -> str:
        """The name of the option, without the place in its list or in an entry of it."""
        return _PLACE.sub("", self.name)

    def line(self, sources: Mapping[str, str]) -> str:
        """Return the line that people read."""
        name = self.name if _PLAIN(self.name) else quoted(self.name)
        source = self.source or sources.get(self.option, DEFAULT)
        label = name if source.startswith(DEFAULT) else f"{name} (from {source})"
        return f"{label}: {self.sentence}{'' if self.sentence.endswith(('.', '?')) else '.'}"


def of_validation(error: ErrorDetails, found: object, option: Option) -> Problem:
    """Turn one finding of pydantic into a problem with `option`, in which `found` was found."""
    kind, context = error["type"], error.get("ctx", {})
    name = ""
    for part in error["loc"]:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    if kind == "value_error":
        return Problem(name, str(context["error"]))
    if kind == "missing":
        return Problem(name, "missing; no entry can do without it")
    if kind == "extra_forbidden":
        return Problem(name, unknown("option", option.meant_key(str(error["loc"][-1]))))
    expected = _expected(kind, context)
    if option.kind == "table" and name == option.name:
        expected = f"a list of tables, each below a line [[{name}]]"
    return Problem(name, f"expected {expected}, found {shown(found, option.kind == 'secret')}")


def unknown(kind: str, meant_name: str | None) -> str:
    """Say that nobody knows a name, and which one was probably meant."""
    hint = f'; did you mean "{meant_name}"?' if meant_name else ""
    return f"unknown {kind}{hint}"


def shown(value: object, is_secret: bool = False) -> str:
    """Return a value as it may stand in a message; a secret is named by its kind alone."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if is_secret:
        return "a text" if isinstance(value, str) else "a value that is no text"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value) if value else "an empty text"
    return quoted(str(value)).strip("'")


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "literal_error":
        return str(context["expected"]).replace("'", '"')
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{words} {context[bound]:.15g}"
    return _EXPECTED.get(kind, "another kind of value")
