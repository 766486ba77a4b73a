"""Decide what a call of Wix's identity service tries, and for whose account.

Each of the calls below is limited by what it tries: a password, a code, or a
mail that Wix sends. The account is read as Wix's JSON readers read it, which
take `login_id` for `loginId`; a body that could name two is refused, or one
would be counted and the other tried.

Source: Wix: the identity calls of `@wix/sdk` and `@wix/identity`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from ..errors import CallRefused, quoted
from .call_rules import folded_path
from .handles import STATE_TOKEN

Tried = Literal["password", "code", "mail"]

# Calls whose answers hold a session or state token, or that have a mail sent; Wix maps the
# first two with and without "/_api".
IDENTITY_CALLS: Mapping[bytes, Tried] = {
    b"/_api/iam/authentication/v2/login": "password",
    b"/_api/iam/authentication/v2/register": "password",
    b"/_api/iam/verification/v1/auth/verify": "code",
    b"/_api/iam/verification/v1/auth/resend": "mail",
    b"/_api/iam/recovery/v1/recover": "code",
    b"/_api/iam/recovery/v1/send-email": "mail",
    b"/iam/authentication/v2/login": "password",
    b"/iam/authentication/v2/register": "password",
}

_SENDS_MAIL = re.compile(rb"(?:/_api)?/iam/(?:recovery|verification)/.*", re.DOTALL).fullmatch


def sends_mail(path: bytes) -> bool:
    """Tell whether an ordinary call may have Wix send a mail, however its path is spelled."""
    return _SENDS_MAIL(folded_path(path)) is not None


def account_of(tried: Tried, values: Mapping[str, Any]) -> str | None:
    """Return the e-mail address, or whatever else, whose password or mail box the body names.

    What it says to a code belongs to the account of its state token; so does a
    mail with one. Raises `CallRefused` for a body that names two.
    """
    if tried == "code":
        return None
    named = field_of(values, "loginId") if tried == "password" else values
    if not isinstance(named, Mapping):
        return None
    email = field_of(named, "email")
    if tried == "mail" and email is not None and field_of(values, STATE_TOKEN) is not None:
        raise CallRefused(f"The body names both an email and a {STATE_TOKEN}; name one.")
    if isinstance(email, str):
        return email
    return json.dumps(named, sort_keys=True) if tried == "password" else None


def field_of(values: Mapping[str, Any], name: str) -> Any:
    """Return a field in whichever spelling it has; raises `CallRefused` when it has two."""
    found = [value for key, value in values.items() if _folded(key) == _folded(name)]
    if len(found) > 1:
        raise CallRefused(f"The body names {quoted(name)} twice, in two spellings; name it once.")
    return found[0] if found else None


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
