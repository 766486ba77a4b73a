"""Answer the identity endpoints behind custom login pages.

Law: a login or sign-up ends in one of the states of the state machine; only
SUCCESS carries a session token. Every call is made as a visitor or member, but
for signing on, which the app does for somebody, and logout, which a browser
makes with its cookie.

Source: Wix "About the Authentication API", "Handle Members with a Custom Login
Page"; the paths are those of Wix's own client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from aiohttp import web

from .browser import forget_member, member_of_browser
from .callers import authenticate, require
from .errors import ApplicationError, invalid, json_object, not_found
from .identities import (
    CAPTCHA_INVALID,
    CAPTCHA_MISSING,
    Outcome,
    admit,
    check_password,
    identity_json,
    is_email,
    log_in,
    register,
    standing,
)
from .sites import check_return
from .state import STATE, State
from .verification_codes import VerificationCodes

# A captcha token with this text is refused; every other one passes.
INVALID_CAPTCHA = "invalid"


async def login_v2(request: web.Request) -> web.Response:
    """Answer `POST .../v2/login`."""
    state = request.app[STATE]
    require(authenticate(request), "visitor", "member")
    body = await json_object(request)
    check_captcha(state, body, "login")
    outcome = log_in(state, _email(body), text_of(body, "password"))
    return web.json_response(machine_state(state, outcome))


async def register_v2(request: web.Request) -> web.Response:
    """Answer `POST .../v2/register`."""
    state = request.app[STATE]
    require(authenticate(request), "visitor", "member")
    body = await json_object(request)
    check_captcha(state, body, "register")
    outcome = register(state, _email(body), text_of(body, "password"), _profile(body))
    return web.json_response(machine_state(state, outcome))


async def sign_on(request: web.Request) -> web.Response:
    """Answer `POST .../v2/sign-on`: the app vouches for someone, who becomes a member if new."""
    state = request.app[STATE]
    require(authenticate(request), "app")
    body = await json_object(request)
    email = _email(body)
    member = state.member_by_email(email)
    if member is None:
        # Nobody knows this password: such a member comes in by the app alone.
        password = state.randomness.text("password of a member who signed on", 48)
        member = register(state, email, password, _profile(body)).member
    admit(member, verified=body.get("verifyEmail") is True, approved=True)
    return web.json_response(machine_state(state, Outcome(standing(member), member)))


async def change_password(request: web.Request) -> web.Response:
    """Answer `POST .../v2/change-password` for the member who calls."""
    state = request.app[STATE]
    caller = require(authenticate(request), "member")
    password = text_of(await json_object(request), "newPassword")
    check_password(password, "newPassword")
    member = state.members.get(caller.subject_id)
    if member is None:
        raise not_found("Identity not found")
    member.password, member.must_reset_password = password, False
    member.updated_at = state.clock.now()
    return web.json_response({})


async def validate_email(request: web.Request) -> web.Response:
    """Answer `POST .../v2/validate-email`: whether mail could arrive there."""
    require(authenticate(request), "visitor", "member", "app")
    email = text_of(await json_object(request), "email")
    if not is_email(email):
        return web.json_response({"valid": False, "formatInvalid": True})
    # RFC 2606 §2: a name that no resolver will ever find.
    if email.casefold().endswith(".invalid"):
        failure = {"reason": "EMAIL_DOMAIN_MISSING_DNS_RECORDS"}
        return web.json_response({"valid": False, "failure": failure, "formatInvalid": False})
    return web.json_response({"valid": True, "formatInvalid": False})


async def logout(request: web.Request) -> web.Response:
    """Answer `GET .../v1/logout`, which a browser follows out of a member's session."""
    state = request.app[STATE]
    session = state.logins.redirect_sessions.get(request.query.get("redirectSessionId", ""))
    back = request.query.get("postLogoutRedirectUri", "")
    if session is not None:
        back = session.callbacks.get("postFlowUrl", back)
    if back:
        check_return(state, back)
    leaving = {member_of_browser(request)}
    if session is not None and session.subject_kind == "member":
        leaving.add(session.subject_id)
    for member_id in filter(None, leaving):
        state.tokens.revoke_subject(member_id)
        state.logins.drop_cookies(member_id)
    if back:
        response = web.Response(status=302, headers={"Location": back})
    else:
        response = web.json_response({})
    forget_member(response)
    return response


def machine_state(state: State, outcome: Outcome) -> dict[str, Any]:
    """Return the state-machine answer for a login or sign-up."""
    body: dict[str, Any] = {"state": outcome.state, "identity": identity_json(outcome.member)}
    if outcome.state == "SUCCESS":
        body["sessionToken"] = state.logins.issue_session_token(outcome.member.id)
    elif outcome.state == "REQUIRE_EMAIL_VERIFICATION":
        body["stateToken"] = state.logins.issue_state_token(outcome.member.id)
        VerificationCodes.of(state).send(outcome.member)
    return body


def check_captcha(
    state: State, body: Mapping[str, Any], form: Literal["login", "register"]
) -> None:
    """Raise ApplicationError unless the captcha is off for this form, or answered."""
    if not state.settings.captcha or form not in state.settings.captcha_for:
        return
    given = [text for text in _captcha_texts(body.get("captchaTokens")) if text]
    if not given:
        raise ApplicationError(400, CAPTCHA_MISSING, "A captcha token is required")
    if INVALID_CAPTCHA in given:
        raise ApplicationError(400, CAPTCHA_INVALID, "The captcha token is not valid")


def _captcha_texts(tokens: object) -> Iterable[object]:
    entries = tokens if isinstance(tokens, list) else []
    return [value for entry in entries if isinstance(entry, dict) for value in entry.values()]


def _email(body: Mapping[str, Any]) -> str:
    login_id = body.get("loginId")
    email = login_id.get("email") if isinstance(login_id, dict) else None
    if not isinstance(email, str) or not email:
        raise invalid("loginId.email", "is required", "REQUIRED_FIELD", type="EMAIL")
    return email


def _profile(body: Mapping[str, Any]) -> dict[str, Any]:
    profile = body.get("profile") or {}
    if not isinstance(profile, dict):
        raise invalid("profile", "must be an object", "TYPE")
    return profile


def text_of(body: Mapping[str, Any], name: str) -> str:
    """Return a text that a body must have; raise ValidationError."""
    value = body.get(name)
    if not isinstance(value, str):
        raise invalid(name, "is required", "REQUIRED_FIELD")
    return value


# The authentication service answers with and without the /_api prefix.
ROUTES: list[web.RouteDef] = [
    route
    for base in ("/_api/iam/authentication", "/iam/authentication")
    for route in (
        web.post(f"{base}/v2/login", login_v2),
        web.post(f"{base}/v2/register", register_v2),
        web.post(f"{base}/v2/sign-on", sign_on),
        web.post(f"{base}/v2/change-password", change_password),
        web.post(f"{base}/v2/validate-email", validate_email),
        web.get(f"{base}/v1/logout", logout),
    )
]
