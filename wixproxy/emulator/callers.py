"""Decide who makes a call, and whether that identity may make it.

Law: a token that is missing, unknown or expired is 401; a known identity that
may not make the call is 403. An API key beside a visitor token raises the call
to the app, as Wix does for external logins. A user of the dashboard owns the
site and may do what the app may.

Source: Wix "Make REST API Calls Using OAuth" (raw token, no scheme word),
"About Errors"; the pair `token,apiKey` as Wix's client sends it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from aiohttp import web

from .errors import permission_denied, unauthenticated
from .state import STATE
from .tokens import AccessToken, SubjectKind


@dataclass(frozen=True)
class Caller:
    """The identity of one call."""

    kind: SubjectKind
    subject_id: str
    client_id: str
    instance_id: str
    family: str | None = None
    has_api_key: bool = False

    @property
    def member_id(self) -> str | None:
        """The member's id, or None for anyone else."""
        return self.subject_id if self.kind == "member" else None

    @property
    def is_elevated(self) -> bool:
        """Tell whether the call runs with the permissions of the app or of the site's owner."""
        return self.kind in ("app", "user") or self.has_api_key


def authenticate(request: web.Request) -> Caller:
    """Return who makes this call; raise ApplicationError 401 if nobody known does."""
    state = request.app[STATE]
    text, api_key = credentials(request.headers.get("Authorization", ""))
    has_api_key = api_key is not None and is_same_secret(api_key, state.project.api_key)
    if api_key is not None and not has_api_key:
        raise unauthenticated("The API key is not valid")
    if is_same_secret(text, state.project.api_key):
        return Caller(
            "app", state.project.client_id, state.project.client_id, state.project.instance_id
        )
    token = state.tokens.access(text) if text else None
    if token is None or token.client_id != state.project.client_id:
        raise unauthenticated()
    return _caller(token, state.project.client_id, has_api_key)


def credentials(header: str) -> tuple[str, str | None]:
    """Split an Authorization value into its token and its API key, if any."""
    value = header.strip()
    if value[:7].lower() == "bearer ":
        value = value[7:].strip()
    token, comma, api_key = value.partition(",")
    return token.strip(), api_key.strip() if comma else None


def require(caller: Caller, *kinds: SubjectKind) -> Caller:
    """Return `caller` if it is of one of `kinds`; raise ApplicationError 403 otherwise.

    An API key, and a user of the dashboard, satisfy "app".
    """
    if caller.kind in kinds or ("app" in kinds and caller.is_elevated):
        return caller
    raise permission_denied()


def is_same_secret(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing about either."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _caller(token: AccessToken, client_id: str, has_api_key: bool) -> Caller:
    subject = token.subject
    return Caller(subject.kind, subject.id, client_id, token.instance_id, token.family, has_api_key)
