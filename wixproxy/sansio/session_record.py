"""Write a session down for a store that others may read: only its cookie leads to it.

1. The id in the browser's cookie is 256 random bits. The name of the record
   and the key that seals it are both derived from the id, so a copy of the
   store names nobody and opens nothing (oauth2-proxy's tickets do likewise).
2. Name and key are bound to the deployment: a cookie of another origin or
   project finds nothing here, also where they share a store.
3. The version stands in the clear, in a form whose text order is the order
   of versions, so that the store itself can keep an older one from
   overwriting a newer one. What marks an end is newer than every version.
4. An end may name what took the session's place. That, too, opens with the
   ended session's id alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import SealError
from .ends import End
from .keyring import KEY_BYTES, Key, Keyring
from .session import LOGIN_STARTS_KEPT, Session, decode, encode

PURPOSE = "session record"
SEPARATOR = "|"

_ID = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch
_DIGITS = 20
# Digits alone, because Redis compares texts by its locale, and all of those agree on digits.
ENDED_VERSION = "9" * (3 + LOGIN_STARTS_KEPT) * _DIGITS


class Record:
    """The place of one session in a store; `name` tells nothing about its id."""

    __slots__ = ("_bound_to", "_id", "_ring", "name")

    def __init__(self, session_id: str, bound_to: Sequence[str]) -> None:
        self._id = session_id
        self._bound_to = tuple(bound_to)
        self.name = _derived(session_id, "name", bound_to).hex()
        self._ring = Keyring([Key(_derived(session_id, "key", bound_to))])

    def written(self, session: Session) -> str:
        """Return the record's text for this version of the session."""
        return self._sealed(version_text(session), encode(session))

    def ended(self, end: End) -> str:
        """Return the record's text for the end of the session."""
        values: dict[str, str] = {"k": end.identity}
        if end.successor is not None:
            values["s"] = encode(end.successor).decode()
        return self._sealed(ENDED_VERSION, json.dumps(values).encode())

    def read(self, text: str) -> Session | End:
        """Return what was written.

        Raises `SealError` for a text that was altered, moved from another
        record, or written by a version of wixproxy with another form.
        """
        version, separator, sealed = text.partition(SEPARATOR)
        if not separator:
            raise SealError("expected <version>|<sealed bytes>")
        data = self._ring.open(PURPOSE, sealed, (self.name, version, *self._bound_to))
        try:
            if version == ENDED_VERSION:
                return _end(json.loads(data))
            session = decode(data)
        except (ValueError, KeyError, TypeError) as error:
            raise SealError("the record holds no session of this form") from error
        if session.id != self._id:
            raise SealError("the record holds another session")
        return session

    def _sealed(self, version: str, data: bytes) -> str:
        sealed = self._ring.seal(PURPOSE, data, (self.name, version, *self._bound_to))
        return f"{version}{SEPARATOR}{sealed}"


def is_session_id(text: str) -> bool:
    """Tell whether the text has the form of a session's id."""
    return _ID(text) is not None


def version_text(session: Session) -> str:
    """Return the version so that comparing two texts compares two versions of one session."""
    generation, touched_at, starts, at_wix_since = session.version
    padded = [*starts, *[0] * (LOGIN_STARTS_KEPT - len(starts))]
    numbers = (generation, touched_at, *padded, at_wix_since)
    return "".join(f"{number:0{_DIGITS}d}" for number in numbers)


def _end(values: dict[str, str]) -> End:
    successor = values.get("s")
    return End(
        "member" if values["k"] == "member" else "visitor",
        None if successor is None else decode(successor.encode()),
    )


def _derived(session_id: str, use: str, bound_to: Sequence[str]) -> bytes:
    """Derive bytes from the id, which is a key already: it is random (RFC 5869 §3.3)."""
    info = json.dumps(["wixproxy session record", use, *bound_to]).encode()
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(
        session_id.encode("ascii")
    )
