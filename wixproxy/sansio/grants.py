"""Write grants for Wix's token endpoint, and read its answers.

An answer is one of three: tokens, a refusal that is final, or no answer. Only
the `error` field of a 4xx JSON body refuses (RFC 6749 §5.2); a timeout, a 5xx,
a page of HTML or numbers that make no sense are no answer, because nobody may
lose a session over them. Wix: parameters are camelCase in JSON, the answer is
snake_case, and a refresh may or may not return a new refresh token.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import GrantRejected, WixUnavailable, quoted
from .redaction import Secret
from .tokens import Tokens

MAX_ANSWER_BYTES = 64 * 1024
MIN_LIFETIME_SECONDS = 1
MAX_LIFETIME_SECONDS = 30 * 24 * 3600

_TOKEN = re.compile(r"[\x21-\x7e]+")
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def anonymous(client_id: str) -> dict[str, str]:
    """Ask for a new visitor."""
    return {"clientId": client_id, "grantType": "anonymous"}


def refresh(client_id: str, tokens: Tokens) -> dict[str, str]:
    """Ask for new tokens of the same identity."""
    return {
        "clientId": client_id,
        "grantType": "refresh_token",
        "refreshToken": tokens.refresh,
    }


def authorization_code(
    client_id: str, code: str, verifier: str, redirect_uri: str | None
) -> dict[str, str]:
    """Ask for a member's tokens, with the proof that this login began here (RFC 7636).

    The redirect URI is the one of the authorization request, if that had one.
    """
    body = {
        "clientId": client_id,
        "grantType": "authorization_code",
        "code": code,
        "codeVerifier": verifier,
    }
    if redirect_uri is not None:
        body["redirectUri"] = redirect_uri
    return body


def client_credentials(client_id: str, secret: Secret, instance_id: str | None) -> dict[str, str]:
    """Ask for the app's own token, for one of its installations; the body holds the secret."""
    body = {
        "client_id": client_id,
        "client_secret": secret.reveal(),
        "grant_type": "client_credentials",
    }
    if instance_id is not None:
        body["instance_id"] = instance_id
    return body


def strip_bound_session(secret: Secret, access_token: str) -> dict[str, str]:
    """Ask for a token of the same identity that is bound to no browser; it holds the secret."""
    return {
        "client_secret": secret.reveal(),
        "access_token": access_token,
        "grant_type": "strip_bound_session",
    }


def read_answer(status: int, body: bytes, now: float, *, replaces: Tokens | None = None) -> Tokens:
    """Return the tokens of an answer.

    Without a refresh token in it, the one of `replaces` stays in use. Raises
    `GrantRejected` when Wix refused for good, else `WixUnavailable`.
    """
    values = _granted(status, body)
    lifetime = _lifetime(values.get("expires_in"))
    return Tokens(
        access=_token(values, "access_token", None),
        refresh=_token(values, "refresh_token", replaces.refresh if replaces else None),
        expires_at=int(now) + lifetime,
        lifetime_seconds=lifetime,
    )


def read_app_answer(status: int, body: bytes, now: float) -> Tokens:
    """Return the app's token, which no refresh token comes with; raises as `read_answer`."""
    values = _granted(status, body)
    lifetime = _lifetime(values.get("expires_in"))
    return Tokens(_token(values, "access_token", None), "", int(now) + lifetime, lifetime)


def _granted(status: int, body: bytes) -> dict[str, Any]:
    """Return the values of an answer that grants something."""
    values = _object(status, body)
    if status != 200:
        error = values.get("error")
        if 400 <= status < 500 and isinstance(error, str) and _ERROR.fullmatch(error):
            raise GrantRejected(f"Wix refused the grant: {error}", error=error)
        raise WixUnavailable(
            f"Wix's token endpoint answered {status}, not 200 with tokens or 400 with an error."
        )
    token_type = values.get("token_type", "Bearer")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise WixUnavailable("Wix's token endpoint issued a token type other than Bearer")
    return values


def _object(status: int, body: bytes) -> dict[str, Any]:
    """Read a JSON object in which no name stands twice."""
    if len(body) > MAX_ANSWER_BYTES:
        raise WixUnavailable(f"Wix's token endpoint answered more than {MAX_ANSWER_BYTES} bytes")
    try:
        values = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise WixUnavailable(
            f"Wix's token endpoint answered {status} with something that is not JSON"
        ) from None
    if not isinstance(values, dict):
        raise WixUnavailable(f"Wix's token endpoint answered {status} with JSON but no object")
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name stands twice")
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _token(values: dict[str, Any], name: str, otherwise: str | None) -> str:
    value = values.get(name)
    if value is None and otherwise is not None:
        return otherwise
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise WixUnavailable(f"Wix's token endpoint answered 200 without a usable {name}")
    return value


def _lifetime(value: Any) -> int:
    """Read `expires_in`: seconds, as a number or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if type(value) is not int or not MIN_LIFETIME_SECONDS <= value <= MAX_LIFETIME_SECONDS:
        raise WixUnavailable(
            "Wix's token endpoint answered 200 with expires_in "
            f"{quoted(str(value))}, expected at most {MAX_LIFETIME_SECONDS} seconds"
        )
    return value
