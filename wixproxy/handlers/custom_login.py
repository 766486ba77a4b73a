"""Forms of the frontend's own: log in, sign up, prove an address, recover a password.

They need no script: a form posts its fields with `returnToUrl` and
`failureUrl`, both pages of this site, and the browser lands on one of them;
on the second with `?error=…`. JSON gets JSON. What Wix hands out on the way
stays here; a pending verification is a sealed handle for this browser alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ..credential_calls import CredentialCalls
from ..credential_throttle import CredentialThrottle, Try, account_name
from ..errors import (
    FieldMissing,
    RequestRefused,
    SealError,
    SessionError,
    StoreUnavailable,
    TooManyRequests,
    WixError,
    WixproxyError,
    WixRefused,
    WixUnavailable,
)
from ..exchange import Exchange
from ..member_login import MemberLogin
from ..pages import json_answer
from ..sansio import headers
from ..sansio.custom_login import EXPIRED, Landing, captcha_tokens, outcome
from ..sansio.handles import SESSION_TOKEN, STATE_TOKEN
from ..sansio.login_form import JSON, PAGES, PROFILE, Form, media_type, needed, read_form
from ..sansio.redirect_sessions import advice
from ..sansio.return_url import safe_return_url
from ..sansio.session import Session
from ..usable_session import UsableSessions
from ..wix.client import WixClient

MAX_BODY_BYTES = 16 * 1024
LOGIN_PATH = "/_api/iam/authentication/v2/login"
REGISTER_PATH = "/_api/iam/authentication/v2/register"
VERIFY_PATH = "/_api/iam/verification/v1/auth/verify"
RECOVERY_PATH = "/_api/iam/recovery/v1/send-email"

# What may happen with a form that is written well: the site's own page says it.
TOLD_ON_THE_PAGE = (FieldMissing, SessionError, StoreUnavailable, TooManyRequests, WixError)

Step = Callable[[Exchange, Form], Awaitable[Landing]]

log = logging.getLogger("wixproxy.login")


class CustomLogin:
    """Serves the four forms."""

    def __init__(
        self,
        wix: WixClient,
        sessions: UsableSessions,
        credentials: CredentialCalls,
        member_login: MemberLogin,
        throttle: CredentialThrottle,
        *,
        own_paths: tuple[str, ...],
        clock: Callable[[], float],
    ) -> None:
        self._wix = wix
        self._sessions = sessions
        self._credentials = credentials
        self._member_login = member_login
        self._throttle = throttle
        self._own_paths = own_paths
        self._clock = clock

    async def login(self, exchange: Exchange) -> None:
        """Log a member in by e-mail address and password, or by the handle of a session token."""
        await self._answer(exchange, self._login)

    async def register(self, exchange: Exchange) -> None:
        """Sign a member up."""
        await self._answer(exchange, self._register)

    async def verify(self, exchange: Exchange) -> None:
        """Finish a login or sign-up with the code that was mailed."""
        await self._answer(exchange, self._verify)

    async def recover(self, exchange: Exchange) -> None:
        """Have Wix mail a link for a new password; the answer is the same for every address."""
        await self._answer(exchange, self._recover)

    async def _login(self, exchange: Exchange, form: Form) -> Landing:
        if SESSION_TOKEN in form:
            return await self._by_handle(exchange, form)
        account = account_name(needed(form, "email"))
        body = {**_credentials(form), **captcha_tokens(form)}
        one_try = await self._throttle.take("password", exchange, account)
        landing = await self._identify(exchange, LOGIN_PATH, body, account)
        return await _counted(one_try, landing)

    async def _register(self, exchange: Exchange, form: Form) -> Landing:
        account = account_name(needed(form, "email"))
        body = {**_credentials(form), **captcha_tokens(form)}
        profile = {name: form[name] for name in PROFILE if name in form}
        if profile:
            body["profile"] = profile
        await self._throttle.take("password", exchange, account)
        return await self._identify(exchange, REGISTER_PATH, body, account)

    async def _verify(self, exchange: Exchange, form: Form) -> Landing:
        state, code = needed(form, "state"), needed(form, "code")
        session = await self._sessions.for_login(exchange)
        handles, now = self._credentials.handles(exchange, session), self._clock()
        try:
            token = handles.open(STATE_TOKEN, state, now)
            account = handles.account(STATE_TOKEN, state, now)
        except SealError:
            return Landing(EXPIRED)
        one_try = await self._throttle.take("code", exchange, account)
        body = {"code": code, "stateToken": token}
        landing = await self._identify(exchange, VERIFY_PATH, body, account)
        return await _counted(one_try, landing)

    async def _recover(self, exchange: Exchange, form: Form) -> Landing:
        email = needed(form, "email")
        await self._throttle.take("mail", exchange, account_name(email))
        session = await self._sessions.for_login(exchange)
        redirect = {
            "url": exchange.front.public.join(self._page(exchange, form, "returnToUrl")),
            "clientId": self._wix.client_id,
        }
        body = {"email": email, "redirect": redirect}
        status, wix_id, _ = await self._asked(RECOVERY_PATH, body, session)
        if status not in (200, 404):
            # It may depend on whether there is such an account, so whoever asks is not told.
            log.warning(
                "request %s: Wix answered a recovery with %d (%s)",
                *(exchange.request_id, status, wix_id),
            )
        return Landing()

    async def _by_handle(self, exchange: Exchange, form: Form) -> Landing:
        session = await self._sessions.for_login(exchange)
        handles = self._credentials.handles(exchange, session)
        try:
            token = handles.open(SESSION_TOKEN, form[SESSION_TOKEN], self._clock())
        except SealError:
            raise RequestRefused(
                "The session token is not one that this browser was given."
            ) from None
        await self._member_login.by_session_token(exchange, session, token)
        return Landing()

    async def _identify(
        self, exchange: Exchange, path: str, body: dict[str, Any], account: str
    ) -> Landing:
        """Make an identity call; on success make the browser that member."""
        session = await self._sessions.for_login(exchange)
        status, _, answer = await self._asked(path, body, session)
        found = outcome(status, _object(answer))
        state = None
        if found.session_token is not None:
            await self._member_login.by_session_token(exchange, session, found.session_token)
        elif found.state_token is not None:
            handles = self._credentials.handles(exchange, session)
            state = handles.seal(STATE_TOKEN, found.state_token, self._clock(), account)
        return Landing(found.error, state)

    async def _asked(
        self, path: str, body: dict[str, Any], session: Session
    ) -> tuple[int, str | None, bytes]:
        """Make an identity call; return status, Wix's request id and body.

        Raises `WixRefused` for what is set up wrongly, whoever asks, else `WixUnavailable`.
        """
        status, wix_id, answer = await self._wix.identity(path, body, session.access_token)
        said = f"Wix's login service answered with {status} (its request id is {wix_id})."
        remedy = advice(answer.decode("utf-8", "replace")) if status >= 400 else None
        if remedy is not None:
            raise WixRefused(f"{said} {remedy}", remedy=remedy)
        if status >= 500:
            raise WixUnavailable(said)
        return status, wix_id, answer

    async def _answer(self, exchange: Exchange, step: Step) -> None:
        """Take the step, and lead a form to its page; answer JSON with JSON."""
        form = await self._form(exchange)
        try:
            landing = await step(exchange, form)
        except TOLD_ON_THE_PAGE as error:
            if _is_json(exchange) or "failureUrl" not in form:
                raise
            _log(exchange, error)
            landing = Landing(error.code, retry_after=error.retry_after)
        if landing.error not in (None, EXPIRED) and "state" in form:
            # Another code may be tried for the same verification.
            landing = landing.with_state(form["state"])
        await self._finish(exchange, form, landing)

    async def _finish(self, exchange: Exchange, form: Form, landing: Landing) -> None:
        if _is_json(exchange):
            current = exchange.session.current
            values = landing.values(current.identity if current else "none")
            fields, body = json_answer(values)
            await exchange.downstream.answer(401 if landing.error else 200, fields, body)
            return
        name = "returnToUrl" if landing.error is None else "failureUrl"
        location = landing.address(self._page(exchange, form, name))
        fields = [(b"Location", location.encode("ascii")), (b"Cache-Control", b"no-store")]
        await exchange.downstream.answer(303, fields)

    def _page(self, exchange: Exchange, form: Form, name: str) -> str:
        return safe_return_url(form.get(name), exchange.front.public, own_paths=self._own_paths)

    async def _form(self, exchange: Exchange) -> Form:
        """Read the fields; the pages they name are judged before anything is tried."""
        body = await exchange.downstream.read_whole(MAX_BODY_BYTES)
        form = read_form(body, _content_type(exchange))
        for name in PAGES:
            self._page(exchange, form, name)
        return form


async def _counted(one_try: Try, landing: Landing) -> Landing:
    if landing.error is None:
        await one_try.was_right()
    return landing


def _credentials(form: Form) -> dict[str, Any]:
    return {"loginId": {"email": needed(form, "email")}, "password": needed(form, "password")}


def _content_type(exchange: Exchange) -> bytes:
    return headers.get(exchange.request.fields, b"content-type") or b""


def _is_json(exchange: Exchange) -> bool:
    return media_type(_content_type(exchange)) == JSON


def _log(exchange: Exchange, error: WixproxyError) -> None:
    if error.status >= 500:
        log.warning("request %s: %s: %s", exchange.request_id, error.code, error.message)


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
