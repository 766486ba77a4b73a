"""Decide whether Wix signed a message, and whether it is of now.

1. RS256 and nothing else, with a configured key: neither the algorithm nor
   the key is ever taken from the message (RFC 8725 §3.1, §3.8).
2. The signature is judged first; what was not signed is not read.
3. Times are judged here, with the caller's `now`: `exp` and `nbf` where they
   stand, `iat` against the greatest age where `exp` does not.
4. An issuer is Wix and an audience this app; whether both must be named is up to
   the kind of message.
5. A refusal says what was expected and what was found, and never shows the
   message, whose parts may be replayed elsewhere.

Source: RFC 7515, RFC 7519; Wix: one key for each app, as PEM or as base64 of
the PEM text, no key set to look it up in, and no `exp` in some messages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import RSAAlgorithm

from ..errors import WebhookMalformed, WebhookUnverified, quoted

ALGORITHM = "RS256"
ISSUER = "wix.com"
# Events carry whole entities, escaped twice; Wix names no limit.
MAX_MESSAGE_BYTES = 2 * 1024 * 1024
# RFC 7518 §3.3 asks for no less.
MIN_KEY_BITS = 2048
LEEWAY_SECONDS = 60.0

# PyJWT's own reader of whole messages looks at each byte in Python, before any
# signature: 0.1 s for what a stranger may send. Only its algorithm is used.
_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)


@dataclass(frozen=True, slots=True)
class Claims:
    """What Wix signed; `digest` names the message without showing it."""

    values: dict[str, Any] = field(repr=False)
    digest: str


def public_key(text: str) -> RSAPublicKey:
    """Read a public key as Wix's dashboard shows it: PEM, or base64 of the PEM text.

    Raises ValueError with a sentence for anything else.
    """
    stripped = text.strip()
    if "\n" in stripped:
        pem = stripped.encode()
    elif stripped.startswith("-----BEGIN"):
        raise ValueError(
            "expected a PEM with its line breaks, found one squeezed into a single line; "
            "keep the line breaks, or give the base64 of the whole PEM text"
        )
    else:
        try:
            pem = base64.b64decode(stripped, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("expected a PEM, or the base64 of a PEM; found neither") from None
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("expected the PEM of a public key; what was found is none") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("expected an RSA public key, found one of another kind")
    if key.key_size < MIN_KEY_BITS:
        raise ValueError(f"expected an RSA key of {MIN_KEY_BITS} bits, found {key.key_size}")
    return key


def fingerprint(key: RSAPublicKey) -> str:
    """Return a name for a key: the SHA-256 of its modulus, in hexadecimal digits."""
    modulus = key.public_numbers().n
    return hashlib.sha256(modulus.to_bytes((modulus.bit_length() + 7) // 8)).hexdigest()


class Signatures:
    """Verifies messages with any of the app's keys; several, while one is exchanged."""

    def __init__(self, keys: Sequence[RSAPublicKey], *, max_age_seconds: float) -> None:
        self._keys = tuple(keys)
        self._max_age_seconds = max_age_seconds

    def verify(self, message: bytes, now: float) -> Claims:
        """Return what Wix signed; raises `WebhookUnverified`, or `WebhookMalformed`."""
        if len(message) > MAX_MESSAGE_BYTES:
            raise WebhookMalformed(
                f"expected at most {MAX_MESSAGE_BYTES} bytes, found {len(message)}"
            )
        parts = message.strip().split(b".")
        if len(parts) != 3 or not all(parts[:2]):
            raise WebhookMalformed(
                f"expected a JWT, which has three parts, found {len(parts)} in {len(message)} bytes"
            )
        _judge_header(_octets(parts[0], "the header"))
        self._judge_signature(parts[0] + b"." + parts[1], _octets(parts[2], "the signature"))
        values = _object(_octets(parts[1], "the claims"), "the claims")
        self._judge_times(values, now)
        return Claims(values, hashlib.sha256(parts[1]).hexdigest())

    def _judge_signature(self, signed: bytes, signature: bytes) -> None:
        if not self._keys:
            raise WebhookUnverified(
                "no public key is configured: set site.public_keys or WIX_CLIENT_PUBLIC_KEY"
            )
        if any(_RS256.verify(signed, key, signature) for key in self._keys):
            return
        keys = "the configured key" if len(self._keys) == 1 else "any of the configured keys"
        raise WebhookUnverified(
            f"expected a signature of {keys}, found another. Does site.public_keys hold the key "
            "that the app's dashboard shows?"
        )

    def _judge_times(self, values: dict[str, Any], now: float) -> None:
        expires, begins, issued = (_moment(values, name) for name in ("exp", "nbf", "iat"))
        if expires is not None:
            if now >= expires + LEEWAY_SECONDS:
                raise WebhookUnverified(
                    f"expected a message of now, found one that expired {now - expires:.0f} s ago"
                )
        elif issued is None:
            raise WebhookUnverified("expected exp or iat, found neither")
        elif now >= issued + self._max_age_seconds + LEEWAY_SECONDS:
            raise WebhookUnverified(
                f"expected a message at most {self._max_age_seconds:.0f} s old, "
                f"found one of {now - issued:.0f} s ago"
            )
        for moment in (begins, issued):
            if moment is not None and moment > now + LEEWAY_SECONDS:
                raise WebhookUnverified(
                    f"expected a message of now, found one of {moment - now:.0f} s ahead. "
                    "Is the clock of this machine right?"
                )


