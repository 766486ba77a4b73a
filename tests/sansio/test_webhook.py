"""Events: unwrapped from what Wix signed, and written for the frontend."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import wix_signing as wix
from tests.conftest import START
from wixproxy.errors import WebhookMalformed, WebhookUnverified
from wixproxy.sansio.signed_claims import public_key
from wixproxy.sansio.webhook import Event, Verifier, delivery, field_value

VERIFIER = Verifier([public_key(wix.pem(wix.key()))], wix.APP)
IDENTITY = {"identityType": "WIX_USER", "wixUserId": "user-1"}
ACCOUNT = {"accountId": "account-1", "siteId": "site-1"}


def received(event: Any, **changes: Any) -> Event:
    return VERIFIER.verify(wix.signed(wix.event_claims(event, **changes)), START).event()


def delivered(event: Event) -> tuple[dict[str, str], Any]:
    fields, body = delivery(event)
    return {name.decode(): value.decode() for name, value in fields}, json.loads(body)


def with_body(**body: Any) -> dict[str, Any]:
    event = {**wix.domain_event(), **body}
    if "updatedEvent" not in body:
        del event["updatedEvent"]
    return event


def test_an_event_is_known_by_its_parts() -> None:
    event = received(wix.domain_event(7))
    assert event.id == "event-item-1-7"
    assert event.type == "wix.stores.v1.product_updated"
    assert (event.fqdn, event.slug) == ("wix.stores.v1.product", "updated")
    assert (event.entity_id, event.sequence) == ("item-1", 7)
    assert event.instance_id == wix.INSTANCE
    assert (event.identity, event.account) == (IDENTITY, ACCOUNT)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"iss": "wix.com.evil.example"}, "issuer", id="another issuer"),
        pytest.param({"iss": ["wix.com"]}, "issuer", id="a list of issuers"),
        pytest.param({"aud": "another"}, "audience", id="another app"),
        pytest.param({"aud": ["another"]}, "audience", id="other apps"),
        pytest.param({"aud": []}, "audience", id="nobody"),
    ],
)
def test_an_event_that_says_it_is_for_another_app_is_refused(
    changes: dict[str, Any], told: str
) -> None:
    claims = {**wix.event_claims(wix.domain_event()), **changes}
    with pytest.raises(WebhookUnverified, match=told):
        VERIFIER.verify(wix.signed(claims), START)


@pytest.mark.parametrize("aud", [wix.APP, ["another", wix.APP]], ids=["alone", "among others"])
def test_an_event_may_say_that_it_is_for_this_app(aud: Any) -> None:
    claims = {**wix.event_claims(wix.domain_event()), "iss": "wix.com", "aud": aud}
    assert VERIFIER.verify(wix.signed(claims), START).instance_id == wix.INSTANCE


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        pytest.param(
            {"createdEvent": {"entity": {"id": 1}}}, "created", {"entity": {"id": 1}}, id="created"
        ),
        pytest.param(
            {"updatedEvent": {"currentEntity": {"id": 1}, "modifiedFields": {"a": 2}}},
            "updated",
            {"entity": {"id": 1}, "modifiedFields": {"a": 2}},
            id="updated",
        ),
        pytest.param(
            {"updatedEvent": {"currentEntity": {"id": 1}}},
            "updated",
            {"entity": {"id": 1}},
            id="updated without its fields",
        ),
        pytest.param(
            {"deletedEvent": {"deletedEntity": {"id": 1}}},
            "deleted",
            {"entity": {"id": 1}},
            id="deleted",
        ),
        pytest.param({"deletedEvent": {}}, "deleted", {}, id="deleted without its entity"),
        pytest.param({"slug": "deleted"}, "deleted", {}, id="a slug without a body"),
        pytest.param({"slug": "archived"}, "action", {}, id="another slug without a body"),
        pytest.param({"actionEvent": {"body": {"b": 3}}}, "action", {"data": {"b": 3}}, id="act"),
    ],
)
def test_each_kind_of_event_brings_what_its_handler_gets(
    body: dict[str, Any], kind: str, content: dict[str, Any]
) -> None:
    event = received(with_body(**body))
    fields, told = delivered(event)
    assert event.kind == fields["X-Wix-Event-Kind"] == kind
    del told["metadata"]
    assert told == content


def test_the_metadata_is_that_of_wixs_own_client() -> None:
    _, told = delivered(received(wix.domain_event(7)))
    assert told["metadata"] == {
        "_id": "event-item-1-7",
        "entityFqdn": "wix.stores.v1.product",
        "slug": "updated",
        "entityId": "item-1",
        "eventTime": "2027-01-15T08:00:00Z",
        "triggeredByAnonymizeRequest": False,
        "originatedFrom": "",
        "entityEventSequence": "7",
        "eventType": "wix.stores.v1.product_updated",
        "instanceId": wix.INSTANCE,
        "identity": IDENTITY,
        "accountInfo": ACCOUNT,
    }


def test_the_fields_identify_the_event() -> None:
    fields, _ = delivered(received(wix.domain_event(7)))
    assert fields == {
        "X-Wix-Event-Id": "event-item-1-7",
        "X-Wix-Event-Type": "wix.stores.v1.product_updated",
        "X-Wix-Event-Kind": "updated",
        "X-Wix-Event-Sequence": "7",
        "X-Wix-Entity-Fqdn": "wix.stores.v1.product",
        "X-Wix-Entity-Id": "item-1",
        "X-Wix-Instance-Id": wix.INSTANCE,
    }


def test_an_event_of_the_old_kind_has_its_data_and_no_order() -> None:
    event = received({"appId": "a"}, eventType="AppInstalled")
    fields, told = delivered(event)
    assert (event.kind, event.sequence, event.entity_id) == ("legacy", None, "")
    assert told["data"] == {"appId": "a"}
    assert told["metadata"]["instanceId"] == wix.INSTANCE
    assert fields["X-Wix-Event-Id"].startswith("legacy-")


def test_an_old_event_that_comes_again_is_the_same_and_a_later_one_is_not() -> None:
    claims = wix.event_claims({"appId": "a"}, eventType="AppInstalled")
    later = {**claims, "iat": claims["iat"] + 1}
    ids = [VERIFIER.verify(wix.signed(each), START).event().id for each in (claims, claims, later)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("name", ["identity", "accountInfo", "instanceId"])
def test_what_an_event_does_not_tell_is_left_out(name: str) -> None:
    _, told = delivered(received(wix.domain_event(), **{name: None}))
    assert name not in told["metadata"]


@pytest.mark.parametrize("sequence", [None, ""])
def test_an_event_without_a_number_is_taken(sequence: str | None) -> None:
    assert received(wix.domain_event(entityEventSequence=sequence)).sequence is None


@pytest.mark.parametrize(
    ("event", "changes", "told"),
    [
        pytest.param(wix.domain_event(), {"data": "{"}, "data to hold JSON", id="event no JSON"),
        pytest.param(wix.domain_event(), {"data": {"a": 1}}, "data to be a text", id="no text"),
        pytest.param(wix.domain_event(), {"eventType": None}, "eventType", id="without type"),
        pytest.param(wix.domain_event(), {"eventType": ""}, "eventType", id="empty type"),
        pytest.param(wix.domain_event(), {"identity": {"a": 1}}, "identity", id="identity bare"),
        pytest.param(wix.domain_event(), {"identity": "[]"}, "identity", id="identity a list"),
        pytest.param(wix.domain_event(), {"accountInfo": "x"}, "accountInfo", id="account a text"),
        pytest.param(wix.domain_event(id=None), {}, "id to be a text", id="without id"),
        pytest.param(wix.domain_event(id="a\nb"), {}, "printable", id="line break in the id"),
        pytest.param(wix.domain_event(id="\ud800"), {}, "printable", id="half a character"),
        pytest.param(wix.domain_event(id="x" * 1_001), {}, "1001 characters", id="endless id"),
        pytest.param(wix.domain_event(entityEventSequence="-1"), {}, "Sequence", id="negative"),
        pytest.param(wix.domain_event(entityEventSequence="²"), {}, "Sequence", id="no digit"),
        pytest.param(wix.domain_event(entityEventSequence=2**63), {}, "Sequence", id="too large"),
        pytest.param(wix.domain_event(entityEventSequence=True), {}, "Sequence", id="no number"),
        pytest.param(
            wix.domain_event(createdEvent={}), {}, "createdEvent and updatedEvent", id="two bodies"
        ),
        pytest.param(wix.domain_event(updatedEvent=[1]), {}, "updatedEvent", id="body a list"),
    ],
)
def test_what_is_no_event_is_refused(event: Any, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(WebhookMalformed, match=told):
        received(event, **changes)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"data": {"eventType": "x"}}, id="an object where Wix writes a text"),
        pytest.param({"data": "[]"}, id="a list"),
        pytest.param({}, id="nothing"),
    ],
)
def test_claims_without_an_event_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(WebhookMalformed):
        VERIFIER.verify(wix.signed({**claims, "exp": START + 1}), START)


def test_a_number_beyond_all_numbers_is_refused() -> None:
    claims = wix.event_claims(None)
    told = json.loads(claims["data"]) | {"data": '{"price": 1e999}'}
    event = VERIFIER.verify(wix.signed({**claims, "data": json.dumps(told)}), START).event()
    with pytest.raises(WebhookMalformed, match="numbers that JSON can hold"):
        delivery(event)


def test_an_event_is_not_older_than_wix_tries_again() -> None:
    claims = wix.event_claims(wix.domain_event())
    del claims["exp"]
    message = wix.signed(claims)
    assert VERIFIER.verify(message, START + 47 * 3600).event_type
    with pytest.raises(WebhookUnverified):
        VERIFIER.verify(message, START + 49 * 3600)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(JSON)
def test_what_an_entity_says_arrives_unchanged(entity: Any) -> None:
    event = received(with_body(createdEvent={"entity": {"value": entity}}))
    assert delivered(event)[1]["entity"] == {"value": entity}


@given(st.text())
def test_a_name_is_one_line_of_ascii_and_can_be_read_back(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    value = field_value(text)
    assert all(0x20 < octet < 0x7F for octet in value)
    assert unquote(value.decode()) == text
