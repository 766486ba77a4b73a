"""Draw ids and secrets that are the same for the same seed and the same calls.

Law: each purpose counts on its own, so a call in one area never changes what
another area draws. Nothing here is secret from anyone who knows the seed;
that is the point of an emulator and the reason never to expose one.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections import Counter


def derived(seed: str, purpose: str, number: int, size: int = 32) -> bytes:
    """Return `size` bytes that depend on the arguments alone."""
    label = f"{len(seed)}:{seed}|{len(purpose)}:{purpose}|{number}"
    return hashlib.shake_256(label.encode()).digest(size)


def constant_guid(seed: str, purpose: str) -> str:
    """Return the one GUID that `purpose` has under this seed."""
    return str(uuid.UUID(bytes=derived(seed, purpose, 0, 16), version=4))


class Randomness:
    """A numbered sequence of draws for each purpose under one seed."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._drawn: Counter[str] = Counter()

    def octets(self, purpose: str, size: int = 32) -> bytes:
        """Return the next `size` bytes of `purpose`."""
        self._drawn[purpose] += 1
        return derived(self.seed, purpose, self._drawn[purpose], size)

    def guid(self, purpose: str) -> str:
        """Return the next GUID of `purpose`, version 4 by its look."""
        return str(uuid.UUID(bytes=self.octets(purpose, 16), version=4))

    def text(self, purpose: str, size: int = 32) -> str:
        """Return the next `size` bytes of `purpose` as unpadded base64url."""
        return base64.urlsafe_b64encode(self.octets(purpose, size)).rstrip(b"=").decode()

    def digits(self, purpose: str, length: int = 6) -> str:
        """Return the next decimal code of `purpose`."""
        return str(int.from_bytes(self.octets(purpose, 8)) % 10**length).zfill(length)

    def reset(self) -> None:
        """Start every sequence again."""
        self._drawn.clear()
