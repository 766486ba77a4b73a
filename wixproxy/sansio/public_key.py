"""Read the public keys that Wix's signatures are checked with.

A key is RSA of at least 2048 bits, and public: a private key in its place is
refused, since whoever can write it here has shown it to too many already.
What is refused is never quoted.

Source: Wix: the app's dashboard shows the key as PEM, and WIX_CLIENT_PUBLIC_KEY
holds PEM or base64 of the PEM; RFC 7518 §3.3 (RS256 and the size of its key).
"""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MIN_KEY_BITS = 2048
MAX_KEY_CHARACTERS = 16 * 1024

_BEGIN = "-----BEGIN "


def read_public_key(text: str) -> rsa.RSAPublicKey:
    """Read PEM or base64 of a PEM; raises `ValueError` with a sentence that does not quote it.

    A backslash with an n stands for a line break, as in variables that hold one line.
    """
    pem = _pem(text)
    if "PRIVATE KEY-----" in pem:
        raise ValueError(
            "expected a public key, found a private one. Copy the public key of the app, and make "
            "a new pair if the private one is yours"
        )
    try:
        key = serialization.load_pem_public_key(pem.encode("ascii", "replace"))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(_refusal(f"{len(text)} characters of another form")) from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError(_refusal("a key of another kind"))
    if key.key_size < MIN_KEY_BITS:
        raise ValueError(_refusal(f"one of {key.key_size}"))
    return key


def pem_text(key: rsa.RSAPublicKey) -> str:
    """Return the key as PEM."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")


def _pem(text: str) -> str:
    text = text.strip()[:MAX_KEY_CHARACTERS].replace("\\n", "\n")
    if text.startswith(_BEGIN):
        return text
    try:
        # Line breaks within base64 are no part of it.
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii").strip()
    except (binascii.Error, ValueError):
        return text


def _refusal(found: str) -> str:
    return (
        f"expected an RSA public key of at least {MIN_KEY_BITS} bits, as PEM with its lines "
        f'("{_BEGIN}PUBLIC KEY-----" and so on) or as base64 of that PEM, found {found}'
    )
