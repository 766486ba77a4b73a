"""How a login begins, and which callbacks finish it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import LoginRejected, WixRefused
from wixproxy.sansio import login
from wixproxy.sansio.login import Callback, LoginAttempt, check_authorize_address
from wixproxy.sansio.origin import Origin

NOW = 1_800_000_000


def attempt(started_at: int = NOW) -> LoginAttempt:
    return LoginAttempt("state-of-this-browser", "verifier", "/cart", started_at)


def test_each_attempt_has_a_state_and_verifier_of_its_own() -> None:
    """R26: 43 characters of the unreserved set, S256."""
    first, second = (LoginAttempt.start("/", NOW) for _ in range(2))
    assert len({first.state, second.state, first.verifier, second.verifier}) == 4
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43}", first.verifier)
    digest = hashlib.sha256(first.verifier.encode()).digest()
    assert first.challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_the_verifier_never_leaves_and_the_code_comes_by_query() -> None:
    """R25, R26."""
    begun = LoginAttempt.start("/", NOW)
    body = login.redirect_session(
        "client", "http://x/cb", state=begun.state, challenge=begun.challenge, prompt="login"
    )
    assert begun.verifier not in str(body)
    request = body["auth"]["authRequest"]
    assert (request["responseType"], request["responseMode"]) == ("code", "query")
    assert request["codeChallengeMethod"] == "S256"


def test_secrets_of_an_attempt_do_not_show() -> None:
    """R21."""
    begun = LoginAttempt.start("/", NOW)
    assert begun.state not in repr(begun)
    assert begun.verifier not in repr(begun)


@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_are_no_attempt(data: bytes) -> None:
    with pytest.raises(ValueError):
        LoginAttempt.decode(data)


def test_an_attempt_reads_back_as_it_was_written() -> None:
    begun = LoginAttempt.start("/a?b=ü", NOW, silent=True)
    assert LoginAttempt.decode(begun.encode()) == begun


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(b"code=c", id="no state"),
        pytest.param(b"code=c&state=", id="an empty state"),
        pytest.param(b"code=c&state=a&state=b", id="two states"),
        pytest.param(b"code=c&state[]=a", id="a state like a list"),
        pytest.param(b"code=c&code=d&state=a", id="two codes"),
        pytest.param(b"code=c&state=a&iss=https%3A%2F%2Fa&iss=https%3A%2F%2Fb", id="two issuers"),
        pytest.param(b"error=denied", id="an error without a state"),
    ],
)
def test_a_callback_without_exactly_one_state_is_refused(query: bytes) -> None:
    """R29, C24, C25."""
    with pytest.raises(LoginRejected):
        Callback.parse(query)


@pytest.mark.parametrize(
    "issuer", [b"https%3A%2F%2Fwww.wix.com", b"https%3A%2F%2Fevil.example", b""]
)
def test_an_issuer_that_nobody_can_check_changes_nothing(issuer: bytes) -> None:
    """R32: there is one authorization server, and state and verifier bind the code to it."""
    assert Callback.parse(b"code=c&state=a&iss=" + issuer) == Callback.parse(b"code=c&state=a")


def test_a_callback_without_code_and_error_may_have_them_in_its_fragment() -> None:
    assert Callback.parse(b"state=a") is None
    assert Callback.parse(b"") is None


@pytest.mark.parametrize(
    ("state", "known", "now"),
    [
        pytest.param("another", attempt(), NOW, id="another browser's state"),
        pytest.param("state-of-this-browser", None, NOW, id="no attempt in this browser"),
        pytest.param("state-of-this-browser", attempt(NOW - 600), NOW, id="ten minutes old"),
        pytest.param("ÿ", attempt(), NOW, id="a state that is not ASCII"),
    ],
)
def test_a_callback_that_is_not_ours_is_refused(
    state: str, known: LoginAttempt | None, now: int
) -> None:
    """R29, R30."""
    with pytest.raises(LoginRejected):
        login.check(Callback(state, "code", None, None), known, now)


def test_an_error_needs_the_matching_state_too() -> None:
    """R41: without it nothing of the error's text is repeated."""
    callback = Callback("forged", None, "evil-error", "evil text")
    with pytest.raises(LoginRejected) as caught:
        login.check(callback, attempt(), NOW)
    assert "evil" not in caught.value.message


