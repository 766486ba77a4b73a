"""Decide who makes a call that carries a token of Wix, and what the frontend is told of it.

1. The token stands once in `Authorization`, bare or behind `Bearer`, and has
   the form of one (RFC 6750 §2.1). Wix alone knows what it means.
2. A caller counts when Wix says that the token is active, was issued for this
   very app (a token of another app is worth nothing here), and for whom: a
   user of the dashboard, a member, a visitor or the app, at one instance.
3. The frontend learns who calls and never the token. What it hands on to call
   Wix as this caller is a sealed handle: only this proxy opens it, for five
   minutes at most, and never for longer than the token lives.
4. A token proves who calls and not that they may: that is the frontend's to say.

Source: Wix's token information (`active`, `clientId`, `subjectType`,
`subjectId`, `instanceId`, `siteId`; numbers may come as texts).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import CallerUnverified, SealError, WixUnavailable
from .exchange import Fields
from .headers import folded, get_all
from .keyring import Keyring

MAX_TOKEN_CHARACTERS = 8_192
# How long an answer of Wix about a token is believed: a revoked token works for as long.
KNOWN_SECONDS = 60
HANDLE_SECONDS = 300
HANDLE_PURPOSE = "caller handle"

IDENTITIES = {"USER": "user", "MEMBER": "member", "VISITOR": "visitor", "APP": "app"}

_TOKEN = re.compile(rb"[A-Za-z0-9._~+/=-]+").fullmatch
_BEARER = re.compile(rb"bearer(?: +|$)", re.IGNORECASE).match
# They go into header fields, so their form is checked.
_ID = re.compile(r"[0-9A-Za-z-]{1,64}").fullmatch
_AUTHORIZATION = b"authorization"
_EXPECTED = "Expected the token that the page was given in one Authorization header, found "


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call, as Wix vouches for it; `id` is None for the app itself."""

    identity: str
    id: str | None
    instance_id: str
    site_id: str | None
    expires_at: int | None

    def known_until(self, now: float) -> float:
        """Return how long this may be believed without asking again."""
        # A token whose end is not told is asked about each time.
        return now if self.expires_at is None else min(now + KNOWN_SECONDS, self.expires_at)


@dataclass(frozen=True, slots=True)
class HeldCaller:
    """A caller and the token that says so, as a handle holds them."""

    token: str = field(repr=False)
    identity: str


def shown_token(fields: Fields) -> str:
    """Return the token of a call; raises `CallerUnverified` without ever repeating it."""
    values = get_all(fields, _AUTHORIZATION)
    if not values:
        raise CallerUnverified(
            f"{_EXPECTED}none. A page at Wix calls with fetchWithAuth() of its own client."
        )
    if len(values) > 1:
        raise CallerUnverified(f"{_EXPECTED}{len(values)}.")
    token = values[0].strip(b" \t")
    if bearer := _BEARER(token):
        token = token[bearer.end() :]
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise CallerUnverified(
            f"{_EXPECTED}{len(token)} characters, which is more than the "
            f"{MAX_TOKEN_CHARACTERS} that a token may have."
        )
    if not _TOKEN(token):
        raise CallerUnverified(f"{_EXPECTED}something that is no token.")
    return token.decode("ascii")


def read_caller(status: int, body: bytes, client_id: str) -> Caller:
    """Return the caller that Wix's token information names.

    Raises `CallerUnverified` for a token that proves nothing here, and
    `WixUnavailable` where Wix did not say.
    """
    told = _told(status, body)
    if told.get("active") is not True:
        raise CallerUnverified("Wix does not know this token, or it has expired.")
    if told.get("clientId") != client_id:
        raise CallerUnverified("This token was issued for another app.")
    identity = IDENTITIES.get(str(told.get("subjectType")))
    subject, instance = _id(told, "subjectId"), _id(told, "instanceId")
    if identity is None or (subject is None and identity != "app"):
        raise CallerUnverified("Wix does not say for whom this token was issued.")
    if instance is None:
        raise CallerUnverified("This token belongs to no installation of the app.")
    # Whether it has expired is Wix's word, by Wix's clock.
    return Caller(identity, subject, instance, _id(told, "siteId"), _seconds(told.get("exp")))


def told_to_frontend(caller: Caller, handle: str | None) -> Fields:
    """Return the fields by which the frontend knows a verified caller."""
    named = {
        b"X-Wix-Caller-Identity": caller.identity,
        b"X-Wix-Caller-Id": caller.id,
        b"X-Wix-Instance-Id": caller.instance_id,
        b"X-Wix-Site-Id": caller.site_id,
        b"X-Wixproxy-Caller": handle,
    }
    return [(name, text.encode("ascii")) for name, text in named.items() if text is not None]


def without_token(fields: Fields) -> Fields:
    """Return a request's fields without `Authorization`, in any spelling that is read as it."""
    return [(name, value) for name, value in fields if folded(name).strip(b"-") != _AUTHORIZATION]


class CallerHandles:
    """Seals and opens the handles of verified callers, for one app."""

    def __init__(self, keyring: Keyring, client_id: str) -> None:
        self._keyring = keyring
        self._bounds = (client_id,)

    def seal(self, caller: Caller, token: str, now: float) -> str:
        """Return the handle that stands for the caller's token."""
        ends_at = int(now) + HANDLE_SECONDS
        if caller.expires_at is not None:
            ends_at = min(ends_at, caller.expires_at)
        value = json.dumps([token, caller.identity, ends_at]).encode()
        return self._keyring.seal(HANDLE_PURPOSE, value, self._bounds)

    def open(self, handle: str, now: float) -> HeldCaller:
        """Return what a handle holds; raises `CallerUnverified` for anything else."""
        try:
            value = self._keyring.open(HANDLE_PURPOSE, handle, self._bounds)
        except SealError:
            raise CallerUnverified(
                "Expected what X-Wixproxy-Caller of a call below site.extensions.backend_paths "
                "held, found something that this proxy did not seal."
            ) from None
        token, identity, ends_at = json.loads(value)
        if now >= ends_at:
            raise CallerUnverified(
                "The call that this X-Wixproxy-Caller came with is long over: it counts for "
                f"{HANDLE_SECONDS} seconds, and no longer than the caller's token."
            )
        return HeldCaller(token, identity)


def _told(status: int, body: bytes) -> dict[str, Any]:
    """Read Wix's answer about a token."""
    if status in (400, 401):
        raise CallerUnverified("Wix does not take this for one of its tokens.")
    try:
        told = json.loads(body.decode("utf-8")) if status == 200 else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise WixUnavailable(f"Wix answered {status} when asked who makes this call.")
    return told


def _id(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) and _ID(value) else None


def _seconds(value: Any) -> int | None:
    """Read a time that may be a number or, because it has 64 bits, a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if type(value) is int else None
