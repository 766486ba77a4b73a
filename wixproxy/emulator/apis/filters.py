"""Decide whether an entity matches a filter of Wix's query language.

A filter is compiled before it runs, so an operator that Wix does not know is
refused whatever the data holds; nothing is ignored in silence.

Wix: filters are MongoDB-like, a bare value means `$eq`, a list matches when
one of its elements does; dates of Wix Data travel as `{"$date": "<ISO 8601>"}`;
money is a string and is ordered as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from ..errors import invalid

# Deeper than any builder nests, shallower than Python's own recursion limit.
MAX_DEPTH = 32

# The last name of a path that leads to money: `price.amount`, `convertedAmount`.
MONEY = ("amount", "Amount")

Entity: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Entity], bool]


def an_object(value: object, name: str) -> dict[str, Any]:
    """Return a JSON object, `{}` for none; raise ValidationError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name, "must be an object", "TYPE")
    return value


def a_list(value: object, name: str) -> list[Any]:
    """Return a JSON list, `[]` for none; raise ValidationError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(name, "must be a list", "TYPE")
    return value


def a_text(value: object, name: str) -> str:
    """Return a JSON string; raise ValidationError."""
    if not isinstance(value, str):
        raise invalid(name, "must be a text", "TYPE")
    return value


def compile_filter(raw: object, name: str = "query.filter", depth: int = 0) -> Test:
    """Return a function that tells whether an entity matches; raise ValidationError."""
    if depth > MAX_DEPTH:
        raise invalid(name, f"is nested more than {MAX_DEPTH} deep", "MAX_DEPTH")
    tests = [_clause(key, value, name, depth) for key, value in an_object(raw, name).items()]
    return lambda entity: all(test(entity) for test in tests)


def _clause(key: str, value: object, name: str, depth: int) -> Test:
    where = f"{name}.{key}"
    if key == "$not":
        # Wix Data's builder writes a list of one here, the other APIs an object.
        parts = value if isinstance(value, list) else [value]
        tests = [compile_filter(part, where, depth + 1) for part in parts]
        return lambda entity: not all(test(entity) for test in tests)
    if key in {"$and", "$or"}:
        tests = [compile_filter(part, where, depth + 1) for part in a_list(value, where)]
        joined = all if key == "$and" else any
        return lambda entity: joined(test(entity) for test in tests)
    if key.startswith("$"):
        raise invalid(where, "is not an operator", "UNKNOWN_OPERATOR", operator=key)
    comparisons = list(_comparisons(value, where))
    return lambda entity: all(
        test(list(values_at(entity, key.split("."))), operand) for test, operand in comparisons
    )


def _comparisons(value: object, where: str) -> Iterator[tuple[Callable[..., bool], Any]]:
    if not (isinstance(value, dict) and any(key.startswith("$") for key in value)):
        yield _equal, value
        return
    if "$date" in value:
        yield _equal, _instant(value, where)
        return
    for operator, operand in value.items():
        if operator not in OPERATORS:
            rule = "UNKNOWN_OPERATOR"
            raise invalid(f"{where}.{operator}", "is not an operator", rule, operator=operator)
        test, read = OPERATORS[operator]
        wanted = read(operand, f"{where}.{operator}")
        money = where.endswith(MONEY) and operator in ORDERED
        yield test, _money(wanted) if money else wanted


def _equal(values: list[Any], operand: Any) -> bool:
    if operand is None:
        return all(value is None for value in values)
    return any(_same(value, operand) for value in _spread(values))


def _among(values: list[Any], operands: list[Any]) -> bool:
    return any(_equal(values, operand) for operand in operands)


def _ordered(decide: Callable[[Any, Any], bool]) -> Callable[[list[Any], Any], bool]:
    def test(values: list[Any], operand: Any) -> bool:
        for value in _spread(values):
            left = _money(value) if isinstance(operand, Decimal) else _instant(value, "")
            if _kind(left) == _kind(operand) and decide(left, operand):
                return True
        return False

    return test


def _textual(decide: Callable[[str, str], bool]) -> Callable[[list[Any], str], bool]:
    # Wix Data compares text without regard to case in these operators.
    return lambda values, operand: any(
        isinstance(value, str) and decide(value.casefold(), operand.casefold())
        for value in _spread(values)
    )


def _empty(values: list[Any], operand: bool) -> bool:
    return all(value in (None, "", []) for value in values) is operand


def _any(value: object, name: str) -> Any:
    return _instant(value, name)


def _list(value: object, name: str) -> list[Any]:
    return [_instant(entry, name) for entry in a_list(value, name)]


def _comparable(value: object, name: str) -> Any:
    value = _instant(value, name)
    if _kind(value) == "other":
        raise invalid(name, "must be a number, a text or a date", "TYPE")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise invalid(name, "must be true or false", "TYPE")
    return value


ORDERED = frozenset({"$gt", "$gte", "$lt", "$lte"})

OPERATORS: dict[str, tuple[Callable[..., bool], Callable[[object, str], Any]]] = {
    "$eq": (_equal, _any),
    "$ne": (lambda values, operand: not _equal(values, operand), _any),
    "$gt": (_ordered(lambda a, b: bool(a > b)), _comparable),
    "$gte": (_ordered(lambda a, b: bool(a >= b)), _comparable),
    "$lt": (_ordered(lambda a, b: bool(a < b)), _comparable),
    "$lte": (_ordered(lambda a, b: bool(a <= b)), _comparable),
    "$in": (_among, _list),
    "$nin": (lambda values, operands: not _among(values, operands), _list),
    "$hasSome": (_among, _list),
    "$hasAll": (lambda values, operands: all(_equal(values, each) for each in operands), _list),
    "$contains": (_textual(lambda value, part: part in value), a_text),
    "$startsWith": (_textual(str.startswith), a_text),
    "$endsWith": (_textual(str.endswith), a_text),
    "$exists": (lambda values, want: any(value is not None for value in values) is want, _flag),
    "$isEmpty": (_empty, _flag),
}


def values_at(entity: object, path: Sequence[str]) -> Iterator[Any]:
    """Yield what stands at a dotted path, through lists on the way; None where nothing does."""
    if not path:
        yield entity
    elif isinstance(entity, Mapping):
        yield from values_at(entity.get(path[0]), path[1:])
    elif isinstance(entity, list) and entity:
        for part in entity:
            yield from values_at(part, path)
    else:
        yield None


def _spread(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield _instant(value, "")
        if isinstance(value, list):
            yield from (_instant(part, "") for part in value)


def _same(left: Any, right: Any) -> bool:
    # Python holds True == 1; JSON does not.
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "other"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, datetime) else "other"


def _instant(value: Any, name: str) -> Any:
    """Return the moment that `{"$date": ...}` names, anything else as it is."""
    if not (isinstance(value, dict) and value.keys() == {"$date"}):
        return value
    try:
        moment = datetime.fromisoformat(str(value["$date"]))
    except ValueError as error:
        if not name:
            return value
        raise invalid(name, "must be an ISO 8601 date", "FORMAT") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _money(value: Any) -> Any:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return value
    return amount if amount.is_finite() else value


def rank(path: str, entity: Entity) -> tuple[int, Any]:
    """Return a key that orders entities by the value at `path`, whatever its type."""
    value = _instant(next(values_at(entity, path.split("."))), "")
    if path.endswith(MONEY):
        value = _money(value)
    kind = _kind(value)
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, value)
    order = {"number": 2, "date": 3, "text": 4}
    return (order[kind], value) if kind in order else (5, 0)
