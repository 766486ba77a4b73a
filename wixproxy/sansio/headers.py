"""Read header fields, and decide which of them travel on.

Names are compared without case (RFC 9110 §5.1), values are bytes and are
never re-encoded. What belongs to one connection stays on it (RFC 9110
§7.6.1).
"""

from __future__ import annotations

from collections.abc import Container

from .exchange import Fields


def get(fields: Fields, name: bytes) -> bytes | None:
    """Return the first value of the field called `name` (lower case), or None."""
    for field_name, value in fields:
        if field_name.lower() == name:
            return value
    return None


def get_all(fields: Fields, name: bytes) -> list[bytes]:
    """Return every value of the field called `name` (lower case), in order."""
    return [value for field_name, value in fields if field_name.lower() == name]


def without(fields: Fields, names: Container[bytes]) -> Fields:
    """Return the fields whose lower-case name is not in `names`."""
    return [field for field in fields if field[0].lower() not in names]


def folded(name: bytes) -> bytes:
    """Return the name as CGI-like servers see it: lower case, `_` and `.` read as `-`.

    A client that sends `X_Wix_Identity` must not be able to speak for us
    towards an upstream that folds the names (CVE-2025-64484).
    """
    return name.lower().replace(b"_", b"-").replace(b".", b"-")
