"""Keep sessions in this process; the browser holds nothing but the id.

Ending one ends it at once. A restart ends them all, and several processes
cannot share them: that is what `redis` is for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ..errors import SessionEnded
from ..sansio.ends import End
from ..sansio.limited_memory import LimitedMemory
from ..sansio.session import Limits, Session
from .locks import Locks

MAX_SESSIONS = 100_000
MAX_ENDS = 10_000
SWEPT_AT_ONCE = 2


class MemoryStore:
    """Sessions by id; when there are too many, the one unused for longest gives way.

    Before all others it is one without tokens, which has nothing to lose.
    """

    carries_tokens = False

    def __init__(
        self, limits: Limits, clock: Callable[[], float], max_sessions: int = MAX_SESSIONS
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._sessions: LimitedMemory[Session] = LimitedMemory(max_sessions)
        self._ends: LimitedMemory[End] = LimitedMemory(MAX_ENDS)
        self._locks = Locks()

    def renew(self, limits: Limits, max_sessions: int) -> None:
        """Go on with other limits."""
        self._limits = limits
        self._sessions.resize(max_sessions)

    async def load(self, cookie: str) -> Session | None:
        """Return the session of this id; see `SessionStore.load`."""
        end = self._ends.get(cookie)
        if end is not None:
            raise SessionEnded(
                "This session was ended; its cookie is no longer valid.",
                session_id=cookie,
                identity=end.identity,
            )
        session = self._sessions.get(cookie)
        if session is None:
            return None
        if not session.is_alive(self._clock(), self._limits):
            self._sessions.drop(cookie)
            return None
        self._sessions.touch(cookie)
        return session

    async def save(self, session: Session) -> str:
        """Keep the session, unless it ended or a later version is known; the text is its id."""
        known = self._sessions.get(session.id)
        if session.id not in self._ends and (known is None or session.version > known.version):
            self._sessions.keep(session, session)
            self._forget_old()
        return session.id

    async def end(self, session: Session, successor: Session | None = None) -> None:
        """Forget the session at once."""
        self._sessions.drop(session.id)
        self._ends.keep(session, End(session.identity, successor))

    def successor(self, session_id: str) -> Session | None:
        """Return what took the ended session's place."""
        end = self._ends.get(session_id)
        return None if end is None else end.successor_at(self._clock())

    @asynccontextmanager
    async def exclusive(self, session: Session) -> AsyncIterator[Session | None]:
        """Hold the session alone."""
        async with self._locks.hold(session.id):
            yield None if session.id in self._ends else self.newest(session)

    async def close(self) -> None:
        """Do nothing: nothing is open."""

    def newest(self, session: Session) -> Session:
        """Return the version that is kept."""
        return self._sessions.get(session.id) or session

    def _forget_old(self) -> None:
        """Look at two of the longest unused for each one that arrives."""
        now = self._clock()
        for session_id, oldest in self._sessions.longest_unseen(SWEPT_AT_ONCE):
            if not oldest.is_alive(now, self._limits):
                self._sessions.drop(session_id)

    def __len__(self) -> int:
        return len(self._sessions)
