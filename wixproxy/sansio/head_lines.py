"""Write header fields as lines, so that no value can break out of its own.

The bytes are those that came; what the law here refuses never came by a parser
of ours, so it is a fault of ours (RFC 9110 §5.5, RFC 9112 §11.1).
"""

from __future__ import annotations

import re

from .exchange import Fields

_UNWRITABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
# In a block of lines, whose ends are counted.
_UNWRITABLE_IN_LINES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search


def field_lines(fields: Fields) -> bytes:
    """Return the fields as lines; raises `AssertionError` for a control character in one."""
    lines = b"\r\n".join([*map(b": ".join, fields), b""])
    count = len(fields)
    if lines.count(b"\n") != count or lines.count(b"\r") != count or _UNWRITABLE_IN_LINES(lines):
        name = next(name for name, value in fields if _UNWRITABLE(name) or _UNWRITABLE(value))
        raise AssertionError(f"the field {name!r} holds a control character")
    return lines
