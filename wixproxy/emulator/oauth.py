"""Answer the token endpoint: every grant of Wix Headless, and token-info.

Law:
1. Names may be camelCase or snake_case, bodies JSON or a form: all four read alike.
2. Success is 200 with a token; anything else is RFC 6749 §5.2.
3. A code given with the redirect session of a visitor carries that visitor's
   cart to the member at the moment of exchange.

Source: Wix "Retrieve Tokens", "Handle Visitors using the REST API"; RFC 6749;
RFC 7636; the grants of Wix's own client for elevation and external login.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from .callers import authenticate, credentials, is_same_secret
from .errors import OAuthError, WixError
from .logins import SpentCodeError
from .state import STATE, State
from .tokens import AccessToken, Pair, RefreshToken, Subject

Parameters = Mapping[str, str]
_HUMP = re.compile(r"(?<!^)(?<!_)([A-Z])")


async def token(request: web.Request) -> web.Response:
    """Answer `POST /oauth2/token`."""
    state = request.app[STATE]
    given = await parameters(request)
    grant_type = _needed(given, "grant_type")
    state.exchanges.add_grant(grant_type)
    if "code_verifier" in given:
        state.record_issued("code verifier", given["code_verifier"])
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise OAuthError("unsupported_grant_type", f"grant type {grant_type!r} is not supported")
    return web.json_response(token_answer(grant(state, given, request)), headers=_NO_STORE)


async def token_info(request: web.Request) -> web.Response:
    """Answer `POST /oauth2/token-info`: what a token is, or that it is nothing."""
    state = request.app[STATE]
    given = await parameters(request)
    text, _ = credentials(given.get("token", ""))
    found: AccessToken | RefreshToken | None = state.tokens.access(text)
    found = found or state.tokens.refresh_in_force(text)
    if found is None:
        return web.json_response({"active": False})
    project = state.project
    issued_to = found if isinstance(found, AccessToken) else project
    return web.json_response(
        {
            "active": True,
            "subjectType": found.subject.kind.upper(),
            "subjectId": found.subject.id,
            "exp": found.expires_at,
            "iat": found.issued_at,
            "clientId": issued_to.client_id,
            "siteId": project.site_id,
            "accountId": project.account_id,
            "instanceId": issued_to.instance_id,
        }
    )


async def parameters(request: web.Request) -> dict[str, str]:
    """Read the parameters in snake_case; raise OAuthError `invalid_request` if unreadable."""
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read())
        except (ValueError, RecursionError):
            raise OAuthError("invalid_request", "the body is not JSON") from None
        if not isinstance(body, dict):
            raise OAuthError("invalid_request", "the body is not a JSON object")
        items: list[tuple[str, Any]] = list(body.items())
    else:
        items = list((await request.post()).items())
    return {snake_case(name): str(value) for name, value in items if value is not None}


def snake_case(name: str) -> str:
    """Return `name` with its humps turned to underscores."""
    return _HUMP.sub(r"_\1", name).lower()


def _anonymous(state: State, given: Parameters, _: web.Request) -> Pair:
    _check_client(state, _needed(given, "client_id"))
    return state.tokens.issue(Subject("visitor", state.randomness.guid("visitor")))


def _refresh_token(state: State, given: Parameters, _: web.Request) -> Pair:
    if "client_id" in given:
        _check_client(state, given["client_id"])
    return state.tokens.renew(_needed(given, "refresh_token"))


def _authorization_code(state: State, given: Parameters, _: web.Request) -> Pair:
    _check_client(state, _needed(given, "client_id"))
    try:
        code = state.logins.spend_code(
            _needed(given, "code"), given.get("redirect_uri"), given.get("code_verifier")
        )
    except SpentCodeError as error:
        # RFC 6749 §4.1.2: what the first use yielded should be revoked.
        if error.family and state.settings.detect_reuse:
            state.tokens.revoke_family(error.family)
        raise
    renewable = "offline_access" in code.request.scope.split()
    pair = state.tokens.issue(Subject("member", code.member_id), renewable=renewable)
    state.logins.remember_family(code, pair.access.family)
    if code.request.visitor_id:
        state.on_login(code.request.visitor_id, code.member_id)
    return pair


def _client_credentials(state: State, given: Parameters, _: web.Request) -> Pair:
    _check_client(state, _needed(given, "client_id"))
    _check_secret(state, _needed(given, "client_secret"))
    instance_id = given.get("instance_id")
    if instance_id is not None and instance_id != state.project.instance_id:
        raise OAuthError("invalid_request", f"the app has no instance {instance_id!r}")
    return state.tokens.issue(Subject("app", state.project.client_id), renewable=False)


def _strip_bound_session(state: State, given: Parameters, _: web.Request) -> Pair:
    _check_secret(state, _needed(given, "client_secret"))
    text, _key = credentials(_needed(given, "access_token"))
    bound = state.tokens.access(text)
    if bound is None or bound.client_id != state.project.client_id:
        raise OAuthError("invalid_grant", "access token is not valid")
    return state.tokens.issue(bound.subject, renewable=False)


def _authorized_client(state: State, given: Parameters, request: web.Request) -> Pair:
    """Issue a member's tokens to whoever holds the API key beside a visitor token."""
    try:
        caller = authenticate(request)
    except WixError as error:
        raise OAuthError("invalid_client", error.message, 401) from None
    if not caller.has_api_key:
        raise OAuthError("unauthorized_client", "this grant needs an API key", 401)
    member_id = _needed(given, "member_id")
    if member_id not in state.members:
        raise OAuthError("invalid_grant", f"there is no member {member_id!r}")
    session_token = given.get("session_token")
    if session_token and state.logins.member_of_session_token(session_token) != member_id:
        raise OAuthError("invalid_grant", "session token is not valid for this member")
    pair = state.tokens.issue(Subject("member", member_id))
    if caller.kind == "visitor":
        state.on_login(caller.subject_id, member_id)
    return pair


