"""Give a session a usable token: mint at first need, renew before it ends, once for all.

1. One flight for each session id: five hundred requests on an expired session
   make one refresh, and the first of them may leave without hurting the rest.
2. A flight holds the session exclusively and reads it again before it asks,
   so whoever comes late finds the work done.
3. Only `invalid_grant` ends a session (RFC 6749 §5.2). Silence, errors of
   Wix's and nonsense leave it as it is.
4. When a session ends, all its requests get the same new visitor in its place,
   at whichever process of those that share its store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..errors import GrantRejected, SessionEnded, WixproxyError, WixRefused
from ..sansio.session import Ended, Limits, Session
from ..sansio.tokens import Tokens
from ..stores import SessionStore
from .client import WixClient

# How long a stopping process waits for tokens that were asked for.
CLOSING_SECONDS = 2.0

log = logging.getLogger("wixproxy.session")


class TokenSource:
    """Sessions in, sessions with usable tokens out; `newest` is the store's."""

    def __init__(
        self, store: SessionStore, wix: WixClient, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._wix = wix
        self._limits = limits
        self._clock = clock
        self._flights: dict[str, asyncio.Task[Session]] = {}
        # Asked four times for each request.
        self.newest = store.newest

    def renew(self, wix: WixClient, limits: Limits) -> None:
        """Go on with another client and other limits; what is under way ends as it began."""
        self._wix = wix
        self._limits = limits

    async def current(self, session: Session) -> Session:
        """Return the session with a token that is valid now: kept, renewed or minted.

        Raises `SessionEnded` or `WixUnavailable`.
        """
        session = self.newest(session)
        if session.tokens is not None and session.tokens.is_usable(self._clock()):
            return session
        return await asyncio.shield(self._flight(session, None))

    async def renewed(self, session: Session) -> Session:
        """Return the session with another token than this one, which Wix refused."""
        return await asyncio.shield(self._flight(session, session.tokens))

    def renewal(self, session: Session) -> asyncio.Task[Session] | None:
        """Start the renewal that is due, or join it; None when none is due.

        The task must be shielded by whoever waits for it.
        """
        session = self.newest(session)
        if session.tokens is None or not session.tokens.is_due(self._clock()):
            return None
        return self._flight(session, None)

    def is_flying(self, session: Session) -> bool:
        """Tell whether tokens for this session are being asked for just now."""
        return session.id in self._flights

    def replacement(self, ended: SessionEnded) -> Session | None:
        """Return the visitor that took the place of a session that Wix has just ended."""
        visitor = self._store.successor(ended.session_id)
        return None if visitor is None else self.newest(visitor)

    async def settle(self, seconds: float = CLOSING_SECONDS) -> None:
        """Let what is being asked for arrive and be kept, for so long."""
        if self._flights:
            await asyncio.wait(list(self._flights.values()), timeout=seconds)

    async def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Let what is being asked for arrive and be kept, for so long; give the rest up.

        A refresh token that Wix has exchanged is worth nothing any more: who
        leaves before its successor is kept has lost the session.
        """
        await self.settle(seconds)
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _flight(self, session: Session, refused: Tokens | None) -> asyncio.Task[Session]:
        flight = self._flights.get(session.id)
        if flight is None:
            flight = asyncio.create_task(self._renew(session, refused))
            self._flights[session.id] = flight
            flight.add_done_callback(lambda done: self._landed(session.id, done))
        return flight

    def _landed(self, session_id: str, flight: asyncio.Task[Session]) -> None:
        del self._flights[session_id]
        # Everyone who asked may have left: then nobody else reads the outcome.
        if not flight.cancelled() and (error := flight.exception()) is not None:
            if isinstance(error, WixproxyError):
                log.info("tokens could not be had: %s", error)
            else:
                log.error("tokens could not be had", exc_info=error)

    async def _renew(self, session: Session, refused: Tokens | None) -> Session:
        async with self._store.exclusive(session) as latest:
            if latest is None:
                raise _ended(session)
            tokens = latest.tokens
            if tokens and tokens != refused and not tokens.is_due(self._clock()):
                return latest
            try:
                if tokens is None:
                    granted = await self._wix.anonymous()
                else:
                    granted = await self._wix.refresh(tokens)
            except GrantRejected as refusal:
                if tokens is None or refusal.error != "invalid_grant":
                    raise _explained(refusal) from refusal
                await self._end(latest)
                raise _ended(latest) from refusal
            renewed = latest.renewed(granted)
            await self._store.save(renewed)
            return renewed

    async def _end(self, session: Session) -> None:
        """End the session and put one new visitor in its place.

        The visitor is there first: whoever finds the session ended, while a
        store takes its time, would otherwise begin one of its own.
        """
        now = self._clock()
        log.info("Wix refused to renew a %s session", session.identity)
        visitor = Session.visitor(now, self._limits, ended=Ended("refused", int(now)))
        await self._store.save(visitor)
        await self._store.end(session, visitor)


def _explained(refusal: GrantRejected) -> WixRefused:
    return WixRefused(
        f"Wix refused to issue tokens ({refusal.error}). Check site.client_id: it is the "
        "client ID under Settings, Development & integrations, Headless Settings."
    )


def _ended(session: Session) -> SessionEnded:
    return SessionEnded(
        f"Wix will not renew this {session.identity} session. Log in again to go on."
        if session.identity == "member"
        else "Wix will not renew this visitor session.",
        session_id=session.id,
        identity=session.identity,
    )
