"""Build and sign what Wix posts to an app: domain events and service-plugin requests.

Law:
1. Pure: the moment, the ids and the key are arguments.
2. An event is JSON text inside JSON text inside a JWT; its identity is JSON
   text too, its account is an object. A plugin request is an object throughout.
3. A flaw spoils a signature or a claim and nothing else, so that what is
   refused is refused for that reason.

Source: RFC 7519; Wix "About Webhooks", "Add Self-hosted Service Plugin
Extensions with REST". Wix signs with RS256, and only plugin requests name an
issuer and an audience.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .jws import hs256, unsigned
from .project import public_pem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

Kind = Literal["created", "updated", "deleted", "action", "legacy"]

PLUGIN_ISSUER = "wix.com"
LIFE_SECONDS = 3_600
_KINDS: dict[str, Kind] = {"created": "created", "updated": "updated", "deleted": "deleted"}


class Flaws(BaseModel):
    """What is wrong with a signed message, for tests of whoever verifies it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wrong_key: bool = False
    """Signed with a key that is not the app's."""
    alg: Literal["RS256", "HS256", "none"] = "RS256"
    """HS256 takes the public key for the secret; none has no signature."""
    expired: bool = False
    truncated: bool = False
    audience: str | None = None
    """In place of the app's id, or where there is none."""
    issuer: str | None = None
    oversized_bytes: int = Field(default=0, ge=0, le=64 * 1024 * 1024)
    """How many bytes of padding ride along in a claim of their own."""


@dataclass(frozen=True)
class Event:
    """One thing that happened on the site, as a webhook tells it."""

    id: str
    type: str
    kind: Kind
    fqdn: str
    slug: str
    entity_id: str
    entity: Mapping[str, Any]
    sequence: int
    happened_at: float
    identity: Mapping[str, str] | None = None
    modified_fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Installation:
    """Where an event comes from: the app's instance, its site and its account."""

    instance_id: str
    site_id: str
    account_id: str


def named(event_type: str) -> tuple[str, str, Kind]:
    """Return the entity, the slug and the kind that an event type stands for.

    The last word is the slug, as in `wix.members.v1.member_created`. A type
    without a dot is of the old kind, which has no envelope.
    """
    if "." not in event_type:
        return "", "", "legacy"
    fqdn, _, slug = event_type.rpartition("_")
    return fqdn, slug, _KINDS.get(slug, "action")


def domain_event(event: Event) -> dict[str, Any]:
    """Return the event as JSON values: its envelope, or the bare entity of an old one."""
    if event.kind == "legacy":
        return dict(event.entity)
    return {
        "id": event.id,
        "entityFqdn": event.fqdn,
        "slug": event.slug,
        "entityId": event.entity_id,
        "eventTime": wire_moment(event.happened_at),
        "triggeredByAnonymizeRequest": False,
        "originatedFrom": "",
        "entityEventSequence": str(event.sequence),
        **_body(event),
    }


def event_claims(event: Event, origin: Installation, now: float) -> dict[str, Any]:
    """Return the claims of a webhook's JWT."""
    told: dict[str, Any] = {
        "data": json.dumps(domain_event(event)),
        "instanceId": origin.instance_id,
        "eventType": event.type,
        "accountInfo": {"accountId": origin.account_id, "siteId": origin.site_id},
    }
    if event.identity is not None:
        told["identity"] = json.dumps(dict(event.identity))
    return {"data": json.dumps(told), "iat": int(now), "exp": int(now) + LIFE_SECONDS}


def plugin_metadata(
    component_type: str,
    request_id: str,
    instance_id: str,
    who: Mapping[str, str],
    *,
    currency: str,
    language: str,
) -> dict[str, Any]:
    """Return what a service plugin is told beside the request."""
    return {
        "requestId": request_id,
        "currency": currency,
        "languages": [language],
        "identity": dict(who),
        "instanceId": instance_id,
        "appExtensionType": component_type,
    }


def plugin_claims(
    request: Mapping[str, Any], metadata: Mapping[str, Any], app_id: str, now: float
) -> dict[str, Any]:
    """Return the claims of a service-plugin request's JWT."""
    return {
        "iss": PLUGIN_ISSUER,
        "aud": app_id,
        "iat": int(now),
        "exp": int(now) + LIFE_SECONDS,
        "data": {"request": dict(request), "metadata": dict(metadata)},
    }


def signed(claims: Mapping[str, Any], key: rsa.RSAPrivateKey, flaws: Flaws | None = None) -> str:
    """Return the compact JWS of `claims`, spoiled by `flaws`."""
    flaws = flaws or Flaws()
    claims = _spoiled(claims, flaws)
    if flaws.alg != "RS256":
        text = _by_hand(claims, key, flaws.alg)
    else:
        # Only a signature needs it.
        import jwt

        text = jwt.encode(claims, strange_key() if flaws.wrong_key else key, algorithm="RS256")
    return text[: len(text) // 2] if flaws.truncated else text


@cache
def strange_key() -> rsa.RSAPrivateKey:
    """Return a key that nobody has been told of."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def identity(kind: str, subject_id: str) -> dict[str, str]:
    """Return who caused an event, in the words of Wix's events."""
    words = {
        "visitor": ("ANONYMOUS_VISITOR", "anonymousVisitorId"),
        "member": ("MEMBER", "memberId"),
        "user": ("WIX_USER", "wixUserId"),
        "app": ("APP", "appId"),
    }
    identity_type, name = words[kind]
    return {"identityType": identity_type, name: subject_id}


def wire_moment(seconds: float) -> str:
    """Return epoch seconds as an event writes a moment."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _body(event: Event) -> dict[str, Any]:
    entity = dict(event.entity)
    match event.kind:
        case "created":
            return {"createdEvent": {"entity": entity}}
        case "updated":
            changed = {"modifiedFields": dict(event.modified_fields)}
            known = changed if event.modified_fields else {}
            return {"updatedEvent": {"currentEntity": entity, **known}}
        case "deleted":
            return {"deletedEvent": {"deletedEntity": entity} if entity else {}}
        case _:
            return {"actionEvent": {"body": entity}}


def _spoiled(claims: Mapping[str, Any], flaws: Flaws) -> dict[str, Any]:
    spoiled = dict(claims)
    if flaws.expired:
        spoiled["iat"] = claims["iat"] - 2 * LIFE_SECONDS
        spoiled["exp"] = claims["iat"] - LIFE_SECONDS
    if flaws.audience is not None:
        spoiled["aud"] = flaws.audience
    if flaws.issuer is not None:
        spoiled["iss"] = flaws.issuer
    if flaws.oversized_bytes:
        spoiled["padding"] = "x" * flaws.oversized_bytes
    return spoiled


def _by_hand(claims: Mapping[str, Any], key: rsa.RSAPrivateKey, alg: str) -> str:
    """Return a JWS that a careful library refuses to make."""
    if alg == "none":
        return unsigned({"typ": "JWT"}, claims)
    # RFC 8725 §2.1: a verifier that believes `alg` takes the public key for a secret.
    return hs256({"typ": "JWT"}, claims, public_pem(key).encode())
