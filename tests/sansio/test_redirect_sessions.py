"""Redirect sessions: no session token in or out, and every callback leads back to the site."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wixproxy.errors import CallRefused, UnsafeReturnURL, WixUnavailable
from wixproxy.sansio.public_url import PublicURL
from wixproxy.sansio.redirect_sessions import (
    advice,
    asked_logout,
    check_redirect_session,
    is_redirect_session,
    without_session_token,
)

PUBLIC = PublicURL.parse("https://shop.example")
ELSEWHERE = frozenset({"https://www.shop.example"})


def asking(callbacks: object) -> bytes:
    """Return a body with these callbacks."""
    return json.dumps({"ecomCheckout": {"checkoutId": "c"}, "callbacks": callbacks}).encode()


@pytest.mark.parametrize(
    ("target", "asks"),
    [
        (b"/_api/redirects-api/v1/redirect-session", True),
        (b"/headless/v1/redirect-session?x", True),
        (b"/Headless/v1/Redirect-Session/", True),
        (b"/headless/v1/redirect-sessions", False),
        (b"/ecom/v1/carts/current?redirect-session", False),
    ],
)
def test_a_redirect_session_is_known_in_every_spelling(target: bytes, asks: bool) -> None:
    assert is_redirect_session(target) is asks


@pytest.mark.parametrize(
    "body",
    [
        {"auth": {"authRequest": {"sessionToken": "x"}}},
        {"sessionToken": None},
        {"a": [{"b": [{"session_token": "x"}]}]},
        {"SessionToken": "x"},
    ],
)
def test_a_session_token_in_a_redirect_session_is_refused(body: object) -> None:
    with pytest.raises(CallRefused, match="sessionToken") as refused:
        check_redirect_session(json.dumps(body).encode(), PUBLIC)
    assert "/_wix/login" in refused.value.message


def test_a_session_token_hidden_behind_its_twin_is_refused() -> None:
    with pytest.raises(CallRefused, match="sessionToken"):
        check_redirect_session(b'{"a":{"sessionToken":"x"},"a":{}}', PUBLIC)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"sessionToken=x", id="form"),
        pytest.param(b"{'a':1}", id="no JSON"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
        pytest.param(b"\x1f\x8b\x08", id="compressed"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_a_redirect_session_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(CallRefused, match="JSON"):
        check_redirect_session(body, PUBLIC)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"ecomCheckout":{"checkoutId":"c"},"origin":"sessionToken"}', b'{"login":{}}'],
)
def test_a_redirect_session_without_callbacks_passes_and_leads_nowhere_back(body: bytes) -> None:
    assert not check_redirect_session(body, PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/",
        "https://shop.example/thanks?order=1#top",
        "https://shop.example?done",
        "https://shop.example#/done",
        "https://shop.example:443/thanks",
        "HTTPS://Shop.Example/Thanks",
        "https://shop.example/_wix/login?prompt=none&returnToUrl=/thanks",
        "https://shop.example//evil.example/",
        "https://shop.example/@evil.example",
        "https://shop.example/gr\u00fc\u00dfe",
        "https://shop.example/" + "a" * 2_027,
    ],
)
def test_a_callback_on_the_site_leads_back(url: str) -> None:
    assert check_redirect_session(asking({"postFlowUrl": url}), PUBLIC)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("https://evil.example/", "leads to another origin", id="another host"),
        pytest.param("http://shop.example/", "leads to another origin", id="another scheme"),
        pytest.param("https://shop.example:8443/", "leads to another origin", id="another port"),
        pytest.param("https://www.shop.example/", "leads to another origin", id="a subdomain"),
        pytest.param("https://shop.example.evil.example/", "another origin", id="a longer host"),
        pytest.param("https://shop.example@evil.example/", "no plain host", id="a user name"),
        pytest.param("https://shop.example./", "no plain host", id="a dot behind the host"),
        pytest.param("https://shop%2eexample/", "no plain host", id="an escaped host"),
        pytest.param("https://sh\u00f6p.example/", "no plain host", id="a host beyond ASCII"),
        pytest.param("https://", "no plain host", id="no host"),
        pytest.param("https:///shop.example/", "no plain host", id="three slashes"),
        pytest.param("https:/shop.example/", "no absolute", id="one slash"),
        pytest.param("//shop.example/", "no absolute", id="no scheme"),
        pytest.param("/thank-you", "no absolute", id="a path"),
        pytest.param("", "no absolute", id="nothing"),
        pytest.param("javascript:alert(1)", "no absolute", id="a script"),
        pytest.param("https://shop.example\\@evil.example/", "a backslash", id="a backslash"),
        pytest.param("https://shop.exa\tmple.evil.example/", "a backslash", id="a tab"),
        pytest.param(" https://shop.example/", "a backslash", id="a space before it"),
        pytest.param("https://shop.example/\u202e", "a backslash", id="a character unseen"),
        pytest.param("https://shop.example/\ud800", "a backslash", id="half a character"),
        pytest.param("https://shop.example/" + "a" * 2_028, "longer than 2048", id="too long"),
        pytest.param(7, "is no text", id="a number"),
        pytest.param({"url": "https://shop.example/"}, "is no text", id="an object"),
    ],
)
def test_a_callback_that_could_leave_the_site_is_refused_by_its_name(
    url: object, says: str
) -> None:
    with pytest.raises(UnsafeReturnURL, match=says) as refused:
        check_redirect_session(asking({"thankYouPageUrl": url}), PUBLIC)
    assert refused.value.members == {"field": "callbacks.thankYouPageUrl"}
    assert "https://shop.example/thank-you" in refused.value.message
    assert "location.origin" in refused.value.message
    assert "api.allowed_origins" in refused.value.message


@pytest.mark.parametrize(
    "name",
    [
        *("postFlowUrl", "thankYouPageUrl", "loginUrl", "cartPageUrl", "planListUrl"),
        *("bookingsServiceListUrl", "post_flow_url", "someNewUrl"),
    ],
)
def test_every_callback_is_judged_whatever_it_is_for(name: str) -> None:
    with pytest.raises(UnsafeReturnURL, match=name):
        check_redirect_session(asking({name: "https://evil.example/"}), PUBLIC)


@pytest.mark.parametrize(
    "body",
    [
        b'{"callbacks":{"postFlowUrl":"https://evil.example/","postFlowUrl":"%s"}}',
        b'{"callbacks":{"postFlowUrl":"https://evil.example/"},"callbacks":{"postFlowUrl":"%s"}}',
        b'{"Call_Backs":{"postFlowUrl":"https://evil.example/"},"callbacks":{"postFlowUrl":"%s"}}',
    ],
    ids=["in the same object", "in a second object", "in another spelling"],
)
def test_a_callback_hidden_behind_its_twin_is_refused(body: bytes) -> None:
    with pytest.raises(UnsafeReturnURL):
        check_redirect_session(body % b"https://shop.example/", PUBLIC)


@pytest.mark.parametrize("callbacks", [[], "https://shop.example/", 1])
def test_callbacks_that_are_no_object_are_refused(callbacks: object) -> None:
    with pytest.raises(CallRefused, match="an object of addresses"):
        check_redirect_session(asking(callbacks), PUBLIC)


@pytest.mark.parametrize("callbacks", [None, {}, {"postFlowUrl": None}])
def test_a_callback_that_is_not_set_is_none(callbacks: object) -> None:
    assert not check_redirect_session(asking(callbacks), PUBLIC)


def test_a_callback_of_a_listed_origin_leads_back() -> None:
    body = asking({"postFlowUrl": "https://www.shop.example/done"})
    assert check_redirect_session(body, PUBLIC, ELSEWHERE)


@given(
    url=st.text() | st.from_regex(r"https?://[a-z@:/\\.?#%0-9-]*shop\.example.*", fullmatch=True)
)
def test_an_accepted_callback_is_on_the_site_for_another_reader_too(url: str) -> None:
    try:
        check_redirect_session(asking({"postFlowUrl": url}), PUBLIC)
    except UnsafeReturnURL:
        return
    assert str(URL(url).origin()) == "https://shop.example"


def test_the_answer_keeps_the_address_and_loses_the_session_token() -> None:
    answer = b'{"redirectSession":{"fullUrl":"https://a.example/","sessionToken":"secret"}}'
    found = json.loads(without_session_token(answer))
    assert found == {"redirectSession": {"fullUrl": "https://a.example/"}}


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"redirectSession":"x"}', b"[" * 99_999])
def test_an_answer_of_another_form_is_not_passed_on(answer: bytes) -> None:
    with pytest.raises(WixUnavailable):
        without_session_token(answer)


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        ("No Public URL Found - verify that site is published", "Publish the site"),
        ("http://a:1 isn't listed as an allowed redirect domain", "Allowed redirect domains"),
        ("Invalid redirect URI: http://a", "Allowed authorization redirect URIs"),
    ],
)
def test_a_known_refusal_has_its_advice(refusal: str, says: str) -> None:
    assert says in (advice(refusal) or "")


def test_an_unknown_refusal_has_no_advice() -> None:
    assert advice("PERMISSION_DENIED") is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"logout": {"clientId": "c"}}', id="plainly"),
        pytest.param(b'{"logout": {"clientId": "c"}, "logout": null}', id="behind its twin"),
        pytest.param(b'{"Logout": {}}', id="in another spelling"),
    ],
)
def test_a_logout_is_known_as_one(body: bytes) -> None:
    leaving = asked_logout(body)
    assert leaving is not None
    assert leaving.post_flow_url is None


@pytest.mark.parametrize("name", ["postFlowUrl", "post_flow_url"])
def test_a_logout_says_where_its_page_goes(name: str) -> None:
    asked = {"logout": {}, "callbacks": {"loginUrl": "https://shop.example/in", name: "https://x"}}
    leaving = asked_logout(json.dumps(asked).encode())
    assert leaving is not None
    assert (leaving.body, leaving.post_flow_url) == (asked, "https://x")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"logout"', b'{"logout": null}', asking({"logout": "https://x"})]
)
def test_what_is_no_logout_is_taken_for_none(body: bytes) -> None:
    assert asked_logout(body) is None
