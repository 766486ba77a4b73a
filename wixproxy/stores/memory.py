"""Keep sessions in this process; the browser holds nothing but the id.

Ending one ends it at once. A restart ends them all, and several processes
cannot share them: that is what `redis` is for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import islice

from ..errors import SessionEnded
from ..sansio.session import Identity, Limits, Session
from .locks import Locks

MAX_SESSIONS = 100_000
MAX_ENDED = 10_000
SWEPT_AT_ONCE = 2


class MemoryStore:
    """Sessions by id; the one unused for longest gives way when there are too many."""

    carries_tokens = False

    def __init__(
        self, limits: Limits, clock: Callable[[], float], max_sessions: int = MAX_SESSIONS
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._max_sessions = max_sessions
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._ended: OrderedDict[str, Identity] = OrderedDict()
        self._locks = Locks()

    async def load(self, cookie: str) -> Session | None:
        """Return the session of this id; see `SessionStore.load`."""
        if cookie in self._ended:
            raise SessionEnded(
                "This session was ended; its cookie is no longer valid.",
                session_id=cookie,
                identity=self._ended[cookie],
            )
        session = self._sessions.get(cookie)
        if session is None:
            return None
        if not session.is_alive(self._clock(), self._limits):
            del self._sessions[cookie]
            return None
        self._sessions.move_to_end(cookie)
        return session

    async def save(self, session: Session) -> str:
        """Keep the session, unless it ended or a later version is known; the text is its id."""
        known = self._sessions.get(session.id)
        if session.id not in self._ended and (known is None or session.version > known.version):
            self._sessions[session.id] = session
            self._make_room()
        return session.id

    async def delete(self, session: Session) -> None:
        """Forget the session at once."""
        self._sessions.pop(session.id, None)
        self._ended[session.id] = session.identity
        if len(self._ended) > MAX_ENDED:
            self._ended.popitem(last=False)

    @asynccontextmanager
    async def exclusive(self, session: Session) -> AsyncIterator[Session | None]:
        """Hold the session alone."""
        async with self._locks.hold(session.id):
            yield None if session.id in self._ended else self.newest(session)

    def newest(self, session: Session) -> Session:
        """Return the version that is kept."""
        return self._sessions.get(session.id, session)

    def _make_room(self) -> None:
        """Look at two of the longest unused for each one that arrives."""
        now = self._clock()
        for session_id, oldest in list(islice(self._sessions.items(), SWEPT_AT_ONCE)):
            if len(self._sessions) > self._max_sessions or not oldest.is_alive(now, self._limits):
                del self._sessions[session_id]

    def __len__(self) -> int:
        return len(self._sessions)
