"""Forms of the frontend's own: log in, sign up, prove an address, recover a password.

They need no script: a form posts its fields with `returnToUrl` and
`failureUrl`, both pages of this site, and the browser lands on one of them;
on the second with `?error=…`. JSON gets JSON. What Wix hands out on the way
stays here; a pending verification is a sealed handle for this browser alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from ..credential_calls import CredentialCalls
from ..errors import RequestRefused, SealError
from ..exchange import Exchange
from ..member_login import MemberLogin
from ..pages import json_answer
from ..sansio import headers
from ..sansio.custom_login import Outcome, outcome, with_outcome
from ..sansio.return_url import safe_return_url
from ..usable_session import UsableSessions
from ..wix.client import WixClient

MAX_BODY_BYTES = 16 * 1024
LOGIN_PATH = "/_api/iam/authentication/v2/login"
REGISTER_PATH = "/_api/iam/authentication/v2/register"
VERIFY_PATH = "/_api/iam/verification/v1/auth/verify"
RECOVERY_PATH = "/_api/iam/recovery/v1/send-email"
STATE_TOKEN = "stateToken"  # noqa: S105 - the kind of a handle

Form = dict[str, str]


class CustomLogin:
    """Serves the four forms."""

    def __init__(
        self,
        wix: WixClient,
        sessions: UsableSessions,
        credentials: CredentialCalls,
        member_login: MemberLogin,
        *,
        own_paths: tuple[str, ...],
        clock: Callable[[], float],
    ) -> None:
        self._wix = wix
        self._sessions = sessions
        self._credentials = credentials
        self._member_login = member_login
        self._own_paths = own_paths
        self._clock = clock

    async def login(self, exchange: Exchange) -> None:
        """Log a member in by e-mail address and password, or by the handle of a session token."""
        form = await self._form(exchange)
        if "sessionToken" in form:
            await self._by_handle(exchange, form)
            return
        self._credentials.limit_attempts(exchange, _needed(form, "email"))
        body = {"loginId": {"email": form["email"]}, "password": _needed(form, "password")}
        await self._identify(exchange, form, LOGIN_PATH, body)

    async def register(self, exchange: Exchange) -> None:
        """Sign a member up."""
        form = await self._form(exchange)
        self._credentials.limit_attempts(exchange, _needed(form, "email"))
        profile = {
            name: form[name] for name in ("firstName", "lastName", "nickname") if name in form
        }
        body: dict[str, Any] = {
            "loginId": {"email": form["email"]},
            "password": _needed(form, "password"),
        }
        if profile:
            body["profile"] = profile
        await self._identify(exchange, form, REGISTER_PATH, body)

    async def verify(self, exchange: Exchange) -> None:
        """Finish a login or sign-up with the code that was mailed."""
        form = await self._form(exchange)
        session = await self._sessions.of(exchange)
        handles = self._credentials.handles(exchange, session)
        try:
            token = handles.open(STATE_TOKEN, _needed(form, "state"), self._clock())
        except SealError:
            await self._finish(exchange, form, Outcome(error="verification_expired"))
            return
        self._credentials.limit_attempts(exchange, session.id)
        body = {"code": _needed(form, "code"), "stateToken": token}
        await self._identify(exchange, form, VERIFY_PATH, body)

    async def recover(self, exchange: Exchange) -> None:
        """Have Wix mail a link for a new password; the answer is the same for every address."""
        form = await self._form(exchange)
        self._credentials.limit_attempts(exchange, _needed(form, "email"))
        session = await self._sessions.of(exchange)
        redirect = {
            "url": exchange.front.public.join(self._page(exchange, form, "returnToUrl")),
            "clientId": self._wix.client_id,
        }
        body = {"email": form["email"], "redirect": redirect}
        await self._wix.identity(RECOVERY_PATH, body, session.access_token)
        await self._finish(exchange, form, Outcome())

    async def _by_handle(self, exchange: Exchange, form: Form) -> None:
        session = await self._sessions.of(exchange)
        handles = self._credentials.handles(exchange, session)
        try:
            token = handles.open("sessionToken", form["sessionToken"], self._clock())
        except SealError:
            raise RequestRefused(
                "The session token is not one that this browser was given."
            ) from None
        await self._member_login.by_session_token(exchange, session, token)
        await self._finish(exchange, form, Outcome())

    async def _identify(
        self, exchange: Exchange, form: Form, path: str, body: dict[str, Any]
    ) -> None:
        """Make an identity call; on success make the browser that member."""
        session = await self._sessions.of(exchange)
        status, _, answer = await self._wix.identity(path, body, session.access_token)
        found = outcome(status, _object(answer))
        if found.session_token is not None:
            await self._member_login.by_session_token(exchange, session, found.session_token)
        await self._finish(exchange, form, found)

    async def _finish(self, exchange: Exchange, form: Form, found: Outcome) -> None:
        """Lead a form to its page; answer JSON with JSON."""
        state = None
        current = exchange.session.current
        if found.state_token is not None and current is not None:
            handles = self._credentials.handles(exchange, current)
            state = handles.seal(STATE_TOKEN, found.state_token, self._clock())
        if _is_json(exchange):
            values: dict[str, Any] = {"identity": current.identity if current else "none"}
            if found.error is not None:
                values = {"error": found.error, **({"state": state} if state else {})}
            fields, body = json_answer(values)
            await exchange.downstream.answer(401 if found.error else 200, fields, body)
            return
        if found.error is None:
            location = self._page(exchange, form, "returnToUrl")
        else:
            page = self._page(exchange, form, "failureUrl")
            location = with_outcome(page, found.error, state)
        fields = [(b"Location", location.encode("ascii")), (b"Cache-Control", b"no-store")]
        await exchange.downstream.answer(303, fields)

    def _page(self, exchange: Exchange, form: Form, name: str) -> str:
        return safe_return_url(form.get(name), exchange.front.public, own_paths=self._own_paths)

    async def _form(self, exchange: Exchange) -> Form:
        """Read the fields; the pages they name are judged before anything is tried."""
        body = await exchange.downstream.read_whole(MAX_BODY_BYTES)
        if _is_json(exchange):
            values: dict[str, Any] = _object(body)
        else:
            values = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        form = {name: value for name, value in values.items() if isinstance(value, str)}
        for name in ("returnToUrl", "failureUrl"):
            self._page(exchange, form, name)
        return form


def _is_json(exchange: Exchange) -> bool:
    kind = headers.get(exchange.request.fields, b"content-type") or b""
    return kind.partition(b";")[0].strip().lower() == b"application/json"


def _needed(form: Form, name: str) -> str:
    if not form.get(name):
        raise RequestRefused(f"The form has no {name}; it needs one.")
    return form[name]


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
