"""Sign events and plugin requests as Wix does, and as those do who are not Wix."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conftest import START

INSTANCE = "4ab1f0e2-0000-4000-8000-00000000000a"
APP = "8f0d1c52-0000-4000-8000-000000000001"
HOUR = 3_600


def key(name: str = "Wix", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the private key of this name, made once for all tests."""
    return _key(name, bits)


@cache
def _key(_name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def pem(private: Any) -> str:
    """Return the public half as Wix's dashboard shows it."""
    public = private.public_key()
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def domain_event(number: int = 1, entity_id: str = "item-1", **changes: Any) -> dict[str, Any]:
    """Return an event of one entity, in the envelope of Wix's new events."""
    return {
        "id": f"event-{entity_id}-{number}",
        "entityFqdn": "wix.stores.v1.product",
        "slug": "updated",
        "entityId": entity_id,
        "eventTime": "2027-01-15T08:00:00Z",
        "triggeredByAnonymizeRequest": False,
        "originatedFrom": "",
        "entityEventSequence": str(number),
        "updatedEvent": {"currentEntity": {"id": entity_id, "revision": number}},
        **changes,
    }


def event_claims(event: Any, now: float = START, **changes: Any) -> dict[str, Any]:
    """Return the claims of a webhook: JSON text in JSON text."""
    told = {
        "data": json.dumps(event),
        "instanceId": INSTANCE,
        "eventType": "wix.stores.v1.product_updated",
        "identity": json.dumps({"identityType": "WIX_USER", "wixUserId": "user-1"}),
        "accountInfo": {"accountId": "account-1", "siteId": "site-1"},
        **changes,
    }
    told = {name: value for name, value in told.items() if value is not None}
    return {"data": json.dumps(told), "iat": int(now), "exp": int(now) + HOUR}


def plugin_claims(
    request: Any = None, now: float = START, metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the claims of a service-plugin request; Wix's example has no `exp`."""
    told = {
        "requestId": "request-1",
        "currency": "USD",
        "languages": ["en-US"],
        "identity": {"identityType": "ANONYMOUS_VISITOR", "anonymousVisitorId": "visitor-1"},
        "instanceId": INSTANCE,
        "appExtensionType": "ECOM_SHIPPING_RATES",
        **(metadata or {}),
    }
    data = {"request": {"lineItems": [{"quantity": 1}]} if request is None else request}
    return {"iss": "wix.com", "aud": APP, "iat": int(now), "data": {**data, "metadata": told}}


def signed(claims: Any, private: rsa.RSAPrivateKey | None = None, **header: Any) -> bytes:
    """Return a JWS of the claims, with RS256."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = jwt.PyJWS().encode(payload, private or key(), algorithm="RS256", headers=header or None)
    return text.encode()


def unsigned(claims: Any) -> bytes:
    """Return a token that says it needs no signature."""
    return _part({"alg": "none", "typ": "JWT"}) + b"." + _part(claims) + b"."


def confused(claims: Any) -> bytes:
    """Return a token signed with the public key as if that were a secret (RFC 8725 §2.1)."""
    text = _part({"alg": "HS256", "typ": "JWT"}) + b"." + _part(claims)
    return text + b"." + _base64(hmac.new(pem(key()).encode(), text, hashlib.sha256).digest())


def _part(value: Any) -> bytes:
    return _base64(json.dumps(value).encode())


def _base64(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")
