"""Turn what a login yields into a member's session: one way in for every kind of login."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from .errors import GrantRejected, LoginRejected
from .exchange import Exchange
from .sansio import login
from .sansio.login import LoginAttempt
from .sansio.session import Session
from .sansio.tokens import Tokens
from .wix.client import WixClient


class MemberLogin:
    """Exchanges codes and session tokens for sessions with a new id."""

    def __init__(self, wix: WixClient, callback_path: str, clock: Callable[[], float]) -> None:
        self._wix = wix
        self._callback_path = callback_path
        self._clock = clock

    def redirect_uri(self, exchange: Exchange) -> str:
        """Return the redirect URI that is registered for this public URL."""
        return exchange.front.public.join(self._callback_path)

    async def by_code(
        self, exchange: Exchange, code: str, verifier: str, redirect_uri: str | None
    ) -> None:
        """Exchange an authorization code, once, and make the browser that member.

        Raises `LoginRejected` when Wix does not accept it.
        """
        try:
            tokens = await self._wix.exchange_code(code, verifier, redirect_uri)
        except GrantRejected as refusal:
            raise LoginRejected(
                f"Wix did not accept the login ({refusal.error}). Please start again from the "
                "page you wanted to log in on."
            ) from refusal
        await self.by_tokens(exchange, tokens)

    async def by_session_token(
        self, exchange: Exchange, session: Session, session_token: str
    ) -> None:
        """Log in with the session token of a password login, without a page or a frame.

        Wix's authorize step answers with a redirect that holds the code; it
        is read here and never followed, so no browser sees it.
        """
        attempt = LoginAttempt.start("/", self._clock(), silent=True)
        code = await self.authorize(
            exchange, session, session_token, attempt.state, attempt.challenge
        )
        await self.by_code(exchange, code, attempt.verifier, self.redirect_uri(exchange))

    async def authorize(
        self, exchange: Exchange, session: Session, session_token: str, state: str, challenge: str
    ) -> str:
        """Take the authorize step for a session token; return the code.

        Raises `LoginRejected` when Wix does not grant it.
        """
        redirect_uri = self.redirect_uri(exchange)
        body = login.redirect_session(
            self._wix.client_id,
            redirect_uri,
            state=state,
            challenge=challenge,
            prompt="none",
            session_token=session_token,
        )
        location = await self._wix.redirect_session(body, session.access_token)
        callback = login.Callback.parse(await self._wix.authorize(location, redirect_uri))
        if (
            callback is None
            or callback.code is None
            or not hmac.compare_digest(callback.state.encode(), state.encode())
        ):
            raise LoginRejected("Wix did not take the login any further. Please try again.")
        return callback.code

    async def by_tokens(self, exchange: Exchange, tokens: Tokens) -> None:
        """Give the browser the session of the member whose tokens these are."""
        member_id = await self._wix.member_id(tokens)
        before = exchange.session.current
        member = Session.member(
            self._clock(),
            exchange.front.limits,
            tokens=tokens,
            member_id=member_id,
            login_starts=before.login_starts if before else (),
        )
        await exchange.session.replace(member)