def judge_parties(values: dict[str, Any], app_id: str, *, required: bool) -> None:
    """Refuse what another issuer signed and what is for another app.

    `required` says that both claims must stand. Raises `WebhookUnverified`.
    """
    issuer, audience = values.get("iss"), values.get("aud")
    if issuer != ISSUER and (required or issuer is not None):
        raise WebhookUnverified(f"expected the issuer {ISSUER}, found another or none")
    audiences = audience if isinstance(audience, list) else [audience]
    if app_id not in audiences and (required or audience is not None):
        raise WebhookUnverified(
            "expected this app as the audience, found another or none. "
            "Is site.client_id the id of the app that Wix calls?"
        )


def _judge_header(text: bytes) -> None:
    """Refuse a header that asks for anything but a plain RS256 signature."""
    header = _object(text, "the header")
    algorithm = header.get("alg")
    if algorithm != ALGORITHM:
        raise WebhookUnverified(
            f"expected a signature by {ALGORITHM}, found {quoted(str(algorithm))}"
        )
    # RFC 7515 §4.1.11: whoever does not know a critical extension must refuse.
    if "crit" in header or "b64" in header:
        raise WebhookUnverified("expected no critical extension in the header, found one")


def _octets(part: bytes, what: str) -> bytes:
    """Decode base64url without padding, in its one spelling (RFC 7515 §2)."""
    try:
        octets = base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        octets = b""
    if base64.urlsafe_b64encode(octets).rstrip(b"=") != part:
        raise WebhookMalformed(f"expected {what} in base64url, found something else")
    return octets


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        values = strict_json(text)
    except ValueError:
        raise WebhookMalformed(f"expected {what} to be JSON, found something else") from None
    if not isinstance(values, dict):
        raise WebhookMalformed(f"expected {what} to be an object, found a {type(values).__name__}")
    return values


def strict_json(text: str | bytes) -> Any:
    """Read JSON and nothing more (RFC 8259); raises ValueError."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, which no other reader must understand.
    raise ValueError(f"{name} is not JSON")


def _moment(values: dict[str, Any], name: str) -> float | None:
    """Return a NumericDate claim (RFC 7519 §2)."""
    value = values.get(name)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -1e15 < value < 1e15:
        raise WebhookMalformed(f"expected {name} to be a time in seconds, found something else")
    return float(value)