def test_an_error_of_wix_is_quoted_and_cut() -> None:
    """R41."""
    callback = Callback("state-of-this-browser", None, "access_denied", "<img onerror=x>" * 40)
    with pytest.raises(LoginRejected) as caught:
        login.check(callback, attempt(), NOW)
    assert "'access_denied'" in caught.value.message
    assert len(caught.value.message) < 200


def test_a_good_callback_yields_the_code() -> None:
    callback = Callback("state-of-this-browser", "the-code", None, None)
    assert login.check(callback, attempt(), NOW + 599) == (attempt(), "the-code")
    assert "the-code" not in repr(callback)


def test_the_oldest_attempts_give_way_so_that_five_remain() -> None:
    """R33: unreadable ones first."""
    attempts: dict[str, LoginAttempt | None] = {f"n{at}": attempt(NOW + at) for at in range(6)}
    attempts["broken"] = None
    assert login.crowded_out(attempts) == ["broken", "n0", "n1"]
    assert login.crowded_out({"only": attempt()}) == []


@pytest.mark.parametrize(
    ("starts", "loop"),
    [
        pytest.param((NOW - 20, NOW - 10, NOW - 1), True, id="three within thirty seconds"),
        pytest.param((NOW - 31, NOW - 10, NOW - 1), False, id="one of them earlier"),
        pytest.param((), False, id="none"),
    ],
)
def test_three_starts_within_thirty_seconds_are_a_loop(starts: tuple[int, ...], loop: bool) -> None:
    """R35."""
    assert login.is_loop(starts, NOW) is loop


def test_an_unknown_connection_is_refused() -> None:
    assert login.connection_id("google") == "0e6a50f5-b523-4e29-990d-f37fa2ffdd69"
    assert login.connection_id("0E6A50F5-B523-4E29-990D-F37FA2FFDD69").startswith("0e6a50f5")
    with pytest.raises(ValueError, match="expected google, facebook or a connection GUID"):
        login.connection_id("myspace")


WIX = Origin.parse("https://www.wixapis.com")
EMULATOR = Origin.parse("http://127.0.0.1:4331")
TOKEN = "/_api/oauth2/authorize?sessionToken=JWS.secret"


@pytest.mark.parametrize(
    ("address", "api"),
    [
        ("https://shop.example", WIX),
        ("https://user.wixsite.com:443", WIX),
        ("https://xn--shp-sna.example", WIX),
        ("https://www.wixapis.com", WIX),
        ("http://127.0.0.1:4331", EMULATOR),
        ("https://shop.example", EMULATOR),
    ],
)
def test_a_session_token_is_taken_to_a_site_or_to_the_emulator(address: str, api: Origin) -> None:
    check_authorize_address(address + TOKEN, api)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("http://shop.example", id="without TLS"),
        pytest.param("https://shop.example:8443", id="another port"),
        pytest.param("http://127.0.0.1:4331", id="this machine"),
        pytest.param("https://localhost", id="this machine by name"),
        pytest.param("https://shop.localhost", id="a name of this machine"),
        pytest.param("https://10.0.0.1", id="an address"),
        pytest.param("https://10.0.0.1.", id="an address with a dot behind it"),
        pytest.param("https://0x7f.1", id="an address in another spelling"),
        pytest.param("https://[::1]", id="an IPv6 address"),
        pytest.param("https://metadata", id="a name of one label"),
        pytest.param("https://metadata.", id="a name of one label, and a dot"),
        pytest.param("https://user@shop.example", id="a user name"),
        pytest.param("https://shop.example\\@evil.example", id="a backslash"),
        pytest.param("ftp://shop.example", id="another scheme"),
        pytest.param("shop.example", id="no scheme"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_session_token_is_taken_nowhere_else(address: str) -> None:
    with pytest.raises(WixRefused, match="session token was not taken") as refused:
        check_authorize_address(address + TOKEN, WIX)
    assert "secret" not in refused.value.message
