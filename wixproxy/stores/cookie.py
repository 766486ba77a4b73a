"""Keep each session in the browser itself, sealed; the process holds no state that matters.

What it remembers is a courtesy to requests under way: the latest version of
sessions that changed here, the ids that ended here, and which text opened as
which session, because a page of five hundred requests presents one cookie.
Several processes share nothing: each may refresh the same session once.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from ..errors import (
    SealError,
    SessionEnded,
    SessionTooLarge,
    SessionUnreadable,
    UnknownSeal,
)
from ..sansio.cookies import MAX_TEXT_CHARACTERS
from ..sansio.ends import End
from ..sansio.keyring import Keyring
from ..sansio.session import Limits, Session, decode, encode
from ..sansio.successors import Successors
from .locks import Locks

PURPOSE = "session"
MAX_OPENED = 2_000
RETRY_AFTER_SECONDS = 5

log = logging.getLogger("wixproxy.session")


class CookieStore:
    """Sessions sealed into their own cookies.

    `bound_to` are the cookie name, client id and public origin: a cookie of
    another deployment, port or project does not open here. An unknown key is
    waited for until `unknown_key_until` (seconds since the epoch), the time
    that a rolling deployment may take.
    """

    carries_tokens = True

    def __init__(
        self,
        keyring: Keyring,
        bound_to: Sequence[str],
        limits: Limits,
        clock: Callable[[], float],
        unknown_key_until: float = 0.0,
    ) -> None:
        self._keyring = keyring
        self._bound_to = tuple(bound_to)
        self._limits = limits
        self._clock = clock
        self._unknown_key_until = unknown_key_until
        self._successors = Successors(limits.idle_seconds)
        self.newest = self._successors.newest
        self._opened: OrderedDict[str, Session] = OrderedDict()
        self._locks = Locks()

    def renew(self, keyring: Keyring, limits: Limits, unknown_key_until: float) -> None:
        """Go on with other keys and limits; cookies that a key of before opened are opened anew."""
        self._keyring = keyring
        self._limits = limits
        self._unknown_key_until = unknown_key_until
        self._opened.clear()

    async def load(self, cookie: str) -> Session | None:
        """Open the cookie; see `SessionStore.load`."""
        now = self._clock()
        session = self._opened.get(cookie) or self._open(cookie, now)
        if session is None or not session.is_alive(now, self._limits):
            return None
        if self._successors.end_of(session.id) is not None:
            raise SessionEnded(
                "This session was ended; its cookie is no longer valid.",
                session_id=session.id,
                identity=session.identity,
            )
        self._successors.present(session, now)
        return session

    async def save(self, session: Session) -> str:
        """Seal the session, or return the text it was sealed as before.

        Raises `SessionTooLarge`.
        """
        text = self._successors.text(session)
        if text is None:
            text = self._keyring.seal(PURPOSE, encode(session), self._bound_to)
            if len(text) > MAX_TEXT_CHARACTERS:
                raise SessionTooLarge(
                    f"The sealed session has {len(text)} characters; browsers and servers take at "
                    f'most {MAX_TEXT_CHARACTERS} of them in cookies. Set session.store to "memory".'
                )
            self._successors.remember(session, text, self._clock())
        return text

    async def end(self, session: Session, successor: Session | None = None) -> None:
        """Refuse the session from now on, as far as this process is asked."""
        self._successors.end(session, End(session.identity, successor))

    def successor(self, session_id: str) -> Session | None:
        """Return what took the place of a session that was ended here."""
        end = self._successors.end_of(session_id)
        return None if end is None else end.successor_at(self._clock())

    @asynccontextmanager
    async def exclusive(self, session: Session) -> AsyncIterator[Session | None]:
        """Hold the session alone within this process."""
        async with self._locks.hold(session.id):
            is_ended = self._successors.end_of(session.id) is not None
            yield None if is_ended else self.newest(session)

    async def close(self) -> None:
        """Do nothing: nothing is open."""

    def _open(self, cookie: str, now: float) -> Session | None:
        try:
            session = decode(self._keyring.open(PURPOSE, cookie, self._bound_to))
        except UnknownSeal as error:
            if now < self._unknown_key_until:
                raise SessionUnreadable(
                    "This session was sealed by a key that this process does not have yet, "
                    "as happens while a new key is rolled out. Try again.",
                    retry_after=RETRY_AFTER_SECONDS,
                ) from error
            log.info("a session cookie was dropped: %s", error)
            return None
        except (SealError, ValueError) as error:
            # Every day's: one of another public URL, where a program's call is tried at each.
            log.debug("a session cookie does not open here: %s", error)
            return None
        self._opened[cookie] = session
        if len(self._opened) > MAX_OPENED:
            self._opened.popitem(last=False)
        return session
