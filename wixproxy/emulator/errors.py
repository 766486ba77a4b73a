"""Refuse a call in the words Wix uses.

::

    WixError                 a status and a JSON body
    ├── ApplicationError     details.applicationError: code, description, data
    ├── ValidationError 400  details.validationError: field violations
    └── OAuthError           RFC 6749 §5.2: error, error_description

Law: every violation has a `data` object, because Wix's client reads it without
looking. A code is always a string, the numeric ones of identity too.

Source: Wix "About Errors"; RFC 6749 §5.2.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web


class WixError(Exception):
    """A refusal with its HTTP status and its JSON body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self) -> dict[str, Any]:
        """Return the JSON body; a system error has empty details on purpose."""
        return {"message": self.message, "details": {}}


class ApplicationError(WixError):
    """A refusal with a code that a program can read."""

    def __init__(
        self, status: int, code: str, description: str, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(status, description)
        self.code = code
        self.data = dict(data or {})

    def body(self) -> dict[str, Any]:
        """Return Wix's application error."""
        error = {"code": self.code, "description": self.message, "data": self.data}
        return {"message": self.message, "details": {"applicationError": error}}


@dataclass(frozen=True)
class Violation:
    """One field that breaks one rule, as Wix reports it."""

    field: str
    description: str
    rule: str = "OTHER"
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class ValidationError(WixError):
    """A request whose fields are missing, malformed or not understood."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        text = "; ".join(f"{v.field} {v.description}".strip() for v in violations)
        super().__init__(400, text)
        self.violations = tuple(violations)

    def body(self) -> dict[str, Any]:
        """Return Wix's validation error."""
        found = [
            {
                "field": v.field,
                "description": v.description,
                "violatedRule": v.rule,
                "ruleName": v.rule,
                "data": dict(v.data),
            }
            for v in self.violations
        ]
        return {"message": self.message, "details": {"validationError": {"fieldViolations": found}}}


class OAuthError(WixError):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(status, description)
        self.error = error

    def body(self) -> dict[str, Any]:
        """Return the error of RFC 6749."""
        return {"error": self.error, "error_description": self.message}


def unauthenticated(description: str = "The call carries no valid token") -> ApplicationError:
    """Return the 401 for a missing, unknown or expired token."""
    return ApplicationError(401, "UNAUTHENTICATED", description)


def permission_denied(
    description: str = "Permission denied", code: str = "PERMISSION_DENIED"
) -> ApplicationError:
    """Return the 403 for an identity that may not make this call."""
    return ApplicationError(403, code, description)


def not_found(description: str, code: str = "NOT_FOUND") -> ApplicationError:
    """Return the 404 for an entity that does not exist for this caller."""
    return ApplicationError(404, code, description)


def invalid(field_name: str, description: str, rule: str = "OTHER", **data: Any) -> ValidationError:
    """Return the 400 for one field."""
    return ValidationError([Violation(field_name, description, rule, data)])


async def json_object(request: web.Request) -> dict[str, Any]:
    """Read the body as a JSON object, an empty body as `{}`; raise ValidationError otherwise."""
    try:
        # JSON has no charset parameter (RFC 8259 §11), so what one says is not read.
        body = await request.read()
        value = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise invalid("", f"the body is not JSON: {error}", "FORMAT") from None
    if not isinstance(value, dict):
        raise invalid("", "the body is not a JSON object", "FORMAT")
    return value
