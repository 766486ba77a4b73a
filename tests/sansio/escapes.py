"""Write a path in another spelling: once more escaped, with escapes that need not be."""

from __future__ import annotations

from urllib.parse import quote


def escaped(path: str, mask: int) -> str:
    """Return the path escaped, and with it those letters whose bit is set in the mask."""
    letters = enumerate(quote(path))
    return "".join(
        f"%{ord(letter):02x}" if letter != "/" and mask >> place % 64 & 1 else letter
        for place, letter in letters
    )