GRANTS: dict[str, Callable[[State, Parameters, web.Request], Pair]] = {
    "anonymous": _anonymous,
    "refresh_token": _refresh_token,
    "authorization_code": _authorization_code,
    "client_credentials": _client_credentials,
    "strip_bound_session": _strip_bound_session,
    "authorized_client": _authorized_client,
}
# RFC 6749 §5.1 asks for both.
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

ROUTES: list[web.RouteDef] = [
    web.post("/oauth2/token", token),
    web.post("/oauth2/token-info", token_info),
    web.post("/oauth2/token_info", token_info),
]


def token_answer(pair: Pair) -> dict[str, Any]:
    """Return what the token endpoint answers for a pair of tokens."""
    access = pair.access
    body: dict[str, Any] = {
        "access_token": access.text,
        "token_type": "Bearer",
        "expires_in": access.expires_at - access.issued_at,
    }
    if pair.refresh is not None:
        body["refresh_token"] = pair.refresh.text
    return body


def _needed(given: Parameters, name: str) -> str:
    value = given.get(name)
    if not value:
        raise OAuthError("invalid_request", f"{name} is missing")
    return value


def _check_client(state: State, client_id: str) -> None:
    try:
        uuid.UUID(client_id)
    except ValueError:
        # Wix names the internal field here; people search for these words.
        raise OAuthError(
            "invalid_request",
            f"appRuntimeKeys [at index 0] has value {client_id[:80]!r}, not a valid GUID",
        ) from None
    if client_id != state.project.client_id:
        raise OAuthError("invalid_client", f"client {client_id!r} is not known", 401)


def _check_secret(state: State, secret: str) -> None:
    if not is_same_secret(secret, state.project.client_secret):
        raise OAuthError("invalid_client", "client secret is not valid", 401)
