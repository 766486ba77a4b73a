"""Remember what was decided about a field's name, for each spelling that it comes in.

The same thirty names come with almost every message, and some five questions
are asked about each of them. The same goes for a few short values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# Names are chosen by strangers: honest traffic has some hundreds of them, and short ones.
MAX_SPELLINGS = 1024
MAX_REMEMBERED_BYTES = 64


class Remembered(dict[bytes, T], Generic[T]):
    """What `decide` says of the bytes that came; `remembered[name]` asks it once in a while."""

    __slots__ = ("_decide",)

    def __init__(self, decide: Callable[[bytes], T]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, name: bytes) -> T:
        decided = self._decide(name)
        if len(name) <= MAX_REMEMBERED_BYTES:
            if len(self) >= MAX_SPELLINGS:
                self.clear()
            self[name] = decided
        return decided


LOWER = Remembered(bytes.lower)
"""Names in lower case, by which they are compared (RFC 9110 §5.1)."""
