"""Begin a login: ask Wix for its login page, and give the attempt its own cookie.

The redirect session is made with the visitor's own token: that is how the
cart goes along.
"""

from __future__ import annotations

from collections.abc import Callable

from .errors import GrantRejected, SessionEnded, TooManyRequests
from .exchange import Exchange
from .member_login import MemberLogin
from .sansio import cookies, login
from .sansio.login import LoginAttempt, Prompt
from .sansio.session import Session
from .wix.client import WixClient


class LoginAttempts:
    """Starts the attempts that a callback finishes."""

    def __init__(
        self, wix: WixClient, member_login: MemberLogin, clock: Callable[[], float]
    ) -> None:
        self._wix = wix
        self._member_login = member_login
        self._clock = clock

    async def begin(
        self, exchange: Exchange, return_url: str, prompt: Prompt, idp: str | None = None
    ) -> str:
        """Begin an attempt and return the address at Wix that the browser goes to.

        `return_url` was judged before. Raises `TooManyRequests` for a loop,
        and whatever keeps Wix from giving an address.
        """
        session = await self._visitor_or_member(exchange)
        if login.is_loop(session.login_starts, self._clock()):
            raise TooManyRequests(
                "This browser has begun three logins within half a minute, which looks like pages "
                "that send each other round in a circle.",
                retry_after=login.LOOP_SECONDS,
                advice=[
                    "Does the page you return to send everyone without a member session here?",
                    "Does the browser accept cookies of this site?",
                    "Is another program on this host name setting cookies of the same name?",
                ],
            )
        attempt = LoginAttempt.start(return_url, self._clock(), silent=prompt == "none")
        location = await self._login_page(exchange, session, attempt, prompt, idp)
        current = exchange.session.current or session
        await exchange.session.keep(current.with_login_start(self._clock()))
        self._place(exchange, attempt)
        return location

    async def _visitor_or_member(self, exchange: Exchange) -> Session:
        """Return the session that asks, with a token for the redirect session."""
        browser, tokens = exchange.session, exchange.front.tokens
        if browser.unreadable is not None:
            raise browser.unreadable
        current = browser.current or await browser.start()
        try:
            session = await tokens.current(current)
        except SessionEnded as ended:
            replacement = tokens.replacement(ended) or await browser.start()
            browser.current = replacement
            session = await tokens.current(replacement)
        browser.current = session
        return session

    async def _login_page(
        self,
        exchange: Exchange,
        session: Session,
        attempt: LoginAttempt,
        prompt: Prompt,
        idp: str | None,
    ) -> str:
        """Return the address of Wix's login page for this attempt."""
        body = login.redirect_session(
            self._wix.client_id,
            self._member_login.redirect_uri(exchange),
            state=attempt.state,
            challenge=attempt.challenge,
            prompt=prompt,
            idp=idp,
        )
        try:
            return await self._wix.redirect_session(body, session.access_token)
        except GrantRejected:
            renewed = await exchange.front.tokens.renewed(session)
            exchange.session.current = renewed
            return await self._wix.redirect_session(body, renewed.access_token)

    def _place(self, exchange: Exchange, attempt: LoginAttempt) -> None:
        """Put the attempt into its own cookie; the oldest of too many gives way."""
        front, browser = exchange.front, exchange.session
        name = front.cookies.login_name(attempt.state)
        waiting = cookies.login_texts(browser.shown_cookies, front.cookies)
        opened = {shown: front.open_attempt(shown, text) for shown, text in waiting.items()}
        for oldest in login.crowded_out(opened):
            browser.add_line(cookies.expire(oldest, front.cookies))
        sealed = front.seal_attempt(attempt, name)
        browser.add_line(cookies.set_login(name, sealed, front.cookies))
