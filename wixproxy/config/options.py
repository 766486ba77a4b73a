"""Know every option by its dotted name, and what someone meant who mistyped one."""

from __future__ import annotations

import difflib
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic_core import PydanticUndefined

from ..sansio.redaction import Secret
from .model import Config
from .table import Table

Kind = Literal["text", "integer", "number", "boolean", "secret", "table"]

_KINDS: dict[object, Kind] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    Secret: "secret",
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}").fullmatch
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?").fullmatch
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its kind, or that of its entries where it is a list.

    `entry` is what the entries of a list of tables look like.
    """

    name: str
    kind: Kind
    is_list: bool
    default: object
    description: str
    entry: type[Table] | None = None

    def meant_key(self, key: str) -> str | None:
        """Return the key of an entry that someone who wrote `key` probably meant."""
        keys = list(self.entry.model_fields) if self.entry is not None else []
        return next(iter(difflib.get_close_matches(key, keys)), None)

    def from_text(self, text: str) -> object:
        """Read the value out of an environment variable: JSON, or plain text.

        A list is a JSON array or a comma-separated text, a list of tables JSON
        alone. What cannot be read stays text, and is refused with everything
        else of the wrong type. Raises `ValueError` for JSON that is none.
        """
        if self.kind == "table":
            return json.loads(text)
        if self.is_list:
            if text.lstrip().startswith("["):
                return json.loads(text)
            parts = [part.strip() for part in text.split(",")]
            return [self._entry(part) for part in parts if part]
        return self._entry(text)

    def _entry(self, text: str) -> object:
        text = text.strip()
        if self.kind == "secret":
            return json.loads(text) if text.startswith("{") else text
        if self.kind == "integer" and _INTEGER(text):
            return int(text)
        if self.kind == "number" and _NUMBER(text):
            return float(text)
        if self.kind == "boolean":
            return _BOOLEANS.get(text.lower(), text)
        return text


def meant(name: str) -> str | None:
    """Return the option or table that someone who wrote `name` probably meant.

    The right word in the wrong table counts before a similar word.
    """
    table, _, last = name.rpartition(".")
    same_word = [known for known in OPTIONS if known.rpartition(".")[2] == last]
    same_table = {
        known.rpartition(".")[2]: known for known in OPTIONS if known.rpartition(".")[0] == table
    }
    anywhere = {known.rpartition(".")[2]: known for known in OPTIONS}
    found = (
        same_word
        or [same_table[word] for word in difflib.get_close_matches(last, same_table)]
        or difflib.get_close_matches(name, [*OPTIONS, *TABLES], cutoff=0.75)
        or [anywhere[word] for word in difflib.get_close_matches(last, anywhere, cutoff=0.75)]
    )
    return found[0] if found else None


def nested(flat: Mapping[str, object]) -> dict[str, Any]:
    """Turn dotted names into tables within tables."""
    root: dict[str, Any] = {}
    for name, value in flat.items():
        *tables, last = name.split(".")
        table = root
        for part in tables:
            table = table.setdefault(part, {})
        table[last] = value
    return root


def value_of(config: Config, name: str) -> object:
    """Return the value of the option `name`."""
    value: object = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _options(table: type[Table], prefix: str = "") -> Iterator[Option]:
    for word, field in table.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, Table):
            yield from _options(annotation, f"{prefix}{word}.")
            continue
        base, is_list = _base(annotation)
        entry = base if isinstance(base, type) and issubclass(base, Table) else None
        kind: Kind = "table" if entry is not None else _KINDS.get(base, "text")
        default = None if field.default is PydanticUndefined else field.default
        yield Option(prefix + word, kind, is_list, default, field.description or "", entry)


def _base(annotation: Any) -> tuple[object, bool]:
    """Return the type that an annotation is about, and whether it is a list of that type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _base(arguments[0])
    if origin in (Union, types.UnionType):
        return _base(next(part for part in arguments if part is not type(None)))
    if origin is tuple:
        return _base(arguments[0])[0], True
    return annotation, False


OPTIONS = {option.name: option for option in _options(Config)}
TABLES = frozenset(
    ".".join(parts[:end])
    for parts in (name.split(".") for name in OPTIONS)
    for end in range(1, len(parts))
)
