"""Whose password, code or mail box a call of the identity service is about."""

from __future__ import annotations

from typing import Any

import pytest

from wixproxy.errors import CallRefused
from wixproxy.sansio.identity_calls import Tried, account_of, field_of, sends_mail

ADA = "ada@example.test"


@pytest.mark.parametrize(
    ("tried", "body", "account"),
    [
        pytest.param("password", {"loginId": {"email": ADA}}, ADA, id="a login"),
        pytest.param("password", {"login_id": {"e_mail": ADA}}, ADA, id="in snake case"),
        pytest.param(
            "password", {"loginId": {"username": "ada"}}, '{"username": "ada"}', id="name"
        ),
        pytest.param("password", {"email": ADA}, None, id="no login"),
        pytest.param("password", {"loginId": ADA}, None, id="a login without fields"),
        pytest.param("mail", {"email": ADA}, ADA, id="a mail"),
        pytest.param("mail", {"loginId": {"email": ADA}}, None, id="a mail to nobody"),
        pytest.param("mail", {"stateToken": "s"}, None, id="a mail for a state token"),
        pytest.param(
            "code", {"code": "1", "email": ADA, "loginId": {"email": ADA}}, None, id="code"
        ),
    ],
)
def test_the_account_is_read_as_wix_reads_it(
    tried: Tried, body: dict[str, Any], account: str | None
) -> None:
    assert account_of(tried, body) == account


@pytest.mark.parametrize(
    ("tried", "body"),
    [
        pytest.param(
            "password", {"loginId": {"email": "x"}, "login_id": {"email": ADA}}, id="login"
        ),
        pytest.param("password", {"loginId": {"email": "x", "Email": ADA}}, id="address"),
        pytest.param("mail", {"email": "x", "e-mail": ADA}, id="mail"),
        pytest.param("mail", {"email": "x", "state_token": "s"}, id="mail and state token"),
    ],
)
def test_a_body_that_names_two_accounts_is_refused(tried: Tried, body: dict[str, Any]) -> None:
    """One would be counted, and the other tried."""
    with pytest.raises(CallRefused, match="The body names"):
        account_of(tried, body)


def test_a_field_is_found_in_any_spelling() -> None:
    assert field_of({"state_token": "s"}, "stateToken") == "s"
    assert field_of({"other": "s"}, "stateToken") is None


@pytest.mark.parametrize(
    ("path", "sends"),
    [
        pytest.param(b"/_api/iam/recovery/v1/send-email", True, id="a recovery"),
        pytest.param(b"/iam/Recovery/v2/send-email/", True, id="in another spelling"),
        pytest.param(b"/_api/iam/verification/v1/start", True, id="a verification"),
        pytest.param(b"/members/v1/members/my", False, id="an ordinary call"),
        pytest.param(b"/_api/iam/signon/v1/sign-on-policies", False, id="another of the service"),
    ],
)
def test_a_call_that_may_send_a_mail_is_known_by_its_path(path: bytes, sends: bool) -> None:
    assert sends_mail(path) is sends
