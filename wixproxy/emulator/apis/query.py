"""Read a query of Wix's and return the page it asks for.

A key that is not part of a query is refused, never ignored. A query that
carries a cursor takes its filter, order and fields from the cursor alone.

Wix: a complex GET carries its request as `.r`, unpadded base64url of JSON;
paging is by offset and limit, or by cursor, never by both.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import invalid
from .filters import Entity, a_list, a_text, an_object, compile_filter, rank

DEFAULT_LIMIT = 50
# Wix Data's own ceiling; the other APIs stop at 100, which no client tests.
MAX_LIMIT = 1000

QUERY_KEYS = frozenset({"filter", "sort", "paging", "cursorPaging", "fields", "fieldsets"})


@dataclass(frozen=True)
class Query:
    """A query that has been understood; `fields` empty means every field."""

    filter: Mapping[str, Any] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = ()
    offset: int = 0
    limit: int = DEFAULT_LIMIT
    fields: tuple[str, ...] = ()

    @property
    def cursor(self) -> str:
        """Everything a later page needs, as an opaque text."""
        state = {"f": self.filter, "s": self.sort, "o": self.offset, "p": self.fields}
        return encode(state)


@dataclass(frozen=True)
class Page:
    """One page of entities, and where it lies among all that matched."""

    entities: list[dict[str, Any]]
    offset: int
    total: int
    next: str | None
    previous: str | None

    @property
    def offsets(self) -> dict[str, Any]:
        """The paging metadata of a method that counts."""
        return {"count": len(self.entities), "offset": self.offset, "total": self.total}

    @property
    def cursors(self) -> dict[str, Any]:
        """The paging metadata of a method that uses cursors."""
        cursors = {"next": self.next, "prev": self.previous}
        return {
            "count": len(self.entities),
            "cursors": {name: text for name, text in cursors.items() if text},
            "hasNext": self.next is not None,
        }


def encode(message: object) -> str:
    """Return `message` as Wix's clients write it into `.r`."""
    text = json.dumps(message, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(text: str, name: str = ".r") -> Any:
    """Read what `encode` wrote; raise ValidationError for anything else."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, json.JSONDecodeError, RecursionError) as error:
        raise invalid(name, "must be unpadded base64url of JSON", "FORMAT") from error


def parse(raw: object, *, default_limit: int = DEFAULT_LIMIT) -> Query:
    """Read the `query` object of a request; raise ValidationError."""
    query = an_object(raw, "query")
    for key in query:
        if key not in QUERY_KEYS:
            raise invalid(f"query.{key}", "is not part of a query", "UNKNOWN_FIELD")
    paging = an_object(query.get("paging"), "query.paging")
    cursor_paging = an_object(query.get("cursorPaging"), "query.cursorPaging")
    if paging and cursor_paging:
        raise invalid("query", "has both paging and cursorPaging", "ONEOF")
    limit = (cursor_paging or paging).get("limit")
    limit = default_limit if limit is None else _count(limit, "limit", MAX_LIMIT)
    cursor = cursor_paging.get("cursor") or paging.get("cursor")
    if cursor:
        return _continued(cursor, limit)
    understood = Query(
        filter=an_object(query.get("filter"), "query.filter"),
        sort=tuple(_sorting(entry) for entry in a_list(query.get("sort"), "query.sort")),
        offset=_count(paging.get("offset") or 0, "offset"),
        limit=limit,
        fields=tuple(
            a_text(name, "query.fields") for name in a_list(query.get("fields"), "fields")
        ),
    )
    compile_filter(understood.filter)
    return understood


def run(query: Query, entities: Iterable[Entity], *, keep: Sequence[str] = ("id",)) -> Page:
    """Return the page that `query` asks for; `keep` names fields no projection drops."""
    test = compile_filter(query.filter)
    found = [entity for entity in entities if test(entity)]
    # Sorting by the last name first keeps earlier names decisive: the sort is stable.
    for path, descending in reversed(query.sort):
        found.sort(key=lambda entity: rank(path, entity), reverse=descending)
    end = query.offset + query.limit
    page = found[query.offset : end]
    return Page(
        entities=[project(entity, query.fields, keep) for entity in page],
        offset=query.offset,
        total=len(found),
        next=_at(query, end) if page and end < len(found) else None,
        previous=_at(query, max(0, query.offset - query.limit)) if query.offset else None,
    )


def project(entity: Entity, fields: Sequence[str], keep: Sequence[str]) -> dict[str, Any]:
    """Return the named fields of an entity, all of them when none is named."""
    if not fields:
        return dict(entity)
    wanted: dict[str, Any] = {}
    for path in (*keep, *fields):
        _graft(wanted, entity, path.split("."))
    return wanted


def _at(query: Query, offset: int) -> str:
    return Query(query.filter, query.sort, offset, query.limit, query.fields).cursor


def _continued(cursor: object, limit: int) -> Query:
    state = decode(a_text(cursor, "cursor"), "cursor")
    if not isinstance(state, dict) or state.keys() != {"f", "s", "o", "p"}:
        raise invalid("query.cursorPaging.cursor", "was not given out here", "FORMAT")
    query = Query(
        filter=an_object(state["f"], "cursor"),
        sort=tuple(_pair(entry) for entry in a_list(state["s"], "cursor")),
        offset=_count(state["o"], "cursor"),
        limit=limit,
        fields=tuple(a_text(name, "cursor") for name in a_list(state["p"], "cursor")),
    )
    compile_filter(query.filter)
    return query


def _pair(entry: object) -> tuple[str, bool]:
    match entry:
        case [str(path), bool(descending)]:
            return path, descending
    raise invalid("query.cursorPaging.cursor", "was not given out here", "FORMAT")


def _sorting(entry: object) -> tuple[str, bool]:
    sorting = an_object(entry, "query.sort")
    order = sorting.get("order", "ASC")
    if order not in ("ASC", "DESC"):
        raise invalid("query.sort.order", "must be ASC or DESC", "ENUM", value=order)
    return a_text(sorting.get("fieldName"), "query.sort.fieldName"), order == "DESC"


def _count(value: object, name: str, most: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise invalid(f"query.paging.{name}", "must be a whole number from 0 up", "TYPE")
    if most is not None and value > most:
        raise invalid(f"query.paging.{name}", f"must be at most {most}", "LTE", threshold=most)
    return value


def _graft(target: dict[str, Any], source: Entity, path: Sequence[str]) -> None:
    head, *rest = path
    if head not in source:
        return
    value = source[head]
    if not rest or not isinstance(value, Mapping):
        target[head] = value
        return
    branch = target.setdefault(head, {})
    if isinstance(branch, dict):
        _graft(branch, value, rest)
