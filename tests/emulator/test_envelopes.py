"""What Wix signs: events inside texts inside a JWT, plugin requests, and flawed ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.emulator.envelopes import (
    Event,
    Flaws,
    Installation,
    domain_event,
    event_claims,
    identity,
    named,
    plugin_claims,
    signed,
)
from wixproxy.emulator.project import Project

NOW = 1_790_000_000.0
PROJECT = Project.of_seed("envelopes")
ORIGIN = Installation("instance", "site", "account")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def event(**changes: Any) -> Event:
    event_type = changes.get("type", "wix.members.v1.member_created")
    fqdn, slug, kind = named(event_type)
    fields: dict[str, Any] = {
        "id": "event-1",
        "type": event_type,
        "kind": kind,
        "fqdn": fqdn,
        "slug": slug,
        "entity_id": "entity-1",
        "entity": {"id": "entity-1"},
        "sequence": 7,
        "happened_at": NOW,
        "identity": identity("member", "ada"),
    }
    return Event(**{**fields, **changes})


def verified(text: str, **more: Any) -> dict[str, Any]:
    options = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(text, PROJECT.public_key_pem, ["RS256"], options=options, **more)


@pytest.mark.parametrize(
    ("event_type", "told"),
    [
        ("wix.members.v1.member_created", ("wix.members.v1.member", "created", "created")),
        ("wix.data.v2.data_item_updated", ("wix.data.v2.data_item", "updated", "updated")),
        ("wix.ecom.v1.cart_deleted", ("wix.ecom.v1.cart", "deleted", "deleted")),
        ("wix.ecom.v1.order_approved", ("wix.ecom.v1.order", "approved", "action")),
        ("AppInstalled", ("", "", "legacy")),
    ],
)
def test_a_type_tells_entity_slug_and_kind(event_type: str, told: tuple[str, str, str]) -> None:
    assert named(event_type) == told


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("created", {"createdEvent": {"entity": {"id": "entity-1"}}}),
        ("updated", {"updatedEvent": {"currentEntity": {"id": "entity-1"}}}),
        ("deleted", {"deletedEvent": {"deletedEntity": {"id": "entity-1"}}}),
        ("action", {"actionEvent": {"body": {"id": "entity-1"}}}),
    ],
)
def test_each_kind_has_its_own_body(kind: Any, body: dict[str, Any]) -> None:
    envelope = domain_event(event(kind=kind))
    assert {key: value for key, value in envelope.items() if key.endswith("Event")} == body
    assert envelope["entityEventSequence"] == "7"
    assert envelope["eventTime"] == "2026-09-21T14:13:20Z"


def test_a_deleted_entity_may_be_left_out() -> None:
    assert domain_event(event(kind="deleted", entity={}))["deletedEvent"] == {}


def test_an_event_of_the_old_kind_has_no_envelope() -> None:
    assert domain_event(event(type="AppInstalled", entity={"appId": "a"})) == {"appId": "a"}


def test_an_event_is_text_in_text_and_its_account_is_an_object() -> None:
    claims = verified(signed(event_claims(event(), ORIGIN, NOW), PROJECT.private_key))
    assert claims["exp"] - claims["iat"] == 3_600
    assert not {"iss", "aud"} & claims.keys()
    told = json.loads(claims["data"])
    assert told["eventType"] == "wix.members.v1.member_created"
    assert told["accountInfo"] == {"accountId": "account", "siteId": "site"}
    assert json.loads(told["identity"]) == {"identityType": "MEMBER", "memberId": "ada"}
    assert json.loads(told["data"])["id"] == "event-1"


def test_an_event_that_nobody_caused_has_no_identity() -> None:
    told = json.loads(event_claims(event(identity=None), ORIGIN, NOW)["data"])
    assert "identity" not in told


@given(st.dictionaries(st.text(max_size=5), JSON))
def test_any_entity_survives_the_wrapping(entity: dict[str, Any]) -> None:
    told = json.loads(event_claims(event(entity=entity), ORIGIN, NOW)["data"])
    assert json.loads(told["data"])["createdEvent"]["entity"] == entity


def test_a_plugin_request_names_issuer_and_audience_and_is_an_object() -> None:
    metadata = {"appExtensionType": "ECOM_SHIPPING_RATES"}
    claims = plugin_claims({"lineItems": []}, metadata, "app", NOW)
    text = signed(claims, PROJECT.private_key)
    told = verified(text, audience="app", issuer="wix.com")
    assert told["data"] == {"request": {"lineItems": []}, "metadata": metadata}


@pytest.mark.parametrize(
    ("flaws", "refusal"),
    [
        pytest.param({"wrong_key": True}, jwt.InvalidSignatureError, id="a stranger's key"),
        pytest.param({"alg": "none"}, jwt.InvalidAlgorithmError, id="no signature"),
        pytest.param({"alg": "HS256"}, jwt.InvalidAlgorithmError, id="the public key as a secret"),
        pytest.param({"truncated": True}, jwt.DecodeError, id="half of it"),
        pytest.param({"expired": True}, jwt.ExpiredSignatureError, id="too old"),
        pytest.param({"audience": "other"}, jwt.InvalidAudienceError, id="for another app"),
        pytest.param({"issuer": "evil"}, jwt.InvalidIssuerError, id="from somebody else"),
    ],
)
def test_a_flaw_is_refused_for_what_it_is(flaws: Any, refusal: type[Exception]) -> None:
    claims = plugin_claims({}, {}, "app", 4_000_000_000 if "expired" not in flaws else NOW)
    text = signed(claims, PROJECT.private_key, Flaws(**flaws))
    options = {"verify_iat": False, "verify_exp": "expired" in flaws}
    with pytest.raises(refusal):
        jwt.decode(
            text,
            PROJECT.public_key_pem,
            ["RS256"],
            audience="app",
            issuer="wix.com",
            options=options,
        )


def test_the_confusion_of_algorithms_would_fool_a_verifier_that_believes_the_header() -> None:
    text = signed({"iat": NOW}, PROJECT.private_key, Flaws(alg="HS256"))
    head, body, tag = text.split(".")

    key = PROJECT.public_key_pem.encode()
    expected = hmac.new(key, f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == tag


def test_an_oversized_message_is_as_big_as_asked() -> None:
    text = signed({"iat": 1}, PROJECT.private_key, Flaws(oversized_bytes=200_000))
    assert len(text) > 200_000
