"""Read what Wix's identity service says to a login, sign-up, code or recovery, in our words.

An unknown e-mail address and a wrong password are one answer, because which
addresses have an account is nobody's business. Whatever is not known is a
failure, and never a success. A page learns what happened from its query.
Source: Wix: the states of the identity calls, and the numeric codes in
`details.applicationError.code`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from .identity_calls import Tried

SUCCESS = "SUCCESS"
INVALID_CREDENTIALS, INVALID_INPUT = "invalid_credentials", "invalid_input"
LOGIN_FAILED, EXPIRED = "login_failed", "verification_expired"

# States that are no success, and what the page is told.
_STATES = {
    "REQUIRE_OWNER_APPROVAL": "owner_approval_required",
    "REQUIRE_EMAIL_VERIFICATION": "email_verification_required",
}
UNKNOWN_ADDRESS, WRONG_PASSWORD = "-19999", "-19976"
_CODES = {
    UNKNOWN_ADDRESS: INVALID_CREDENTIALS,
    WRONG_PASSWORD: INVALID_CREDENTIALS,
    "-19973": "password_reset_required",
    "-19995": "email_already_exists",
    "-19971": "captcha_required",
    "-19970": "captcha_invalid",
    "DUPLICATE_EMAIL": "email_already_exists",
    "CAPTCHA_TOKEN_REQUIRED": "captcha_required",
    "RECAPTCHA_REQUIRED": "captcha_required",
    "MISSING_CAPTCHA_TOKEN": "captcha_required",
    "INVALID_CAPTCHA_TOKEN": "captcha_invalid",
    "RECAPTCHA_FAILED": "captcha_invalid",
    "THROTTLED_FEATURE": "too_many_requests",
    "VERIFICATION_FAILED": "verification_failed",
}

ERRORS = frozenset(
    {*_STATES.values(), *_CODES.values(), INVALID_CREDENTIALS, INVALID_INPUT, LOGIN_FAILED, EXPIRED}
)
"""All that a page may be told of what Wix said."""

# Fields of a form, by what Wix calls the token in them; the last is the one that
# Google's widget puts into the form that it stands in.
CAPTCHA_FIELDS = {
    "recaptchaToken": "Recaptcha",
    "invisibleRecaptchaToken": "InvisibleRecaptcha",
    "g-recaptcha-response": "Recaptcha",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a session token, or a code for the page and perhaps a state token."""

    session_token: str | None = field(default=None, repr=False)
    error: str | None = None
    state_token: str | None = field(default=None, repr=False)


def outcome(status: int, values: Mapping[str, Any]) -> Outcome:
    """Return what an answer of the identity service means."""
    if status != 200:
        return Outcome(error=_refusal(status, values))
    state = values.get("state")
    token = values.get("sessionToken")
    if state == SUCCESS and isinstance(token, str) and token:
        return Outcome(session_token=token)
    state_token = values.get("stateToken")
    return Outcome(
        error=_STATES.get(str(state), LOGIN_FAILED),
        state_token=state_token if isinstance(state_token, str) else None,
    )


def as_for_everybody(
    tried: Tried, status: int, values: Mapping[str, Any]
) -> tuple[int, Mapping[str, Any]]:
    """Return Wix's answer to an identity call without what tells whether there is an account.

    An address that nobody has is one with a wrong password, and gets its mail like any other.
    """
    if tried == "mail" and status == 404:
        return 200, {}
    unknown = tried == "password" and status == 404
    if not unknown and _code(values) not in (UNKNOWN_ADDRESS, WRONG_PASSWORD):
        return status, values
    said = "The email address or the password is wrong"
    error = {"code": WRONG_PASSWORD, "description": said, "data": {}}
    return 401, {"message": said, "details": {"applicationError": error}}


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a form ends, and what the page there is told.

    `error` is None for success; `state` is the handle of a pending
    verification; `retry_after` is in seconds.
    """

    error: str | None = None
    state: str | None = field(default=None, repr=False)
    retry_after: int | None = None

    def with_state(self, state: str) -> Landing:
        """Return the same with the handle of a pending verification."""
        return replace(self, state=state)

    def values(self, identity: str) -> dict[str, str]:
        """Return what a script is told."""
        if self.error is None:
            return {"identity": identity}
        return {"error": self.error, **({"state": self.state} if self.state else {})}

    def address(self, url: str) -> str:
        """Return a page's address with what happened in its query, before its fragment."""
        told = {"error": self.error, "state": self.state, "retryAfter": self.retry_after}
        query = "&".join(
            f"{name}={quote(str(value), safe='')}"
            for name, value in told.items()
            if value is not None
        )
        if not query:
            return url
        path, mark, fragment = url.partition("#")
        return path + ("&" if "?" in path else "?") + query + mark + fragment


def captcha_tokens(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the part of an identity call that holds the form's answers to captchas."""
    tokens = [{kind: form[name]} for name, kind in CAPTCHA_FIELDS.items() if form.get(name)]
    return {"captchaTokens": tokens[:1]} if tokens else {}


def _refusal(status: int, values: Mapping[str, Any]) -> str:
    code = _code(values)
    if code in _CODES:
        return _CODES[code]
    details = values.get("details")
    if isinstance(details, Mapping) and isinstance(details.get("validationError"), Mapping):
        return INVALID_INPUT
    return INVALID_CREDENTIALS if status in (401, 404) else LOGIN_FAILED


def _code(values: Mapping[str, Any]) -> str:
    details = values.get("details")
    error = details.get("applicationError") if isinstance(details, Mapping) else None
    return str(error.get("code")) if isinstance(error, Mapping) else ""
