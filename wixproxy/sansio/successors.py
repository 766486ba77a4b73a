"""Remember what became of sessions whose browsers hold an older version.

A rotated refresh token lives only in a `Set-Cookie`. Until the browser has
presented it, any answer to that browser may be the one that delivers it, and
any request may still come with the old one.

1. A successor is remembered until a request presented it and a minute has
   passed (older requests may still be under way), at most for the idle limit.
2. At most 10,000 are remembered; the oldest gives way.
3. An id that ended is remembered, too, so that a late request does not bring
   it back: the latest 10,000, however long ago.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice

from .session import Session

KEPT_AFTER_PRESENTED_SECONDS = 60
MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class _Successor:
    session: Session
    text: str
    known_at: float
    presented_at: float | None = None


class Successors:
    """The latest version of each session that changed here, and the ids that ended."""

    def __init__(self, idle_seconds: float, limit: int = MAX_REMEMBERED) -> None:
        self._idle_seconds = idle_seconds
        self._limit = limit
        self._successors: OrderedDict[str, _Successor] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def remember(self, session: Session, text: str, now: float) -> None:
        """Keep a version and its sealed text, unless a later one is known."""
        known = self._successors.get(session.id)
        if known is not None and known.session.version > session.version:
            return
        self._successors[session.id] = _Successor(session, text, now)
        self._successors.move_to_end(session.id)
        self._forget_old(now)

    def present(self, session: Session, now: float) -> None:
        """Note that the browser itself has shown this version."""
        known = self._successors.get(session.id)
        if (
            known is not None
            and known.presented_at is None
            and session.version >= known.session.version
        ):
            known.presented_at = now

    def newest(self, session: Session) -> Session:
        """Return the latest version known, or the one given."""
        known = self._successors.get(session.id)
        if known is not None and known.session.is_newer_than(session):
            return known.session
        return session

    def text(self, session: Session) -> str | None:
        """Return the sealed text of exactly this version, if it is remembered."""
        known = self._successors.get(session.id)
        if known is not None and known.session.version == session.version:
            return known.text
        return None

    def end(self, session: Session) -> None:
        """Forget the session and remember that it ended."""
        self._successors.pop(session.id, None)
        self._ended[session.id] = None
        while len(self._ended) > self._limit:
            self._ended.popitem(last=False)

    def is_ended(self, session: Session) -> bool:
        """Tell whether the session was ended here."""
        return session.id in self._ended

    def _forget_old(self, now: float) -> None:
        while len(self._successors) > self._limit:
            self._successors.popitem(last=False)
        # Two of the longest unseen are looked at for each one that arrives, so
        # the old are forgotten faster than new ones come, without a sweep.
        for session_id in list(islice(self._successors, 2)):
            if self._is_over(self._successors[session_id], now):
                del self._successors[session_id]
            else:
                self._successors.move_to_end(session_id)

    def _is_over(self, successor: _Successor, now: float) -> bool:
        if successor.presented_at is not None:
            return now - successor.presented_at >= KEPT_AFTER_PRESENTED_SECONDS
        return now - successor.known_at >= self._idle_seconds

    def __len__(self) -> int:
        return len(self._successors)
