"""Decide which sessions are remembered when there are too many: those without tokens give way.

Whoever opens pages makes sessions, as many as they like, and each is worth
nothing until it has tokens, whose making is limited. So a flood of them
pushes out its own, and nobody's login.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import Generic, TypeVar

from .session import Session

T = TypeVar("T")


class LimitedMemory(Generic[T]):
    """At most `limit` values by session id; among equals the one longest unseen gives way."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._with_tokens: OrderedDict[str, T] = OrderedDict()
        self._without: OrderedDict[str, T] = OrderedDict()

    def keep(self, session: Session, value: T) -> None:
        """Remember `value` for the session, in place of another one."""
        self.drop(session.id)
        kept = self._without if session.tokens is None else self._with_tokens
        kept[session.id] = value
        self._make_room()

    def resize(self, limit: int) -> None:
        """Go on with another limit."""
        self._limit = limit
        self._make_room()

    def get(self, session_id: str) -> T | None:
        """Return what is remembered for this id."""
        value = self._with_tokens.get(session_id)
        return value if value is not None else self._without.get(session_id)

    def touch(self, session_id: str) -> None:
        """Note that the session was seen."""
        for kept in (self._with_tokens, self._without):
            if session_id in kept:
                kept.move_to_end(session_id)

    def drop(self, session_id: str) -> None:
        """Forget the session."""
        self._with_tokens.pop(session_id, None)
        self._without.pop(session_id, None)

    def longest_unseen(self, count: int) -> list[tuple[str, T]]:
        """Return the `count` longest unseen with tokens, and as many without."""
        return [
            *islice(self._without.items(), count),
            *islice(self._with_tokens.items(), count),
        ]

    def _make_room(self) -> None:
        while len(self) > self._limit:
            (self._without or self._with_tokens).popitem(last=False)

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._with_tokens or session_id in self._without

    def __len__(self) -> int:
        return len(self._with_tokens) + len(self._without)
