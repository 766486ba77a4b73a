"""What Wix says to a login, in the words that a page is told."""

from __future__ import annotations

from typing import Any

import pytest

from wixproxy.sansio.custom_login import Landing, as_for_everybody, captcha_tokens, outcome
from wixproxy.sansio.identity_calls import Tried


def refusal(code: str) -> dict[str, Any]:
    return {"details": {"applicationError": {"code": code}}}


@pytest.mark.parametrize(
    ("status", "values", "error"),
    [
        pytest.param(404, refusal("-19999"), "invalid_credentials", id="an unknown address"),
        pytest.param(401, refusal("-19976"), "invalid_credentials", id="a wrong password"),
        pytest.param(401, {}, "invalid_credentials", id="a 401 without words"),
        pytest.param(403, refusal("-19973"), "password_reset_required", id="a password to change"),
        pytest.param(409, refusal("-19995"), "email_already_exists", id="an address taken"),
        pytest.param(409, refusal("DUPLICATE_EMAIL"), "email_already_exists", id="in new words"),
        pytest.param(400, refusal("-19971"), "captcha_required", id="no captcha"),
        pytest.param(400, refusal("RECAPTCHA_FAILED"), "captcha_invalid", id="a wrong captcha"),
        pytest.param(429, refusal("THROTTLED_FEATURE"), "too_many_requests", id="Wix's own limit"),
        pytest.param(400, refusal("VERIFICATION_FAILED"), "verification_failed", id="a wrong code"),
        pytest.param(400, {"details": {"validationError": {}}}, "invalid_input", id="bad input"),
        pytest.param(400, refusal("NEWS"), "login_failed", id="a code that nobody knows"),
        pytest.param(503, {}, "login_failed", id="Wix down"),
        pytest.param(
            200, {"state": "REQUIRE_OWNER_APPROVAL"}, "owner_approval_required", id="owner"
        ),
        pytest.param(200, {"state": "STATUS_CHECK"}, "login_failed", id="an unknown state"),
        pytest.param(200, {"state": "SUCCESS"}, "login_failed", id="success with no token"),
        pytest.param(200, {"state": "SUCCESS", "sessionToken": 1}, "login_failed", id="no text"),
        pytest.param(200, {}, "login_failed", id="nothing"),
    ],
)
def test_whatever_is_no_success_is_told_as_a_failure(
    status: int, values: dict[str, Any], error: str
) -> None:
    found = outcome(status, values)
    assert (found.error, found.session_token) == (error, None)


def test_a_success_has_the_session_token_and_shows_it_to_nobody() -> None:
    found = outcome(200, {"state": "SUCCESS", "sessionToken": "JWS.secret"})
    assert (found.session_token, found.error) == ("JWS.secret", None)
    assert "secret" not in repr(found)


def test_an_address_to_prove_comes_with_its_state_token() -> None:
    found = outcome(200, {"state": "REQUIRE_EMAIL_VERIFICATION", "stateToken": "state"})
    assert (found.error, found.state_token) == ("email_verification_required", "state")


@pytest.mark.parametrize(
    ("status", "values"),
    [
        pytest.param(404, refusal("-19999"), id="an unknown address"),
        pytest.param(401, refusal("-19976"), id="a wrong password"),
        pytest.param(404, {}, id="a 404 without words"),
        pytest.param(400, refusal("-19999"), id="an unknown address with another status"),
    ],
)
def test_a_password_that_fits_nobody_has_one_answer(status: int, values: dict[str, Any]) -> None:
    wrong = as_for_everybody("password", 401, refusal("-19976"))
    assert as_for_everybody("password", status, values) == wrong
    assert wrong[0] == 401
    assert wrong[1]["details"]["applicationError"]["code"] == "-19976"


@pytest.mark.parametrize(
    ("tried", "status", "values"),
    [
        pytest.param("password", 401, refusal("UNAUTHENTICATED"), id="a token refused"),
        pytest.param("password", 403, refusal("-19973"), id="a password to change"),
        pytest.param("password", 200, {"state": "SUCCESS"}, id="a success"),
        pytest.param("code", 404, {}, id="a code for nothing"),
        pytest.param("mail", 403, {}, id="a mail refused"),
    ],
)
def test_what_tells_of_no_account_stays_as_wix_said_it(
    tried: Tried, status: int, values: dict[str, Any]
) -> None:
    assert as_for_everybody(tried, status, values) == (status, values)


def test_a_mail_to_nobody_is_one_that_was_sent() -> None:
    assert as_for_everybody("mail", 404, refusal("-19999")) == (200, {})


@pytest.mark.parametrize(
    ("landing", "url", "address"),
    [
        pytest.param(Landing(), "/in?a=1#b", "/in?a=1#b", id="success changes nothing"),
        pytest.param(Landing("no"), "/in", "/in?error=no", id="a path"),
        pytest.param(Landing("no"), "/in?a=1", "/in?a=1&error=no", id="a query"),
        pytest.param(Landing("no", "s&"), "/in#b", "/in?error=no&state=s%26#b", id="a fragment"),
        pytest.param(Landing("no", None, 6), "/", "/?error=no&retryAfter=6", id="a wait"),
    ],
)
def test_a_page_learns_from_its_query_what_happened(
    landing: Landing, url: str, address: str
) -> None:
    assert landing.address(url) == address


def test_a_script_learns_who_it_is_or_what_happened() -> None:
    assert Landing().values("member") == {"identity": "member"}
    assert Landing("no", "s").values("visitor") == {"error": "no", "state": "s"}


@pytest.mark.parametrize(
    ("form", "tokens"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"recaptchaToken": ""}, {}, id="an empty one"),
        pytest.param(
            {"g-recaptcha-response": "t"}, {"captchaTokens": [{"Recaptcha": "t"}]}, id="the widget"
        ),
        pytest.param(
            {"invisibleRecaptchaToken": "t", "g-recaptcha-response": "u"},
            {"captchaTokens": [{"InvisibleRecaptcha": "t"}]},
            id="the one that is named",
        ),
    ],
)
def test_an_answered_captcha_goes_along(form: dict[str, str], tokens: dict[str, Any]) -> None:
    assert captcha_tokens(form) == tokens
