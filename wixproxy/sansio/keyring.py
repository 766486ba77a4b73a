"""Seal bytes for one purpose, and open what any key of the ring has sealed.

1. Sealing is AES-256-GCM with a random 96-bit nonce, under a key that HKDF
   derives for the purpose, so a login attempt never opens as a session.
2. The text reads `<format>.<key id>.<nonce and ciphertext>`. The head is
   clear, because a process must tell "forged" from "sealed by a key that
   I have not been given yet"; it is authenticated all the same.
3. The associated data hold the head, the purpose and whatever the value is
   bound to, each with its length in front (a concatenation without lengths
   lets bytes slide from one field to the next, CVE-2023-35941).
4. The first key seals, every key opens. To rotate: add the new key at the
   end, roll it out everywhere, move it to the front, and drop the old one
   when its last cookie has expired.

Random nonces keep AES-GCM safe for about 2^32 values a key (NIST SP 800-38D
§8.3); at a thousand new cookies a second that is seven weeks, so a site of
that size rotates its keys.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import SealError, UnknownSeal
from .redaction import Secret

KEY_BYTES = 32
KEY_ID_BYTES = 6
NONCE_BYTES = 12
TAG_BYTES = 16
FORMAT = "1"

_HEAD = re.compile(r"([0-9]{1,3})\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]+)")


class Key:
    """One 256-bit key and the id that names it without revealing it."""

    __slots__ = ("_cipher", "_material", "id")

    def __init__(self, material: bytes) -> None:
        if len(material) != KEY_BYTES:
            raise ValueError(f"expected {KEY_BYTES} bytes, found {len(material)}")
        self._material = material
        self._cipher = lru_cache(maxsize=8)(self._derived_cipher)
        self.id = _encoded(_derived(material, "key id", KEY_ID_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Key:
        """Read a key from base64, standard or URL-safe.

        Raises `ValueError` that names the length found, and never the text.
        """
        try:
            material = _decoded(text.strip().replace("+", "-").replace("/", "_").rstrip("="))
        except (binascii.Error, ValueError):
            raise ValueError(
                f"expected {KEY_BYTES} bytes in base64, found text that is not base64"
            ) from None
        if len(material) != KEY_BYTES:
            raise ValueError(f"expected {KEY_BYTES} bytes in base64, found {len(material)}")
        return cls(material)

    @classmethod
    def generate(cls) -> Key:
        """Make a new random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def to_text(self) -> Secret:
        """Return the key as `from_text` reads it."""
        return Secret(base64.b64encode(self._material).decode("ascii"))

    def cipher(self, purpose: str) -> AESGCM:
        """Return the cipher of the key that HKDF derives for `purpose`."""
        return self._cipher(purpose)

    def _derived_cipher(self, purpose: str) -> AESGCM:
        return AESGCM(_derived(self._material, f"purpose {purpose}", KEY_BYTES))

    def digest(self, purpose: str, fields: Sequence[str]) -> str:
        """Return a name for the fields that tells nothing about them without the key."""
        key = _derived(self._material, f"digest {purpose}", KEY_BYTES)
        return hmac.digest(key, _joined(fields), "sha256").hex()

    def __repr__(self) -> str:
        return f"Key(id={self.id!r})"


class Keyring:
    """Ordered keys: the first seals, all of them open."""

    def __init__(self, keys: Sequence[Key]) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        self._keys = {key.id: key for key in reversed(keys)}
        self._first = keys[0]

    def seal(self, purpose: str, value: bytes, bound_to: Sequence[str] = ()) -> str:
        """Encrypt `value` so that only this purpose and these bounds open it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        associated = _associated(FORMAT, self._first.id, purpose, bound_to)
        sealed = self._first.cipher(purpose).encrypt(nonce, value, associated)
        return f"{FORMAT}.{self._first.id}.{_encoded(nonce + sealed)}"

    def open(self, purpose: str, text: str, bound_to: Sequence[str] = ()) -> bytes:
        """Return what was sealed.

        Raises `UnknownSeal` when the head names a key or format that this
        ring does not have, and `SealError` for anything else that was not
        sealed here, for this purpose, with these bounds.
        """
        head = _HEAD.fullmatch(text)
        if head is None:
            raise SealError("expected <format>.<key id>.<sealed bytes>")
        version, key_id, body = head.groups()
        if version != FORMAT:
            raise UnknownSeal(f"sealed in format {version}, this process knows {FORMAT}")
        key = self._keys.get(key_id)
        if key is None:
            raise UnknownSeal(f"sealed by the key {key_id}, which is not in the keyring")
        try:
            blob = _decoded(body)
        except (binascii.Error, ValueError):
            raise SealError("the sealed bytes are not base64url") from None
        if len(blob) < NONCE_BYTES + TAG_BYTES:
            raise SealError("the sealed bytes are shorter than a nonce and a tag")
        associated = _associated(version, key_id, purpose, bound_to)
        try:
            return key.cipher(purpose).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], associated)
        except InvalidTag:
            raise SealError("the sealed bytes were altered, or sealed for something else") from None

    def digest(self, purpose: str, fields: Sequence[str]) -> str:
        """Return the first key's name for the fields."""
        return self._first.digest(purpose, fields)

    def __repr__(self) -> str:
        return f"Keyring(seals={self._first.id!r}, opens={sorted(self._keys)!r})"


def _derived(material: bytes, info: str, length: int) -> bytes:
    """Derive bytes for one use from the key (RFC 5869)."""
    return HKDF(
        algorithm=hashes.SHA256(), length=length, salt=None, info=f"wixproxy {info}".encode()
    ).derive(material)


def _associated(version: str, key_id: str, purpose: str, bound_to: Sequence[str]) -> bytes:
    return _joined((version, key_id, purpose, *bound_to))


def _joined(texts: Sequence[str]) -> bytes:
    """Join the texts, each behind its length in four bytes."""
    fields = [text.encode() for text in texts]
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    """Decode unpadded base64url strictly: one text for one value.

    Spare bits in the last character would let an altered cookie open, so the
    value is encoded again and compared.
    """
    value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encoded(value) != text:
        raise ValueError("not canonical base64url")
    return value
