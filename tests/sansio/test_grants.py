"""An answer of the token endpoint is tokens, a refusal, or no answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import GrantRejected, WixUnavailable
from wixproxy.sansio import grants
from wixproxy.sansio.tokens import Tokens

NOW = 1_800_000_000
OLD = Tokens("old-access", "old-refresh", NOW, 14_400)
GOOD = {"access_token": "A", "refresh_token": "R", "token_type": "Bearer", "expires_in": 14_400}


def answer(**changes: Any) -> bytes:
    values = {**GOOD, **changes}
    return json.dumps({name: value for name, value in values.items() if value != "-"}).encode()


def test_tokens_are_read_with_the_time_they_leave() -> None:
    assert grants.read_answer(200, answer(), NOW + 0.7) == Tokens("A", "R", NOW + 14_400, 14_400)


def test_a_lifetime_may_be_written_as_digits() -> None:
    assert grants.read_answer(200, answer(expires_in="60"), NOW).lifetime_seconds == 60


def test_the_old_refresh_token_stays_when_no_other_comes() -> None:
    renewed = grants.read_answer(200, answer(refresh_token="-"), NOW, replaces=OLD)
    assert renewed.refresh == "old-refresh"


def test_a_new_refresh_token_takes_the_place_of_the_old_one() -> None:
    assert grants.read_answer(200, answer(), NOW, replaces=OLD).refresh == "R"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_only_a_refusal_with_an_error_code_is_final(status: int) -> None:
    with pytest.raises(GrantRejected) as caught:
        grants.read_answer(status, b'{"error":"invalid_grant"}', NOW)
    assert caught.value.error == "invalid_grant"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(500, b'{"error":"invalid_grant"}', id="an error of Wix's own"),
        pytest.param(429, b"{}", id="a limit without a code"),
        pytest.param(302, b"", id="a redirect"),
        pytest.param(400, b"<html>", id="a page"),
        pytest.param(400, b'{"error":{"a":1}}', id="an error that is no code"),
        pytest.param(200, b"<html>", id="200 with a page"),
        pytest.param(200, b"[]", id="200 with a list"),
        pytest.param(200, b"", id="200 with nothing"),
        pytest.param(200, b"\xef\xbb\xbf" + answer(), id="a byte order mark"),
        pytest.param(200, answer() + b" " * 70_000, id="more bytes than a token answer has"),
        pytest.param(200, answer(expires_in=-1), id="a negative life"),
        pytest.param(200, answer(expires_in=0), id="no life"),
        pytest.param(200, answer(expires_in=31 * 86_400), id="a life over 30 days"),
        pytest.param(200, answer(expires_in=1.5), id="a broken number"),
        pytest.param(200, answer(expires_in=True), id="a life that is true"),
        pytest.param(200, answer(expires_in="1e9"), id="a life in words"),
        pytest.param(200, answer().replace(b"14400", b"1e99"), id="1e99"),
        pytest.param(200, answer().replace(b"14400", b"NaN"), id="NaN"),
        pytest.param(200, answer(expires_in="-"), id="no life given"),
        pytest.param(200, answer(access_token="-"), id="no access token"),
        pytest.param(200, answer(refresh_token="-"), id="no refresh token at a mint"),
        pytest.param(200, answer(access_token="a b"), id="a token with a space"),
        pytest.param(200, answer(access_token="a\r\nX: y"), id="a token with a line break"),
        pytest.param(200, answer(token_type="mac"), id="a token of another type"),
        pytest.param(200, answer()[:-1] + b',"access_token":"B"}', id="a name that stands twice"),
        pytest.param(200, b"[" * 60_000, id="deeply nested"),
    ],
)
def test_anything_else_is_no_answer(status: int, body: bytes) -> None:
    """R42: nobody loses a session over it."""
    with pytest.raises(WixUnavailable):
        grants.read_answer(status, body, NOW)


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_no_answer_crashes_the_reader(status: int, body: bytes) -> None:
    with pytest.raises((GrantRejected, WixUnavailable)):
        grants.read_answer(status, body, NOW)


def test_no_message_repeats_what_came() -> None:
    """R21."""
    with pytest.raises(WixUnavailable) as caught:
        grants.read_answer(200, answer(access_token="secret secret"), NOW)
    assert "secret" not in str(caught.value)


def test_the_four_grants_name_their_parameters_as_wix_does() -> None:
    assert grants.anonymous("c") == {"clientId": "c", "grantType": "anonymous"}
    assert grants.refresh("c", OLD)["refreshToken"] == "old-refresh"
    assert grants.authorization_code("c", "code", "verifier", "http://x/cb") == {
        "clientId": "c",
        "grantType": "authorization_code",
        "code": "code",
        "codeVerifier": "verifier",
        "redirectUri": "http://x/cb",
    }
