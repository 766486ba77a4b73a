"""Put sealed handles in the place of credentials that Wix hands to a page.

Wix's own client code logs a member in by carrying a session token, a state
token or a code from one call to the next. Here it carries a handle: text that
only this proxy opens, only for the session that got it, and only for ten
minutes. To the page it is as opaque as the credential was.
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
CREDENTIAL_FIELDS = {"sessiontoken": "sessionToken", "statetoken": "stateToken"}


class Handles:
    """Seals and opens the handles of one session."""

    def __init__(self, keyring: Keyring, bound_to: Sequence[str], session_id: str) -> None:
        self._keyring = keyring
        self._bound_to = tuple(bound_to)
        self._session_id = session_id

    def seal(self, kind: str, credential: str, now: float) -> str:
        """Return the handle for a credential of this kind."""
        value = json.dumps([credential, int(now)]).encode()
        return PREFIX + self._keyring.seal(PURPOSE, value, self._bounds(kind))

    def open(self, kind: str, handle: str, now: float) -> str:
        """Return the credential; raises `SealError` for anything that is no handle of it."""
        value = self._keyring.open(PURPOSE, handle.removeprefix(PREFIX), self._bounds(kind))
        credential, sealed_at = json.loads(value)
        if now - sealed_at >= HANDLE_SECONDS:
            raise SealError(f"the handle is older than {HANDLE_SECONDS} seconds")
        return str(credential)

    def sealed(self, values: Any, now: float) -> Any:
        """Return JSON values with a handle in the place of each credential, at any depth."""
        return _replaced(values, lambda name, text: self.seal(name, text, now))

    def opened(self, values: Any, now: float) -> Any:
        """Return JSON values with the credentials in the place of their handles.

        Raises `SealError` for a handle of another session, or a bare credential.
        """
        return _replaced(values, lambda name, text: self.open(name, text, now))

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
