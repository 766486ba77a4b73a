"""Remember what lies between a visitor and a member: links, logins, codes.

Law: a code works once, for the client, redirect URI and challenge it was made
for. A session token proves a password was given, for a few minutes. The cookie
proves it to the login page alone and is good on the emulator's origin only.

Source: RFC 6749 §4.1, RFC 7636 §4.6; Wix "Handle Members with a Wix Login Page".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .clock import Clock
from .errors import OAuthError
from .randomness import Randomness
from .settings import Settings

ResponseMode = Literal["query", "fragment", "web_message"]

# RFC 7636 names S256; Wix's typings list S512 beside it.
_CHALLENGE_HASHES: dict[str, Callable[[bytes], Any]] = {
    "S256": hashlib.sha256,
    "S512": hashlib.sha512,
}
CHALLENGE_METHODS = frozenset(_CHALLENGE_HASHES)


@dataclass(frozen=True)
class RedirectSession:
    """A link from the site to a Wix page, and who asked for it."""

    id: str
    intent: str
    full_url: str
    subject_kind: str
    subject_id: str
    family: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    callbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def visitor_id(self) -> str | None:
        """The visitor who asked, if it was one."""
        return self.subject_id if self.subject_kind == "visitor" else None


@dataclass(frozen=True)
class AuthorizeRequest:
    """An authorization request that has been checked and may be answered."""

    id: str
    redirect_uri: str | None
    response_mode: ResponseMode
    state: str
    code_challenge: str = field(repr=False)
    code_challenge_method: str
    scope: str
    visitor_id: str | None


@dataclass(frozen=True)
class Code:
    """An authorization code and the conditions of its exchange."""

    text: str = field(repr=False)
    member_id: str
    request: AuthorizeRequest
    expires_at: float
    spent: bool = False
    family: str | None = None


class LoginBook:
    """Redirect sessions, pending authorization requests, codes, session tokens, cookies."""

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], Settings],
        record: Callable[[str, str], None],
    ) -> None:
        self._clock, self._randomness = clock, randomness
        self._settings, self._record = settings, record
        self.redirect_sessions: dict[str, RedirectSession] = {}
        self.pending: dict[str, AuthorizeRequest] = {}
        self._codes: dict[str, Code] = {}
        self._session_tokens: dict[str, tuple[str, float]] = {}
        self._cookies: dict[str, str] = {}
        self._state_tokens: dict[str, str] = {}

    def clear(self) -> None:
        """Forget every login."""
        for book in (self.redirect_sessions, self.pending, self._codes):
            book.clear()
        self._session_tokens.clear()
        self._cookies.clear()
        self._state_tokens.clear()

    def issue_session_token(self, member_id: str) -> str:
        """Return a session token that speaks for this member for a short while."""
        text = self._drawn("session token", 180, "JWS.")
        self._session_tokens[text] = (
            member_id,
            self._clock.now() + self._settings().session_token_seconds,
        )
        return text

    def member_of_session_token(self, text: str) -> str | None:
        """Return whom a session token speaks for, or None if it is unknown or too old."""
        member_id, expires_at = self._session_tokens.get(text, (None, 0.0))
        return member_id if expires_at > self._clock.now() else None

    def issue_state_token(self, member_id: str) -> str:
        """Return a token that stands for a login that is not finished."""
        text = self._drawn("state token", 96, "JWS.")
        self._state_tokens[text] = member_id
        return text

    def member_of_state_token(self, text: str) -> str | None:
        """Return whose unfinished login a state token stands for."""
        return self._state_tokens.get(text)

    def spend_state_token(self, text: str) -> None:
        """Let a state token stand for nothing any more."""
        self._state_tokens.pop(text, None)

    def issue_cookie(self, member_id: str) -> str:
        """Return a new value for the login page's own cookie."""
        text = self._drawn("wix session cookie")
        self._cookies[text] = member_id
        return text

    def member_of_cookie(self, text: str) -> str | None:
        """Return whom the login page's cookie speaks for."""
        return self._cookies.get(text)

    def drop_cookies(self, member_id: str) -> None:
        """End every login-page session of this member."""
        self._cookies = {c: m for c, m in self._cookies.items() if m != member_id}

    def issue_code(self, request: AuthorizeRequest, member_id: str) -> Code:
        """Return a code that yields this member's tokens once."""
        text = self._drawn("authorization code", 48)
        code = Code(text, member_id, request, self._clock.now() + self._settings().code_seconds)
        self._codes[text] = code
        return code

    def spend_code(self, text: str, redirect_uri: str | None, verifier: str | None) -> Code:
        """Return the code and mark it spent; raise OAuthError if anything does not fit.

        A spent code is raised with its family, for the caller to revoke.
        """
        code = self._codes.get(text)
        if code is None or code.expires_at <= self._clock.now():
            raise OAuthError("invalid_grant", "authorization code is not valid")
        if code.spent:
            raise SpentCodeError(code.family)
        # RFC 6749 §4.1.3: present and identical if the request had one.
        if redirect_uri != code.request.redirect_uri:
            raise OAuthError("invalid_grant", "redirectUri is not the one of the request")
        if not verifier or not is_verified(code.request, verifier):
            raise OAuthError("invalid_grant", "codeVerifier does not fit the challenge")
        self._codes[text] = replace(code, spent=True)
        return code

    def remember_family(self, code: Code, family: str | None) -> None:
        """Note which tokens a code has yielded."""
        self._codes[code.text] = replace(self._codes[code.text], family=family)

    def _drawn(self, kind: str, size: int = 32, prefix: str = "") -> str:
        """Return a new secret of this kind, and keep it on record.

        The moment is part of the draw: a browser may hold a cookie of an emulator
        that ran before, and must not find it given to someone else.
        """
        moment = f"{kind} at {self._clock.now():.6f}"
        text = prefix + self._randomness.text(moment, size)
        self._record(kind, text)
        return text


class SpentCodeError(OAuthError):
    """A code presented a second time, with the family that the first use yielded."""

    def __init__(self, family: str | None) -> None:
        super().__init__("invalid_grant", "authorization code was used before")
        self.family = family


def is_verified(request: AuthorizeRequest, verifier: str) -> bool:
    """Tell whether `verifier` hashes to the challenge of `request`."""
    digest = _CHALLENGE_HASHES[request.code_challenge_method](verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return challenge == request.code_challenge.rstrip("=")
