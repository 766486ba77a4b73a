"""Remember what became of sessions whose browsers hold an older version.

A rotated refresh token lives only in a `Set-Cookie`. Until the browser has
presented it, any answer to that browser may be the one that delivers it, and
any request may still come with the old one.

1. A successor is remembered until a request presented it and a minute has
   passed (older requests may still be under way), at most for the idle limit.
2. At most 10,000 are remembered; the oldest gives way, and before all others
   one without tokens.
3. An end is remembered, too, so that a late request does not bring the
   session back: the latest 10,000, however long ago, by the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from .ends import End
from .limited_memory import LimitedMemory
from .session import Session

KEPT_AFTER_PRESENTED_SECONDS = 60
MAX_REMEMBERED = 10_000
LOOKED_AT_ONCE = 2


@dataclass(slots=True)
class _Successor:
    session: Session
    text: str
    known_at: float
    presented_at: float | None = None


class Successors:
    """The latest version of each session that changed here, and the ends of others."""

    def __init__(self, idle_seconds: float, limit: int = MAX_REMEMBERED) -> None:
        self._idle_seconds = idle_seconds
        self._successors: LimitedMemory[_Successor] = LimitedMemory(limit)
        self._ends: LimitedMemory[End] = LimitedMemory(limit)

    def remember(self, session: Session, text: str, now: float) -> None:
        """Keep a version and its sealed text, unless a later one is known."""
        known = self._successors.get(session.id)
        if known is not None and known.session.version > session.version:
            return
        self._successors.keep(session, _Successor(session, text, now))
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
        """Return the latest version known, which is the one given where nothing is."""
        known = self._successors.get(session.id)
        if known is None or known.session is session or session.is_newer_than(known.session):
            return session
        return known.session

    def text(self, session: Session) -> str | None:
        """Return the sealed text of exactly this version, if it is remembered."""
        known = self._successors.get(session.id)
        if known is not None and known.session.version == session.version:
            return known.text
        return None

    def end(self, session: Session, end: End) -> None:
        """Forget the session and remember its end."""
        self._successors.drop(session.id)
        self._ends.keep(session, end)

    def end_of(self, session_id: str) -> End | None:
        """Return the session's end, if it was ended here."""
        return self._ends.get(session_id)

    def _forget_old(self, now: float) -> None:
        # Two of the longest unseen are looked at for each one that arrives, so
        # the old are forgotten faster than new ones come, without a sweep.
        for session_id, successor in self._successors.longest_unseen(LOOKED_AT_ONCE):
            if self._is_over(successor, now):
                self._successors.drop(session_id)
            else:
                self._successors.touch(session_id)

    def _is_over(self, successor: _Successor, now: float) -> bool:
        if successor.presented_at is not None:
            return now - successor.presented_at >= KEPT_AFTER_PRESENTED_SECONDS
        return now - successor.known_at >= self._idle_seconds

    def __len__(self) -> int:
        return len(self._successors)
