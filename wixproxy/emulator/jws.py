"""Write a compact JWS over HMAC or over nothing, for which no library is needed.

Source: RFC 7515 §3.1, RFC 7518 §3.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any


def hs256(header: Mapping[str, Any], claims: Mapping[str, Any], key: bytes) -> str:
    """Return the claims, signed with a key that whoever verifies has, too."""
    text = _unsigned({"alg": "HS256", **header}, claims)
    tag = hmac.new(key, text, hashlib.sha256).digest()
    return f"{text.decode()}.{_unpadded(tag).decode()}"


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Return the claims with no signature."""
    return f"{_unsigned({'alg': 'none', **header}, claims).decode()}."


def _unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bytes:
    return b".".join(map(_part, (header, claims)))


def _part(value: Mapping[str, Any]) -> bytes:
    return _unpadded(json.dumps(value, separators=(",", ":")).encode())


def _unpadded(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")
