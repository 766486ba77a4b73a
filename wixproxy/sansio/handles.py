"""Put sealed handles in the place of credentials that Wix hands to a page.

Wix's own client code logs a member in by carrying a session token, a state
token or a code from one call to the next. Here it carries a handle: text that
only this proxy opens, only for the session that got it, and only for ten
minutes. To the page it is as opaque as the credential was. With the credential
stands the account that it is for, where that is known: whoever tries codes
for it is counted by that.
Source: Wix: `sessionToken` and `stateToken` of the identity calls, `code` of
the authorization request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import SealError
from .keyring import Keyring

PURPOSE = "credential handle"
HANDLE_SECONDS = 600
PREFIX = "wixproxy."

# Fields of Wix's answers and requests that hold a credential, by their folded names:
# Wix's JSON readers take `session_token` for `sessionToken`.
SESSION_TOKEN, STATE_TOKEN = "sessionToken", "stateToken"
CREDENTIAL_FIELDS = {"sessiontoken": SESSION_TOKEN, "statetoken": STATE_TOKEN}


class Handles:
    """Seals and opens the handles of one session."""

    def __init__(self, keyring: Keyring, bound_to: Sequence[str], session_id: str) -> None:
        self._keyring = keyring
        self._bound_to = tuple(bound_to)
        self._session_id = session_id

    def seal(self, kind: str, credential: str, now: float, account: str = "") -> str:
        """Return the handle for a credential of this kind."""
        value = json.dumps([credential, int(now), account]).encode()
        return PREFIX + self._keyring.seal(PURPOSE, value, self._bounds(kind))

    def open(self, kind: str, handle: str, now: float) -> str:
        """Return the credential; raises `SealError` for anything that is no handle of it."""
        return self._read(kind, handle, now)[0]

    def account(self, kind: str, handle: str, now: float) -> str:
        """Return whose the credential is, or ""; raises `SealError` as `open` does."""
        return self._read(kind, handle, now)[1]

    def sealed(self, values: Any, now: float, account: str = "") -> Any:
        """Return JSON values with a handle in the place of each credential, at any depth."""
        return _replaced(values, lambda kind, text: self.seal(kind, text, now, account))

    def opened(self, values: Any, now: float) -> Any:
        """Return JSON values with the credentials in the place of their handles.

        Raises `SealError` for a handle of another session, or a bare credential.
        """
        return _replaced(values, lambda kind, text: self.open(kind, text, now))

    def _read(self, kind: str, handle: str, now: float) -> tuple[str, str]:
        value = self._keyring.open(PURPOSE, handle.removeprefix(PREFIX), self._bounds(kind))
        credential, sealed_at, account = json.loads(value)
        if now - sealed_at >= HANDLE_SECONDS:
            raise SealError(f"the handle is older than {HANDLE_SECONDS} seconds")
        return str(credential), str(account)

    def _bounds(self, kind: str) -> tuple[str, ...]:
        return (kind, self._session_id, *self._bound_to)


def credential_kind(name: str) -> str | None:
    """Return the kind of credential that a field of this name holds, in any spelling."""
    return CREDENTIAL_FIELDS.get(name.replace("_", "").replace("-", "").casefold())


def _replaced(values: Any, replace: Any) -> Any:
    if isinstance(values, dict):
        return {
            name: replace(kind, value)
            if (kind := credential_kind(name)) and isinstance(value, str) and value
            else _replaced(value, replace)
            for name, value in values.items()
        }
    if isinstance(values, list):
        return [_replaced(value, replace) for value in values]
    return values
