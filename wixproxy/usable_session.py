"""Give a handler the browser's session with a token to call Wix with.

1. A session that cannot be read now is no missing one: the call waits for
   another try, and nothing is started over it.
2. A member whose session has ended is told so, and nothing runs as a
   stranger; a visitor becomes a new visitor, and the call goes on.
3. How many visitors are made is limited by address where addresses are
   known, otherwise for all together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from .errors import SessionEnded, TooManyRequests
from .exchange import Exchange
from .sansio import headers
from .sansio.buckets import Buckets
from .sansio.exchange import Request
from .sansio.session import Session
from .sansio.throttle import EVERYBODY, subscriber


@dataclass(frozen=True, slots=True)
class MintLimits:
    """How many new visitors may be made: for one address, and for all whose address is unknown."""

    per_address: Buckets
    together: Buckets


class UsableSessions:
    """Finds, starts and renews the session that an exchange calls Wix with."""

    def __init__(self, mint_limits: MintLimits, clock: Callable[[], float]) -> None:
        self._mint_limits = mint_limits
        self._clock = clock

    async def of(self, exchange: Exchange) -> Session:
        """Return the session with a usable token, starting one if there is none.

        Raises `SessionEnded` for a member, `SessionUnreadable`,
        `TooManyRequests`, `StoreUnavailable` and `WixUnavailable`.
        """
        browser, tokens = exchange.session, exchange.front.tokens
        if browser.unreadable is not None:
            raise browser.unreadable
        if browser.ended is not None and browser.ended.identity == "member":
            raise with_login_url(browser.ended, exchange.request)
        current = browser.current
        if current is None or (current.tokens is None and not tokens.is_flying(current)):
            self._check_mint_rate(exchange)
            current = current or await browser.start()
        try:
            session = await tokens.current(current)
        except SessionEnded as ended:
            session = await tokens.current(replacement(exchange, ended))
        browser.current = session
        renewal = tokens.renewal(session)
        if renewal is not None and exchange.front.store.carries_tokens:
            browser.renewal = renewal
        return session

    async def for_login(self, exchange: Exchange) -> Session:
        """Return the session of somebody who says who they are.

        A member whose session has ended does so as the visitor who came after.
        """
        try:
            return await self.of(exchange)
        except SessionEnded:
            exchange.session.ended = None
            return await self.of(exchange)

    async def after_refusal(self, exchange: Exchange, session: Session) -> Session:
        """Return the session with another token, since Wix refused one that looked valid."""
        tokens = exchange.front.tokens
        try:
            renewed = await tokens.renewed(session)
        except SessionEnded as ended:
            renewed = await tokens.current(replacement(exchange, ended))
        exchange.session.current = renewed
        return renewed

    async def lead_to_wix(self, exchange: Exchange) -> None:
        """Note that a visitor is led to a page on Wix, where a login may happen."""
        browser = exchange.session
        if browser.current is not None and browser.current.identity == "visitor":
            newest = exchange.front.tokens.newest(browser.current)
            await browser.keep(newest.led_to_wix(self._clock()))

    def _check_mint_rate(self, exchange: Exchange) -> None:
        limits, now = self._mint_limits, self._clock()
        if exchange.address is not None:
            wait = limits.per_address.take(subscriber(exchange.address), now)
        else:
            wait = limits.together.take(EVERYBODY, now)
        if wait:
            raise TooManyRequests(
                "Too many new visitors were started from here. Try again in a moment.",
                retry_after=int(wait) + 1,
            )


def replacement(exchange: Exchange, ended: SessionEnded) -> Session:
    """Put the new visitor in the ended session's place; a member is told instead.

    Raises `SessionEnded` with the address to log in again.
    """
    visitor = exchange.front.tokens.replacement(ended)
    exchange.session.current = visitor
    if visitor is None or ended.identity == "member":
        raise with_login_url(ended, exchange.request) from ended
    return visitor


def with_login_url(ended: SessionEnded, request: Request) -> SessionEnded:
    """Tell a page where to log in again, and to come back to itself."""
    problem = SessionEnded(ended.message, session_id=ended.session_id, identity=ended.identity)
    problem.members["loginUrl"] = "/_wix/login" + _return_parameter(request)
    return problem


def _return_parameter(request: Request) -> str:
    """Return the query that leads back to the page that called, when it said which that is."""
    referer = headers.get(request.fields, b"referer")
    if referer is None:
        return ""
    path = "/" + referer.decode("latin-1").partition("://")[2].partition("/")[2]
    return f"?returnToUrl={quote(path, safe='/')}"
