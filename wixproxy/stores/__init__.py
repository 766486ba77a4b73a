"""Keep sessions: one protocol, one contract suite, a module per store.

The law every store obeys:

1. What a browser presents is text; what comes out is a session or nothing.
   Nothing means forged, expired, foreign or unknown, and never an error.
2. `exclusive` is a lock and a fresh read in one, so that whoever refreshes
   starts from the latest tokens and not from those in the browser's hand.
3. `newest` costs no I/O, because it is asked whenever a head is written.
4. An ended session is remembered as ended: its cookie is refused instead of
   being mistaken for a new browser. What took its place is the same for all
   who share the store.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ..sansio.session import Session


class SessionStore(Protocol):
    """Where sessions live.

    `carries_tokens` tells whether the tokens travel in the cookie, so that
    every renewal must reach the browser in an answer's head.
    """

    carries_tokens: bool

    async def load(self, cookie: str) -> Session | None:
        """Return the session that a browser presents, or None.

        Raises `SessionEnded` for one that was ended here, `SessionUnreadable`
        for one that a key or format not known yet has sealed, and
        `StoreUnavailable`.
        """
        ...

    async def save(self, session: Session) -> str:
        """Keep the session and return the text that the browser shall present."""
        ...

    async def end(self, session: Session, successor: Session | None = None) -> None:
        """End the session: from now on its cookie is refused, and `successor` is in its place.

        Save the successor first: whoever finds the end looks for it at once.
        """
        ...

    def successor(self, session_id: str) -> Session | None:
        """Return what took the place of a session, within ten minutes of its end.

        Known to every process that has met the end by `load` or `exclusive`;
        costs no I/O.
        """
        ...

    def exclusive(self, session: Session) -> AbstractAsyncContextManager[Session | None]:
        """Hold the session alone, with its latest version; None if it was ended."""
        ...

    def newest(self, session: Session) -> Session:
        """Return the latest version that this process knows of."""
        ...

    async def close(self) -> None:
        """Let go of what the store holds open."""
        ...
