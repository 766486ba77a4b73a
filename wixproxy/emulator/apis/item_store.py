"""Hold the items of Wix Data's collections, and who may do what to them.

The items of the data are copied when a collection is first touched; from then
on calls change the copy, until a reset. The app may do everything; a
collection's permissions speak of everyone else.

Wix: `_owner` is the member or visitor who made the item; `_id`, `_owner` and
`_createdDate` never change after that.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..callers import Caller
from ..changes import ITEM_CREATED, ITEM_DELETED, ITEM_UPDATED, Change
from ..data import Audience, Collection
from ..errors import ApplicationError, invalid, not_found, permission_denied
from ..state import State
from .calls import timestamp
from .filters import a_text, an_object

LASTING = ("_id", "_owner", "_createdDate")
FIELD_ACTIONS = (
    "SET_FIELD",
    "REMOVE_FIELD",
    "INCREMENT_FIELD",
    "APPEND_TO_ARRAY",
    "REMOVE_FROM_ARRAY",
)


@dataclass(frozen=True)
class Items:
    """The items of one collection, as one caller may use them."""

    collection: Collection
    stored: dict[str, dict[str, Any]]
    now: Callable[[], float]
    draw_id: Callable[[], str]
    report: Callable[[Change], None]
    caller: Caller | None = None

    @classmethod
    def of(cls, state: State, collection_id: str) -> Items:
        """Return a collection by its id; raise ApplicationError 404."""
        for collection in state.data.collections:
            if collection.id == collection_id:
                break
        else:
            raise not_found(f"WDE0025: there is no collection {collection_id[:80]!r}", "WDE0025")
        stored = state.area(f"items of {collection_id}", lambda: _seeded(collection, state))
        draw_id = partial(state.randomness.guid, "data item")
        return cls(collection, stored, state.clock.now, draw_id, state.report)

    def for_caller(self, caller: Caller, action: str) -> Items:
        """Return these items for one caller; raise ApplicationError 403."""
        items = replace(self, caller=caller)
        items.require(action)
        return items

    def require(self, action: str) -> None:
        """Raise ApplicationError 403 unless the caller may do `action`."""
        allowed: Audience = getattr(self.collection.permissions, action)
        caller = self.caller
        if caller is None or caller.is_elevated or allowed == "anyone":
            return
        if allowed == "member" and caller.kind == "member":
            return
        text = f"WDE0027: this identity may not {action} items of {self.collection.id}"
        raise permission_denied(text, "WDE0027")

    def envelope(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return an item as the API wraps it."""
        data = copy.deepcopy(dict(item))
        return {"id": item["_id"], "dataCollectionId": self.collection.id, "data": data}

    def all(self) -> list[dict[str, Any]]:
        """Return every item, oldest first."""
        return list(self.stored.values())

    def get(self, item_id: str) -> dict[str, Any]:
        """Return one item; raise ApplicationError 404."""
        if item_id not in self.stored:
            text = f"WDE0073: {self.collection.id} has no item {item_id[:80]!r}"
            raise not_found(text, "WDE0073")
        return self.stored[item_id]

    def insert(self, item: dict[str, Any]) -> dict[str, Any]:
        """Add an item; raise ApplicationError 409 if its id is taken."""
        item_id = item.get("_id") or self.draw_id()
        if item_id in self.stored:
            text = f"WDE0074: {self.collection.id} has an item {item_id[:80]!r} already"
            raise ApplicationError(409, "WDE0074", text)
        owner = self.caller.subject_id if self.caller else ""
        stamped = _stamped(item, item_id, owner, self.now())
        self.stored[item_id] = stamped
        self._told(ITEM_CREATED, stamped)
        return stamped

    def update(self, item: dict[str, Any]) -> dict[str, Any]:
        """Put an item in the place of another; raise ApplicationError 404."""
        present = self.get(a_text(item.get("_id"), "dataItem.id"))
        return self._replace(present, copy.deepcopy(item))

    def save(self, item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Add or replace, whichever fits, and say which; raise ApplicationError 403."""
        if item.get("_id") in self.stored:
            self.require("update")
            return "UPDATE", self.update(item)
        self.require("insert")
        return "INSERT", self.insert(item)

    def patch(self, item_id: str, changes: list[Any]) -> dict[str, Any]:
        """Change fields of an item, all or none; raise WixError."""
        present = self.get(item_id)
        item = copy.deepcopy(present)
        for number, change in enumerate(changes):
            _modify(item, an_object(change, f"fieldModifications[{number}]"))
        return self._replace(present, item)

    def remove(self, item_id: str) -> dict[str, Any]:
        """Remove an item and return it; raise ApplicationError 404."""
        gone = self.stored.pop(self.get(item_id)["_id"])
        self._told(ITEM_DELETED, gone)
        return gone

    def _replace(self, present: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
        lasting = {name: present[name] for name in LASTING}
        changed = {**item, **lasting, "_updatedDate": _date(self.now())}
        self.stored[present["_id"]] = changed
        self._told(ITEM_UPDATED, changed)
        return changed

    def _told(self, event_type: str, item: Mapping[str, Any]) -> None:
        if self.caller is not None:
            who = self.caller
            entity = self.envelope(item)
            self.report(Change(event_type, item["_id"], entity, who.kind, who.subject_id))


def _seeded(collection: Collection, state: State) -> dict[str, dict[str, Any]]:
    now, owner = state.clock.now(), state.project.account_id
    return {item["_id"]: _stamped(item, item["_id"], owner, now) for item in collection.items}


def _stamped(item: Mapping[str, Any], item_id: str, owner: str, now: float) -> dict[str, Any]:
    dates = {"_createdDate": _date(now), "_updatedDate": _date(now)}
    return {**copy.deepcopy(dict(item)), "_id": item_id, "_owner": owner, **dates}


def _date(seconds: float) -> dict[str, str]:
    return {"$date": timestamp(seconds)}


def _modify(item: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Apply one field modification; raise ValidationError."""
    action = change.get("action")
    if action not in FIELD_ACTIONS:
        raise invalid("fieldModifications.action", "is not known", "ENUM", allowed=FIELD_ACTIONS)
    path = a_text(change.get("fieldPath"), "fieldModifications.fieldPath").split(".")
    if path[0].startswith("_"):
        raise invalid("fieldModifications.fieldPath", "names a field of the system", "READ_ONLY")
    holder = item
    for name in path[:-1]:
        holder = holder.setdefault(name, {})
        if not isinstance(holder, dict):
            raise invalid("fieldModifications.fieldPath", "leads through no object", "TYPE")
    name = path[-1]
    head, *tail = action.lower().split("_")
    options = an_object(change.get(head + "".join(map(str.title, tail)) + "Options"), "options")
    value = copy.deepcopy(options.get("value"))
    present = holder.get(name)
    match action:
        case "SET_FIELD":
            holder[name] = value
        case "REMOVE_FIELD":
            holder.pop(name, None)
        case "INCREMENT_FIELD":
            holder[name] = _number(present or 0, name) + _number(value, name)
        case "APPEND_TO_ARRAY":
            holder[name] = [*_array(present, name), value]
        case "REMOVE_FROM_ARRAY":
            holder[name] = [each for each in _array(present, name) if each != value]


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(name, "must be a number", "TYPE")
    return value


def _array(value: object, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(name, "must be a list", "TYPE")
    return value
