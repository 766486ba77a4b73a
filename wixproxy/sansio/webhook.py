"""Read the event in a verified webhook, and write it as the frontend gets it.

1. What Wix wraps three times (a JSON text in a JSON text in a signed message)
   comes out once: one JSON object, and its identifying parts as fields.
2. The body is what a handler of Wix's own client is called with: `entity` or
   `data`, and `metadata` with the envelope's parts, `id` renamed `_id`.
3. An event of the old kind has no envelope, so no id: the digest of what was
   signed stands for it, and it belongs to no order.
4. A part that is missing is left out; one of the wrong kind is refused.
5. Wix promises neither issuer nor audience; where one is set, it is judged.

Source: Wix "About Webhooks" and the typings of the events: `createdEvent`,
`updatedEvent`, `deletedEvent`, `actionEvent`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..errors import WebhookMalformed
from .exchange import Fields
from .signed_claims import Signatures, judge_parties, strict_json

Kind = Literal["created", "updated", "deleted", "action", "legacy"]

# Wix tries again for two days, so an event can be that old.
MAX_AGE_SECONDS = 48 * 3600.0
MAX_NAME_CHARACTERS = 1_000
# What SQLite, and nearly everybody else, holds as an integer.
MAX_SEQUENCE = 2**63 - 1

_BODIES: Mapping[str, Kind] = {
    "createdEvent": "created",
    "updatedEvent": "updated",
    "deletedEvent": "deleted",
    "actionEvent": "action",
}
_KINDS_BY_SLUG: Mapping[str, Kind] = {
    "created": "created",
    "updated": "updated",
    "deleted": "deleted",
}
_FIELD_SAFE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A verified webhook's wrapping: who it happened to, and the event as Wix wrote it."""

    event_type: str
    instance_id: str | None
    identity: Mapping[str, Any] | None = field(repr=False)
    account: Mapping[str, Any] | None = field(repr=False)
    payload: Any = field(repr=False)
    digest: str

    def event(self) -> Event:
        """Return the event inside; raises `WebhookMalformed`."""
        payload = self.payload
        if not isinstance(payload, dict) or "entityFqdn" not in payload:
            return self._legacy_event()
        told = {name: value for name, value in payload.items() if name not in _BODIES}
        kind, content = _content(payload)
        return Event(
            id=_name(payload, "id"),
            type=self.event_type,
            kind=kind,
            fqdn=_name(payload, "entityFqdn"),
            slug=_name(payload, "slug", optional=True),
            entity_id=_name(payload, "entityId", optional=True),
            sequence=_sequence(payload.get("entityEventSequence")),
            instance_id=self.instance_id,
            identity=self.identity,
            account=self.account,
            content=content,
            told=told,
        )

    def _legacy_event(self) -> Event:
        return Event(
            id=f"legacy-{self.digest}",
            type=self.event_type,
            kind="legacy",
            instance_id=self.instance_id,
            identity=self.identity,
            account=self.account,
            content={"data": self.payload},
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on the site.

    `content` is what a handler gets beside the metadata; `told` are the
    envelope's own parts. `sequence` counts the events of one entity, and is
    None where Wix gave no number.
    """

    id: str
    type: str
    kind: Kind
    fqdn: str = ""
    slug: str = ""
    entity_id: str = ""
    sequence: int | None = None
    instance_id: str | None = None
    identity: Mapping[str, Any] | None = field(default=None, repr=False)
    account: Mapping[str, Any] | None = field(default=None, repr=False)
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Verifier:
    """Opens webhooks that one of the app's keys has signed, for the app called `app_id`."""

    def __init__(self, keys: Sequence[RSAPublicKey], app_id: str) -> None:
        self._signatures = Signatures(keys, max_age_seconds=MAX_AGE_SECONDS)
        self._app_id = app_id

    def verify(self, body: bytes, now: float) -> Envelope:
        """Return the envelope in a webhook's body.

        Raises `WebhookUnverified` for what Wix did not sign or not for now,
        `WebhookMalformed` for what is no event.
        """
        claims = self._signatures.verify(body, now)
        judge_parties(claims.values, self._app_id, required=False)
        told = _parsed(claims.values, "data", claims.digest)
        if not isinstance(told, dict):
            raise WebhookMalformed(
                "expected the claim data to hold an object, found something else"
            )
        identity = _parsed(told, "identity", claims.digest) if told.get("identity") else None
        account = told.get("accountInfo")
        for value, what in ((identity, "identity"), (account, "accountInfo")):
            if value is not None and not isinstance(value, dict):
                raise WebhookMalformed(f"expected {what} to be an object, found something else")
        return Envelope(
            event_type=_name(told, "eventType"),
            instance_id=_name(told, "instanceId", optional=True) or None,
            identity=identity,
            account=account,
            payload=_parsed(told, "data", claims.digest),
            digest=claims.digest,
        )


def delivery(event: Event) -> tuple[Fields, bytes]:
    """Return an event as the frontend gets it: header fields that identify it, and its JSON."""
    metadata: dict[str, Any] = {
        "eventType": event.type,
        "instanceId": event.instance_id,
        "identity": event.identity,
        "accountInfo": event.account,
        **event.told,
    }
    if "id" in metadata:
        metadata["_id"] = metadata.pop("id")
    metadata = {name: value for name, value in metadata.items() if value is not None}
    named = {
        b"X-Wix-Event-Id": event.id,
        b"X-Wix-Event-Type": event.type,
        b"X-Wix-Event-Kind": event.kind,
        b"X-Wix-Event-Sequence": "" if event.sequence is None else str(event.sequence),
        b"X-Wix-Entity-Fqdn": event.fqdn,
        b"X-Wix-Entity-Id": event.entity_id,
        b"X-Wix-Instance-Id": event.instance_id or "",
    }
    fields = [(name, field_value(text)) for name, text in named.items() if text]
    return fields, json_body({**event.content, "metadata": metadata})


def field_value(text: str) -> bytes:
    """Return a name as the value of a field: everything but plain printable ASCII is escaped.

    `%` is escaped too, so that the reader can decode every value the same way.
    """
    return quote(text, safe=_FIELD_SAFE).encode("ascii")


def json_body(values: Mapping[str, Any]) -> bytes:
    """Write JSON that every reader understands; raises `WebhookMalformed` where there is none."""
    try:
        # Escaped to ASCII, so that half a surrogate pair stays what it was.
        return json.dumps(values, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError):
        raise WebhookMalformed("expected numbers that JSON can hold, found a larger one") from None


def _content(payload: Mapping[str, Any]) -> tuple[Kind, dict[str, Any]]:
    """Return the kind of a domain event, and what its handler gets."""
    bodies = [name for name in _BODIES if payload.get(name) is not None]
    if len(bodies) > 1:
        raise WebhookMalformed(f"expected one body in the event, found {' and '.join(bodies)}")
    if not bodies:
        return _KINDS_BY_SLUG.get(str(payload.get("slug")), "action"), {}
    body, kind = payload[bodies[0]], _BODIES[bodies[0]]
    if not isinstance(body, dict):
        raise WebhookMalformed(f"expected {bodies[0]} to be an object, found something else")
    wanted = {
        "created": {"entity": body.get("entity")},
        "updated": {
            "entity": body.get("currentEntity"),
            "modifiedFields": body.get("modifiedFields"),
        },
        "deleted": {"entity": body.get("deletedEntity")},
        "action": {"data": body.get("body")},
    }[kind]
    return kind, {name: value for name, value in wanted.items() if value is not None}


def _parsed(values: Mapping[str, Any], name: str, digest: str) -> Any:
    """Return what the JSON text under `name` says."""
    text = values.get(name)
    if not isinstance(text, str):
        raise WebhookMalformed(
            f"expected {name} to be a text, found something else in {digest[:12]}"
        )
    try:
        return strict_json(text)
    except ValueError:
        raise WebhookMalformed(f"expected {name} to hold JSON, found something else") from None


def _name(values: Mapping[str, Any], name: str, *, optional: bool = False) -> str:
    """Return a text that identifies something: short, and one that can be written anywhere."""
    value = values.get(name)
    if optional and value is None:
        return ""
    if not isinstance(value, str) or not (value or optional):
        raise WebhookMalformed(f"expected {name} to be a text, found something else")
    if len(value) > MAX_NAME_CHARACTERS or not value.isprintable():
        raise WebhookMalformed(
            f"expected {name} to be a short printable text, found {len(value)} characters"
        )
    return value


def _sequence(value: Any) -> int | None:
    """Return an event's number, which Wix writes as a text because it has 64 bits."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_SEQUENCE:
        raise WebhookMalformed("expected entityEventSequence to be a number, found something else")
    return int(value)
