"""Answer the Wix calls that hand out credentials, in a form that Wix's own client accepts.

An application with its own `createClient({auth: OAuthStrategy(…)})` asks for
tokens, logs in with a password and carries what it gets from call to call.
Here it gets placeholders for tokens and sealed handles for everything else;
the credentials stay in this process and in the sealed session.
Source: Wix: the token endpoint, the identity calls and the direct login of
`@wix/sdk`, as its OAuthStrategy makes them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, quote

from .credential_throttle import CredentialThrottle, account_name
from .errors import CallRefused, LoginRejected, SealError
from .exchange import Exchange
from .member_login import MemberLogin
from .pages import json_answer
from .sansio import fetch_metadata, headers
from .sansio.custom_login import SUCCESS, as_for_everybody
from .sansio.exchange import Fields
from .sansio.handles import PREFIX, STATE_TOKEN, Handles
from .sansio.identity_calls import IDENTITY_CALLS, Tried, account_of, field_of
from .sansio.redirect_sessions import answer_with
from .sansio.session import Session
from .usable_session import UsableSessions
from .wix.client import WixClient

Answerer = Callable[[Exchange], Awaitable[None]]

PLACEHOLDER = "wixproxy.session"
PLACEHOLDER_SECONDS = 14_400
MAX_BODY_BYTES = 64 * 1024
CODE = "code"
DIRECT_LOGIN_PATH = "/_wix/direct-login"


class CredentialCalls:
    """The calls that never reach Wix as they came; `throttle` counts what they try."""

    def __init__(
        self,
        wix: WixClient,
        sessions: UsableSessions,
        member_login: MemberLogin,
        throttle: CredentialThrottle,
        *,
        allowed_origins: frozenset[str],
        clock: Callable[[], float],
    ) -> None:
        self._wix = wix
        self._sessions = sessions
        self._member_login = member_login
        self._throttle = throttle
        self._allowed_origins = allowed_origins
        self._clock = clock

    def answerer(self, method: str, target: bytes) -> Answerer | None:
        """Return what answers the call, or None for a call that is none of these."""
        if method != "POST":
            return None
        path = target.partition(b"?")[0]
        if path == b"/oauth2/token":
            return self._token
        if path == b"/oauth2/token-info":
            return self._token_info
        if path in IDENTITY_CALLS:
            return lambda exchange: self._identity(exchange, path.decode("ascii"))
        return None

    def handles(self, exchange: Exchange, session: Session) -> Handles:
        """Return the handles of a browser's session."""
        front = exchange.front
        return Handles(front.keyring, front.bound_to, session.id)

    async def direct_login(self, exchange: Exchange, body: bytes) -> dict[str, Any] | None:
        """Answer a redirect session that carries the handle of a session token.

        The authorize step is taken here; the frame that the client opens
        posts the handle of the code. Returns None for any other body.
        """
        auth = _values(body).get("auth")
        request = auth.get("authRequest") if isinstance(auth, dict) else None
        if not isinstance(request, dict) or not _is_handle(request.get("sessionToken")):
            return None
        session = await self._sessions.of(exchange)
        handles, now = self.handles(exchange, session), self._clock()
        try:
            token = handles.open("sessionToken", request["sessionToken"], now)
        except SealError:
            raise CallRefused(
                "A redirect session takes only a session token that this browser was given."
            ) from None
        state, challenge = request.get("state"), request.get("codeChallenge")
        if not isinstance(state, str) or not isinstance(challenge, str):
            raise CallRefused("The login needs a state and a codeChallenge (S256).")
        code = await self._member_login.authorize(exchange, session, token, state, challenge)
        handle = handles.seal(CODE, code, now)
        query = f"state={quote(state, safe='')}&code={quote(handle, safe='')}"
        endpoint = exchange.front.public.join(DIRECT_LOGIN_PATH)
        return answer_with(f"{endpoint}?{query}", exchange.request_id)

    async def _token(self, exchange: Exchange) -> None:
        """Answer the token endpoint: with placeholders, once the session is what was asked for."""
        given = await _parameters(exchange)
        grant = given.get("grant_type")
        if given.get("client_id", self._wix.client_id) != self._wix.client_id:
            await self._answer(exchange, 400, _oauth_error("invalid_client"))
            return
        if grant == "authorization_code":
            try:
                await self._by_code(exchange, given)
            except LoginRejected:
                await self._answer(exchange, 400, _oauth_error("invalid_grant"))
                return
        elif grant in ("anonymous", "refresh_token"):
            await self._sessions.of(exchange)
        else:
            raise CallRefused(
                "The proxy answers the grants anonymous, refresh_token and authorization_code; "
                "calls as the app go through elevation rules."
            )
        await self._answer(
            exchange,
            200,
            {
                "access_token": PLACEHOLDER,
                "token_type": "Bearer",
                "expires_in": PLACEHOLDER_SECONDS,
                "refresh_token": PLACEHOLDER,
            },
        )

    async def _by_code(self, exchange: Exchange, given: dict[str, str]) -> None:
        """Log in with a code: of a direct login, or of the application's own redirect."""
        code, verifier = given.get("code", ""), given.get("code_verifier", "")
        redirect_uri = given.get("redirect_uri")
        current = exchange.session.current
        if _is_handle(code) and current is not None:
            try:
                code = self.handles(exchange, current).open(CODE, code, self._clock())
            except SealError:
                raise LoginRejected("The code is not of a login of this browser.") from None
            redirect_uri = self._member_login.redirect_uri(exchange)
        await self._member_login.by_code(exchange, code, verifier, redirect_uri)

    async def _token_info(self, exchange: Exchange) -> None:
        """Tell what the placeholder stands for: the session's own token."""
        given = await _parameters(exchange)
        if given.get("token") != PLACEHOLDER:
            await self._answer(exchange, 200, {"active": False})
            return
        session = await self._sessions.of(exchange)
        status, body = await self._wix.token_info(session.access_token)
        await self._answer(exchange, status, _values(body))

    async def _identity(self, exchange: Exchange, path: str) -> None:
        """Make an identity call with handles opened, and answer with handles sealed."""
        body = _values(await exchange.downstream.read_whole(MAX_BODY_BYTES))
        tried = IDENTITY_CALLS[path.encode("ascii")]
        account = self._account(exchange, tried, body)
        one_try = await self._throttle.take(tried, exchange, account)
        session = await self._sessions.for_login(exchange)
        handles, now = self.handles(exchange, session), self._clock()
        try:
            opened = handles.opened(body, now)
        except SealError:
            raise CallRefused("The state token is not one that this browser was given.") from None
        if isinstance(opened.get("redirect"), dict):
            # The script in a page is the same for everybody, so it knows no client id.
            opened["redirect"].setdefault("clientId", self._wix.client_id)
        status, request_id, answer = await self._wix.identity(path, opened, session.access_token)
        status, values = as_for_everybody(tried, status, _values(answer))
        if values.get("state") == SUCCESS and not path.endswith("/register"):
            await one_try.was_right()
        fields: Fields = [(b"X-Wix-Request-Id", request_id.encode())] if request_id else []
        await self._answer(exchange, status, handles.sealed(values, now, account or ""), fields)

    async def _answer(
        self, exchange: Exchange, status: int, values: Any, more: Fields | None = None
    ) -> None:
        fields, body = json_answer(values)
        fields += fetch_metadata.cors_fields(exchange.request, self._allowed_origins)
        await exchange.downstream.answer(status, [*fields, *(more or [])], body)

    def _account(self, exchange: Exchange, tried: Tried, body: dict[str, Any]) -> str | None:
        """Return the account that the call is counted by: the one named, or its state token's."""
        named = account_of(tried, body)
        if named is not None:
            return account_name(named)
        current, state = exchange.session.current, field_of(body, STATE_TOKEN)
        if current is None or not _is_handle(state):
            return None
        try:
            return self.handles(exchange, current).account(STATE_TOKEN, state, self._clock())
        except SealError:
            return None


def _is_handle(value: object) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


async def _parameters(exchange: Exchange) -> dict[str, str]:
    """Read JSON or a form, with the names in snake case, as Wix takes both spellings."""
    body = await exchange.downstream.read_whole(MAX_BODY_BYTES)
    kind = headers.get(exchange.request.fields, b"content-type") or b""
    if kind.startswith(b"application/x-www-form-urlencoded"):
        values: dict[str, Any] = dict(parse_qsl(body.decode("latin-1")))
    else:
        values = _values(body)
    return {_snake_case(name): value for name, value in values.items() if isinstance(value, str)}


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _values(body: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else is an empty one, also where its text is no Unicode."""
    try:
        values = json.loads(body.decode("utf-8"))
        # A lone surrogate (`\ud800`) can be read, but not written anywhere.
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _oauth_error(error: str) -> dict[str, str]:
    return {"error": error, "error_description": "the proxy did not accept the grant"}
