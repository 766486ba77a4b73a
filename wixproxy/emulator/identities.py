"""Decide who may log in or sign up, and which state that leaves them in.

Law: a password is checked before anything else is told. What keeps a member
out afterwards is a state, not an error: verification first, then approval.
Codes are the numeric ones, since Wix's client knows no others.

Source: Wix "Handle Members with a Custom Login Page", constants and typings of
Wix's identity packages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from .apis.members import on_the_wire
from .callers import is_same_secret
from .changes import MEMBER_CREATED, Change
from .errors import ApplicationError, ValidationError, Violation
from .state import SiteMember, State

LoginState = Literal[
    "SUCCESS", "REQUIRE_OWNER_APPROVAL", "REQUIRE_EMAIL_VERIFICATION", "STATUS_CHECK"
]

NO_SUCH_EMAIL = "-19999"
EMAIL_EXISTS = "-19995"
WRONG_PASSWORD = "-19976"  # noqa: S105  a code, not a password
RESET_PASSWORD = "-19973"  # noqa: S105
CAPTCHA_MISSING = "-19971"
CAPTCHA_INVALID = "-19970"

VERIFICATION_REASON = "PENDING_EMAIL_VERIFICATION_REQUIRED"
APPROVAL_REASON = "PENDING_ADMIN_APPROVAL_REQUIRED"
PASSWORD_CHARACTERS = (4, 100)

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_OWN_FIELDS = frozenset({"firstName", "lastName", "nickname"})


@dataclass(frozen=True)
class Outcome:
    """Where a login or sign-up stands."""

    state: LoginState
    member: SiteMember


def log_in(state: State, email: str, password: str) -> Outcome:
    """Check a password; raise ApplicationError with Wix's numeric code if it does not fit."""
    member = state.member_by_email(email)
    if member is None:
        raise ApplicationError(404, NO_SUCH_EMAIL, "Identity not found")
    if not is_same_secret(password, member.password):
        raise ApplicationError(401, WRONG_PASSWORD, "Invalid password")
    if member.must_reset_password:
        raise ApplicationError(403, RESET_PASSWORD, "The password must be reset")
    return Outcome(standing(member), member)


def register(state: State, email: str, password: str, profile: Mapping[str, Any]) -> Outcome:
    """Add a member; raise ValidationError or ApplicationError 409 if that cannot be."""
    check_registration(email, password)
    if state.member_by_email(email) is not None:
        raise ApplicationError(409, EMAIL_EXISTS, "A member with this email exists already")
    now = state.clock.now()
    first_name = str(profile.get("firstName") or "")
    member = SiteMember(
        id=state.randomness.guid("member"),
        email=email.strip(),
        password=password,
        first_name=first_name,
        last_name=str(profile.get("lastName") or ""),
        nickname=str(profile.get("nickname") or first_name or email.partition("@")[0]),
        email_verified=False,
        created_at=now,
        updated_at=now,
        extra={k: v for k, v in profile.items() if k not in _OWN_FIELDS},
    )
    if state.settings.email_verification:
        member.pending_reasons.append(VERIFICATION_REASON)
    if state.settings.owner_approval:
        member.pending_reasons.append(APPROVAL_REASON)
    if member.pending_reasons:
        member.status = "PENDING"
    state.members[member.id] = member
    entity = on_the_wire(member, "FULL")
    state.report(Change(MEMBER_CREATED, member.id, entity, "member", member.id))
    return Outcome(standing(member), member)


def is_email(text: str) -> bool:
    """Tell whether `text` has the form of an e-mail address."""
    return _EMAIL.fullmatch(text.strip()) is not None


def check_registration(email: str, password: str) -> None:
    """Raise ValidationError unless this e-mail address and password can be registered."""
    violations = []
    if not is_email(email):
        # Wix's client finds this violation by data.type.
        violations.append(
            Violation("loginId.email", "is not a valid email", "FORMAT", {"type": "EMAIL"})
        )
    violations += _password_violations(password, "password")
    if violations:
        raise ValidationError(violations)


def standing(member: SiteMember) -> LoginState:
    """Tell whether a member whose password fits may come in."""
    if member.status == "BLOCKED":
        return "STATUS_CHECK"
    if VERIFICATION_REASON in member.pending_reasons:
        return "REQUIRE_EMAIL_VERIFICATION"
    if member.status == "PENDING":
        return "REQUIRE_OWNER_APPROVAL"
    return "SUCCESS"


def admit(member: SiteMember, *, verified: bool = False, approved: bool = False) -> None:
    """Take away what kept a member out: the unproven address, the missing approval."""
    if verified:
        member.email_verified = True
    settled = {VERIFICATION_REASON: verified or approved, APPROVAL_REASON: approved}
    was_pending = bool(member.pending_reasons)
    member.pending_reasons = [r for r in member.pending_reasons if not settled.get(r)]
    if member.status == "PENDING" and (approved or (was_pending and not member.pending_reasons)):
        member.status = "ACTIVE"


def check_password(password: str, field: str = "password") -> None:
    """Raise ValidationError unless this can be a password."""
    violations = _password_violations(password, field)
    if violations:
        raise ValidationError(violations)


def identity_json(member: SiteMember) -> dict[str, Any]:
    """Return the identity as the authentication API shows it."""
    status = {"APPROVED": "ACTIVE"}.get(member.status, member.status)
    reasons = member.pending_reasons or ([APPROVAL_REASON] if status == "PENDING" else [])
    return {
        "id": member.id,
        "revision": "1",
        "createdDate": wire_time(member.created_at),
        "updatedDate": wire_time(member.updated_at),
        "identityProfile": {
            "firstName": member.first_name,
            "lastName": member.last_name,
            "nickname": member.nickname,
            **member.extra,
        },
        "email": {"address": member.email, "isVerified": member.email_verified},
        "status": {"name": status, "reasons": list(reasons)},
    }


def wire_time(seconds: float) -> str:
    """Return epoch seconds as Wix writes a moment: UTC, milliseconds, Z."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _password_violations(password: str, field: str) -> list[Violation]:
    least, most = PASSWORD_CHARACTERS
    if least <= len(password) <= most:
        return []
    rule, threshold = ("MIN_LENGTH", least) if len(password) < least else ("MAX_LENGTH", most)
    text = f"must have {least} to {most} characters"
    return [Violation(field, text, rule, {"threshold": threshold})]
