"""Paths of Wix calls: R56 to R58, C8, C11, C12, V42 to V44, and the second property."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wixproxy.errors import CallRefused, PathRefused
from wixproxy.sansio.api_paths import api_target, check_call
from wixproxy.sansio.call_rules import CallRules

ANYTHING = CallRules()


@pytest.mark.parametrize(
    "call",
    [
        b"/ecom/v1/carts/current",
        b"/_api/redirects-api/v1/redirect-session",
        b"/members/v1/members/my?fieldsets=FULL",
        b"/stores/v3/products/query?.r=eyJxdWVyeSI6e319",
        b"/wix-data/v2/items/a%20b%C3%A9",
        b"/a/b:c@d!$&'()*+,=~x",
        b"/a/...",
        b"/a/.well-known",
        b"/a/",
        b"/a?b=1;c=2&d=%2f%00%zz//..\\",
        b"/a??",
        b"/a?",
        b"/_wix/api/x",
    ],
)
def test_the_bytes_behind_the_prefix_travel_as_they_came(call: bytes) -> None:
    """R57, V43, V44."""
    assert api_target(b"/_wix/api" + call) == call


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"/", id="only a slash"),
        pytest.param(b"?a", id="only a query"),
        pytest.param(b"x/y", id="other prefix"),
        pytest.param(b"//evil.test/", id="R56 empty segment"),
        pytest.param(b"/a//b", id="empty segment inside"),
        pytest.param(b"/a//", id="two slashes at the end"),
        pytest.param(b"/https://evil", id="R56 URL"),
        pytest.param(b"/a%2fb", id="encoded slash"),
        pytest.param(b"/%2F%2fevil", id="R56 two encoded slashes"),
        pytest.param(b"/a%5cb", id="encoded backslash"),
        pytest.param(b"/a\\b", id="R56 backslash"),
        pytest.param(b"/a/../b", id="dot segment"),
        pytest.param(b"/a/./b", id="single dot"),
        pytest.param(b"/a/..", id="dot segment at the end"),
        pytest.param(b"/a/%2e%2e/b", id="encoded dot segment"),
        pytest.param(b"/a/.%2E/b", id="half encoded dot segment"),
        pytest.param(b"/a%2eb", id="encoded dot"),
        pytest.param(b"/a%00", id="NUL"),
        pytest.param(b"/a%0d%0ab", id="line break"),
        pytest.param(b"/a%7f", id="DEL"),
        pytest.param(b"/a%252fb", id="encoded percent sign"),
        pytest.param(b"/a%3bb", id="encoded semicolon"),
        pytest.param(b"/a;b", id="semicolon"),
        pytest.param(b"/secret%23/endpoint", id="C12 encoded fragment"),
        pytest.param(b"/a%3fb", id="encoded question mark"),
        pytest.param(b"/%6fauth2/token", id="escape of a letter"),
        pytest.param(b"/%7euser", id="V43 escape of a tilde"),
        pytest.param(b"/a%", id="broken escape at the end"),
        pytest.param(b"/a%2", id="half an escape"),
        pytest.param(b"/a%zz", id="no escape"),
        pytest.param(b"/a%ff", id="escape that is not UTF-8"),
        pytest.param(b"/a%C3", id="half a character"),
        pytest.param(b"/a%c0%af", id="overlong slash"),
        pytest.param(b"/a b", id="space"),
        pytest.param(b"/a\tb", id="tab"),
        pytest.param(b"/a\x00", id="raw NUL"),
        pytest.param(b"/caf\xe9", id="raw byte above 0x7f"),
        pytest.param(b'/a"b', id="quote"),
        pytest.param(b"/a<b>", id="angle brackets"),
        pytest.param(b"/a|b", id="bar"),
        pytest.param(b"/a#b", id="fragment"),
        pytest.param(b"/a?b#c", id="fragment in the query"),
        pytest.param(b"/a?b\r\nX: y", id="line break in the query"),
        pytest.param(b"/a?b\x00", id="NUL in the query"),
    ],
)
def test_a_path_with_two_readings_is_refused(path: bytes) -> None:
    """R58."""
    with pytest.raises(PathRefused):
        api_target(b"/_wix/api" + path)


def test_a_target_outside_the_prefix_is_refused() -> None:
    with pytest.raises(PathRefused):
        api_target(b"/elsewhere/api/x")


_CHARACTERS = st.sampled_from(
    [b"a", b"Z", b"0", b"-", b".", b"..", b"/", b"//", b"%", b"%2f", b"%2e", b"%5c", b"%00",
     b"%25", b"%41", b"%20", b"%C3%A9", b"%ff", b";", b"\\", b"?", b"#", b"@", b":", b"oauth2",
     b"/oauth2/token", b"iam", b"\x00", b"\xe9", b"?.r=", b"_api", b"apps", b"v1"]
)  # fmt: skip


@given(st.lists(_CHARACTERS, min_size=1, max_size=10).map(b"".join))
@settings(max_examples=3000)
@example(b"oauth2%2ftoken")
@example(b"OAuth2/token/")
def test_what_was_judged_is_what_is_sent(call: bytes) -> None:
    """R57, R58: every way to read an accepted path gives the same segments."""
    try:
        sent = api_target(b"/_wix/api/" + call)
    except PathRefused:
        return
    assert sent == b"/" + call
    path = sent.partition(b"?")[0]
    decoded = unquote_to_bytes(path)
    assert decoded.count(b"/") == path.count(b"/"), "decoding moves no segment"
    assert not {b"", b".", b".."} & set(decoded.rstrip(b"/").split(b"/")[1:])
    assert unquote_to_bytes(decoded) == decoded, "decoding twice changes nothing more"
    decoded.decode("utf-8")


@pytest.mark.parametrize(
    "path",
    [
        b"/oauth2/token",
        b"/oauth2/token?x=/ecom/v1/carts",
        b"/oauth2/token/",
        b"/OAuth2/Token",
        b"/oauth2",
        b"/oauth/access",
        b"/_api/oauth2/authorize",
        b"/_api/iam/authentication/v2/login",
        b"/iam/authentication/v2/register",
        b"/_api/IAM/authentication/v2/sign-on",
        b"/_api/iam/authentication/v1/change-password",
        b"/iam/authentication/v2/change-password/x",
        b"/iam/authentication/v2",
        b"/_api/iam/verification/v1/auth/verify",
        b"/_api/iam/recovery/v1/recover",
        b"/_api/iam/recovery/v2/recover/",
        b"/_api/iam/anything/v9/sign-on",
        b"/wix-sm/api/v1/auth/api/v1/auth/login",
        b"/_api/wix-sm/api/v1/auth/login",
        b"/members/v1/wix-sm-webapp-proxy/v1/auth/register",
        b"/_api/Members/v2/wix-sm-webapp-proxy/v1/auth/login",
        b"/identity/members/api/v1/auth/login",
        b"/_api/identity/members/v1/auth/members",
        b"/oauth-app/v1/oauth-apps/x/generate-secret",
        b"/_api/oauth-app/v1/oauth-apps/x/Secret/",
    ],
)
@pytest.mark.parametrize("elevated", [False, True], ids=["as its session", "by a rule"])
def test_what_hands_out_credentials_never_passes(path: bytes, elevated: bool) -> None:
    """R64."""
    everything = CallRules.parse(["* /**", "* /oauth2/**", "* /oauth-app/**"], [])
    for rules in (ANYTHING, everything):
        with pytest.raises(CallRefused, match="hand credentials"):
            check_call("POST", path, rules, elevated=elevated)


@pytest.mark.parametrize(
    "path",
    [
        b"/ecom/v1/carts/current",
        b"/_api/iam/verification/v1/start",
        b"/_api/iam/recovery/v1/send-email",
        b"/_api/iam/authentication/v2/change-password",
        b"/iam/authentication/v2/validate-email",
        b"/oauth2x/token",
        b"/x/oauth2/token",
        b"/apps/v10/x",
        b"/members/v1/members/my?x=/oauth2/token",
        b"/api/v1/members/block",
    ],
)
def test_an_ordinary_call_passes_without_rules(path: bytes) -> None:
    """C8: the query decides nothing."""
    check_call("POST", path, ANYTHING)
