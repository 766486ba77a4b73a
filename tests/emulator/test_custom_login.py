"""The identity endpoints behind custom login pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.driver import Answer, Wix

BASES = ["/_api/iam/authentication", "/iam/authentication"]
ADA = {"loginId": {"email": "ada@example.test"}, "password": "ada-password"}
NEW = {"loginId": {"email": "new@example.test"}, "password": "secret"}


async def call(wix: Wix, what: str, body: dict[str, Any], base: str = BASES[0]) -> Answer:
    token = (await wix.visitor())["access_token"]
    return await wix.call("POST", f"{base}/v2/{what}", token, json=body)


def code_of(answer: Answer) -> str:
    return answer.json["details"]["applicationError"]["code"]


@pytest.mark.parametrize("base", BASES)
async def test_a_right_password_yields_a_session_token(wix: Wix, base: str) -> None:
    answer = await call(wix, "login", ADA, base)
    assert answer.status == 200
    assert answer.json["state"] == "SUCCESS"
    assert answer.json["sessionToken"] in wix.emulator.issued
    assert answer.json["identity"]["email"] == {"address": "ada@example.test", "isVerified": True}
    assert answer.json["identity"]["status"]["name"] == "ACTIVE"


@pytest.mark.parametrize(
    ("email", "password", "status", "code"),
    [
        pytest.param("nobody@example.test", "x", 404, "-19999", id="unknown email"),
        pytest.param("ada@example.test", "x", 401, "-19976", id="wrong password"),
        pytest.param("ADA@example.test", "x", 401, "-19976", id="letter case of the email"),
    ],
)
async def test_a_failed_login_has_a_numeric_code(
    wix: Wix, email: str, password: str, status: int, code: str
) -> None:
    answer = await call(wix, "login", {"loginId": {"email": email}, "password": password})
    assert (answer.status, code_of(answer)) == (status, code)


async def test_a_member_who_must_reset_the_password_is_told_so(wix: Wix) -> None:
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    ada.must_reset_password = True
    assert code_of(await call(wix, "login", ADA)) == "-19973"


async def test_a_blocked_member_is_stopped_by_the_status_check(wix: Wix) -> None:
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    ada.status = "BLOCKED"
    answer = await call(wix, "login", ADA)
    assert answer.json["state"] == "STATUS_CHECK"
    assert "sessionToken" not in answer.json


async def test_nobody_logs_in_without_a_visitor_token(wix: Wix) -> None:
    path = f"{BASES[0]}/v2/login"
    assert (await wix.call("POST", path, json=ADA)).status == 401
    assert (await wix.call("POST", path, await wix.app_token(), json=ADA)).status == 403


async def test_registering_yields_a_session_token_and_a_member(wix: Wix) -> None:
    profile = {"firstName": "Nia", "lastName": "New", "company": "Acme"}
    answer = await call(wix, "register", {**NEW, "profile": profile})
    assert answer.json["state"] == "SUCCESS"
    assert answer.json["identity"]["identityProfile"]["company"] == "Acme"
    assert (await call(wix, "login", NEW)).json["identity"]["id"] == answer.json["identity"]["id"]


async def test_an_email_registers_once(wix: Wix) -> None:
    answer = await call(wix, "register", ADA)
    assert (answer.status, code_of(answer)) == (409, "-19995")


@pytest.mark.parametrize(
    ("body", "field", "data"),
    [
        pytest.param(
            {"loginId": {"email": "ada"}, "password": "secret"},
            "loginId.email",
            {"type": "EMAIL"},
            id="malformed email",
        ),
        pytest.param({"password": "secret"}, "loginId.email", {"type": "EMAIL"}, id="no email"),
        pytest.param({"loginId": {"email": "a@b.test"}}, "password", {}, id="no password"),
        pytest.param(
            {"loginId": {"email": "a@b.test"}, "password": "abc"},
            "password",
            {"threshold": 4},
            id="short password",
        ),
        pytest.param({**NEW, "profile": "x"}, "profile", {}, id="profile that is no object"),
    ],
)
async def test_a_violation_always_has_a_data_object(
    wix: Wix, body: dict[str, Any], field: str, data: dict[str, Any]
) -> None:
    answer = await call(wix, "register", body)
    assert answer.status == 400
    violation = answer.json["details"]["validationError"]["fieldViolations"][0]
    assert (violation["field"], violation["data"]) == (field, data)


async def test_owner_approval_keeps_a_new_member_waiting(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"owner_approval": True})
    for what in ("register", "login"):
        answer = await call(wix, what, NEW)
        assert answer.json["state"] == "REQUIRE_OWNER_APPROVAL"
        assert "sessionToken" not in answer.json
        assert answer.json["identity"]["status"] == {
            "name": "PENDING",
            "reasons": ["PENDING_ADMIN_APPROVAL_REQUIRED"],
        }


async def test_email_verification_sends_a_code_and_a_state_token(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"email_verification": True})
    answer = await call(wix, "register", NEW)
    assert answer.json["state"] == "REQUIRE_EMAIL_VERIFICATION"
    assert answer.json["stateToken"]
    assert answer.json["identity"]["status"]["reasons"] == ["PENDING_EMAIL_VERIFICATION_REQUIRED"]
    mails = (await wix.admin("GET", "/mailbox"))["mails"]
    assert mails[-1]["to"] == "new@example.test"
    assert len(mails[-1]["code"]) == 6


@pytest.mark.parametrize(
    ("tokens", "code"),
    [
        pytest.param(None, "-19971", id="none"),
        pytest.param([], "-19971", id="an empty list"),
        pytest.param([{"Recaptcha": None}], "-19971", id="an empty token"),
        pytest.param([{"InvisibleRecaptcha": "invalid"}], "-19970", id="an invalid one"),
    ],
)
async def test_a_captcha_is_asked_for_where_it_is_switched_on(
    wix: Wix, tokens: object, code: str
) -> None:
    await wix.admin("PUT", "/settings", {"captcha": True})
    for what in ("login", "register"):
        assert code_of(await call(wix, what, {**ADA, "captchaTokens": tokens})) == code


async def test_an_answered_captcha_passes(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"captcha": True})
    answer = await call(wix, "login", {**ADA, "captchaTokens": [{"Recaptcha": "yes"}]})
    assert answer.json["state"] == "SUCCESS"
