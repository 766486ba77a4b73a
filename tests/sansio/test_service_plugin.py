"""Service plugins: for this app, by Wix, on a plain path, and answered as Wix expects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import wix_signing as wix
from tests.conftest import START
from wixproxy.errors import PathRefused, UpstreamMalformed, WebhookMalformed, WebhookUnverified
from wixproxy.sansio.service_plugin import Verifier, delivery, method_path, wix_answer
from wixproxy.sansio.signed_claims import public_key

VERIFIER = Verifier([public_key(wix.pem(wix.key()))], wix.APP)


def test_a_request_comes_out_clean() -> None:
    fields, body = delivery(VERIFIER.verify(wix.signed(wix.plugin_claims()), START))
    assert json.loads(body) == {
        "request": {"lineItems": [{"quantity": 1}]},
        "metadata": {
            "requestId": "request-1",
            "currency": "USD",
            "languages": ["en-US"],
            "identity": {
                "identityType": "ANONYMOUS_VISITOR",
                "anonymousVisitorId": "visitor-1",
            },
            "instanceId": wix.INSTANCE,
            "appExtensionType": "ECOM_SHIPPING_RATES",
        },
    }
    assert fields == [
        (b"X-Wix-Extension-Type", b"ECOM_SHIPPING_RATES"),
        (b"X-Wix-Instance-Id", wix.INSTANCE.encode()),
        (b"X-Wix-Extension-Request-Id", b"request-1"),
    ]


def test_one_audience_among_several_may_be_this_app() -> None:
    claims = {**wix.plugin_claims(), "aud": ["another", wix.APP]}
    assert VERIFIER.verify(wix.signed(claims), START).extension_type == "ECOM_SHIPPING_RATES"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"iss": "wix.com.evil.example"}, "issuer", id="another issuer"),
        pytest.param({"iss": None}, "issuer", id="no issuer"),
        pytest.param({"aud": "another"}, "audience", id="another app"),
        pytest.param({"aud": ["another"]}, "audience", id="other apps"),
        pytest.param({"aud": None}, "audience", id="no audience"),
        pytest.param({"iat": START - 400}, "400 s ago", id="old"),
        pytest.param({"exp": START - 400}, "expired", id="expired"),
    ],
)
def test_a_request_that_is_not_for_this_app_and_now_is_refused(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(WebhookUnverified, match=told):
        VERIFIER.verify(wix.signed({**wix.plugin_claims(), **changes}), START)


def test_a_webhook_is_no_plugin_request() -> None:
    with pytest.raises(WebhookUnverified):
        VERIFIER.verify(wix.signed(wix.event_claims(wix.domain_event())), START)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("text", id="a text"),
        pytest.param({"request": {}}, id="without metadata"),
        pytest.param({"metadata": {}}, id="without a type"),
        pytest.param({"metadata": {"appExtensionType": 1}}, id="a type that is no text"),
        pytest.param({"metadata": {"appExtensionType": "a\r\nb"}}, id="a type of two lines"),
    ],
)
def test_what_is_no_plugin_request_is_refused(data: Any) -> None:
    with pytest.raises(WebhookMalformed):
        VERIFIER.verify(wix.signed({**wix.plugin_claims(), "data": data}), START)


@pytest.mark.parametrize("path", [b"/v1/getRates", b"/get-catalog-items", b"/v3/items/a_b~c.d"])
def test_the_path_of_a_method_passes_as_it_is(path: bytes) -> None:
    assert method_path(path) == path


@pytest.mark.parametrize(
    "path",
    [b"", b"/", b"v1", b"/v1/", b"/v1//x", b"/../x", b"/v1/..", b"/.", b"/%2e%2e/x", b"/a\\b"],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: bytes) -> None:
    with pytest.raises(PathRefused):
        method_path(path)


@given(st.binary())
def test_no_method_path_leaves_its_base(path: bytes) -> None:
    try:
        accepted = method_path(path)
    except PathRefused:
        return
    segments = accepted.split(b"/")[1:]
    assert all(segments)
    assert not {b".", b".."} & set(segments)
    assert b"%" not in accepted


SPI = {"errorType": "SPI", "applicationCode": "GIFT_CARD_NOT_FOUND", "httpCode": 404}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param((200, b'{ "rates": [] }'), (200, b'{ "rates": [] }'), id="a result"),
        pytest.param((201, b"[]"), (200, b"[]"), id="created counts as a result"),
        pytest.param((204, b""), (200, b"null"), id="nothing"),
        pytest.param((200, b" \n"), (200, b"null"), id="only space"),
        pytest.param(
            (400, b'{"applicationError":{"code":"PARTIAL_ADDRESS","data":{"a":1}},"x":1}'),
            (400, b'{"applicationError":{"code":"PARTIAL_ADDRESS","data":{"a":1}}}'),
            id="a business error",
        ),
        pytest.param(
            (428, b'{"applicationError":{"code":"INSUFFICIENT_FUNDS"}}'),
            (428, b'{"applicationError":{"code":"INSUFFICIENT_FUNDS"}}'),
            id="a business error without data",
        ),
        pytest.param(
            (500, json.dumps(SPI).encode()),
            (404, b'{"applicationError":{"code":"GIFT_CARD_NOT_FOUND"}}'),
            id="the error that the SDK throws, as JSON",
        ),
        pytest.param(
            (200, json.dumps({**SPI, "data": {}}).encode()),
            (404, b'{"applicationError":{"code":"GIFT_CARD_NOT_FOUND","data":{}}}'),
            id="the same under a status of success",
        ),
    ],
)
def test_an_answer_is_turned_into_wixs(
    answer: tuple[int, bytes], expected: tuple[int, bytes]
) -> None:
    assert wix_answer(*answer) == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, b"<html>", id="a page"),
        pytest.param(200, b"NaN", id="no JSON"),
        pytest.param(302, b"{}", id="a redirect"),
        pytest.param(500, b"{}", id="a crash"),
        pytest.param(500, b"", id="a crash without words"),
        pytest.param(404, b'{"message":"Not Found"}', id="a path that is not there"),
        pytest.param(400, b'{"applicationError":"x"}', id="an error of another shape"),
        pytest.param(400, b'{"applicationError":{"data":{}}}', id="an error without code"),
        pytest.param(400, json.dumps({**SPI, "httpCode": 200}).encode(), id="an error of success"),
        pytest.param(400, json.dumps({**SPI, "httpCode": "404"}).encode(), id="a status in text"),
        pytest.param(500, json.dumps({**SPI, "applicationCode": ""}).encode(), id="empty code"),
    ],
)
def test_a_failure_of_the_handler_is_no_business_error(status: int, body: bytes) -> None:
    with pytest.raises(UpstreamMalformed) as refused:
        wix_answer(status, body)
    assert refused.value.status == 502
