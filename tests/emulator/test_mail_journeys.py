"""What goes by mail: verification codes, recovery and activation links, and their page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.emulator.driver import SITE, Answer, Wix, continued_by, parameters_of

IAM = "/_api/iam"
ADA = "ada@example.test"
NEW = {"loginId": {"email": "new@example.test"}, "password": "secret"}


async def post(wix: Wix, path: str, body: dict[str, Any], token: str | None = None) -> Answer:
    token = token or (await wix.visitor())["access_token"]
    return await wix.call("POST", IAM + path, token, json=body)


async def last_mail(wix: Wix) -> dict[str, str]:
    mail: dict[str, str] = (await wix.admin("GET", "/mailbox"))["mails"][-1]
    return mail


def code_of(answer: Answer) -> str:
    code: str = answer.json["details"]["applicationError"]["code"]
    return code


async def pending(wix: Wix, **settings: Any) -> str:
    """Register somebody whose address must be proven; return the state token."""
    await wix.admin("PUT", "/settings", {"email_verification": True, **settings})
    answer = await post(wix, "/authentication/v2/register", NEW)
    assert answer.json["state"] == "REQUIRE_EMAIL_VERIFICATION"
    state_token: str = answer.json["stateToken"]
    return state_token


async def verify(wix: Wix, code: str, state_token: str) -> Answer:
    body = {"code": code, "stateToken": state_token}
    return await post(wix, "/verification/v1/auth/verify", body)


async def test_another_code_is_mailed_to_whom_a_login_waits_for(wix: Wix) -> None:
    state_token = await pending(wix)
    first = (await last_mail(wix))["code"]
    resend = "/verification/v1/auth/resend"
    assert (await post(wix, resend, {"stateToken": state_token})).json == {}
    second = (await last_mail(wix))["code"]
    assert second != first
    assert (await verify(wix, first, state_token)).status == 400
    assert (await verify(wix, second, state_token)).json["state"] == "SUCCESS"
    assert (await post(wix, resend, {"stateToken": state_token})).status == 400


async def test_the_mailed_code_finishes_a_sign_up(wix: Wix) -> None:
    state_token = await pending(wix)
    answer = await verify(wix, (await last_mail(wix))["code"], state_token)
    assert answer.json["state"] == "SUCCESS"
    assert answer.json["sessionToken"] in wix.emulator.issued
    assert answer.json["identity"]["email"]["isVerified"] is True
    assert answer.json["identity"]["status"] == {"name": "ACTIVE", "reasons": []}
    again = await post(wix, "/authentication/v2/login", NEW)
    assert again.json["state"] == "SUCCESS"


async def test_a_proven_address_may_still_wait_for_the_owner(wix: Wix) -> None:
    state_token = await pending(wix, owner_approval=True)
    answer = await verify(wix, (await last_mail(wix))["code"], state_token)
    assert answer.json["state"] == "REQUIRE_OWNER_APPROVAL"
    assert "sessionToken" not in answer.json


@pytest.mark.parametrize("case", ["a wrong code", "a wrong state token", "too late", "used before"])
async def test_what_is_wrong_with_a_code_is_not_told_apart(wix: Wix, case: str) -> None:
    state_token = await pending(wix)
    code = (await last_mail(wix))["code"]
    if case == "a wrong code":
        code = "000000" if code != "000000" else "111111"
    elif case == "a wrong state token":
        state_token = "JWS.made.up.token"
    elif case == "too late":
        await wix.admin("POST", "/clock", {"advance_seconds": 901})
    else:
        assert (await verify(wix, code, state_token)).status == 200
    answer = await verify(wix, code, state_token)
    assert (answer.status, code_of(answer)) == (400, "VERIFICATION_FAILED")


async def test_a_few_wrong_guesses_make_a_code_worthless(wix: Wix) -> None:
    state_token = await pending(wix, verification_attempts=3)
    code = (await last_mail(wix))["code"]
    for _ in range(3):
        assert (await verify(wix, "x", state_token)).status == 400
    assert (await verify(wix, code, state_token)).status == 400


async def test_a_newer_code_replaces_the_older(wix: Wix) -> None:
    state_token = await pending(wix)
    first = (await last_mail(wix))["code"]
    member = wix.emulator.state.member_by_email("new@example.test")
    assert member is not None
    body = {"identityId": member.id, "target": "EMAIL"}
    started = await post(wix, "/verification/v1/start", body)
    assert started.json["verificationId"]
    second = (await last_mail(wix))["code"]
    assert (await verify(wix, first, state_token)).status == 400
    assert (await verify(wix, second, state_token)).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [({"identityId": "no"}, 404), ({}, 400), ({"identityId": "no", "target": "SMS"}, 400)],
    ids=["an unknown identity", "none", "an unknown target"],
)
async def test_a_verification_needs_an_identity(
    wix: Wix, body: dict[str, str], status: int
) -> None:
    assert (await post(wix, "/verification/v1/start", body)).status == status


async def test_the_hosted_sign_up_asks_for_the_code_too(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"email_verification": True})
    shown = await wix.call("GET", await wix.auth_url())
    form = {"continue": continued_by(shown.text), "email": "new@example.test", "password": "secret"}
    asked = await wix.call("POST", "/signup", data=form)
    found = re.search(r'name="stateToken" value="([^"]+)"', asked.text)
    assert found is not None
    form = {"continue": continued_by(asked.text), "stateToken": found[1], "code": "x"}
    refused = await wix.call("POST", "/verify", data=form)
    assert refused.status == 401
    form["code"] = (await last_mail(wix))["code"]
    returned = await wix.call("POST", "/verify", data=form)
    assert (await wix.exchange(parameters_of(returned)["code"])).status == 200


async def recovery_token(wix: Wix, **redirect: str) -> str:
    body = {"email": ADA, "redirect": redirect} if redirect else {"email": ADA}
    answer = await post(wix, "/recovery/v1/send-email", body)
    assert (answer.status, answer.json) == (200, {})
    return dict(parse_qsl(urlsplit((await last_mail(wix))["link"]).query))["recoveryToken"]


async def test_a_recovery_token_sets_a_new_password_once(wix: Wix) -> None:
    token = await recovery_token(wix)
    assert wix.emulator.issued[token] == "recovery token"
    body = {"recoveryToken": token, "password": "new-password"}
    answer = await post(wix, "/recovery/v1/recover", body)
    assert answer.json["state"] == "SUCCESS"
    login = {"loginId": {"email": ADA}, "password": "new-password"}
    assert (await post(wix, "/authentication/v2/login", login)).json["state"] == "SUCCESS"
    again = await post(wix, "/recovery/v1/recover", body)
    assert (again.status, code_of(again)) == (400, "INVALID_RECOVERY_TOKEN")


async def test_a_recovery_frees_one_who_had_to_reset_the_password(wix: Wix) -> None:
    ada = wix.emulator.state.member_by_email(ADA)
    assert ada is not None
    ada.must_reset_password = True
    body = {"recoveryToken": await recovery_token(wix), "password": "new-password"}
    assert (await post(wix, "/recovery/v1/recover", body)).json["state"] == "SUCCESS"


async def test_a_recovery_token_grows_old(wix: Wix) -> None:
    token = await recovery_token(wix)
    await wix.admin("POST", "/clock", {"advance_seconds": 10_801})
    body = {"recoveryToken": token, "password": "new-password"}
    assert (await post(wix, "/recovery/v1/recover", body)).status == 400
    link = f"/password-reset?recoveryToken={token}"
    assert "no longer valid" in (await wix.call("GET", link)).text


async def test_a_password_too_short_leaves_the_token_good(wix: Wix) -> None:
    token = await recovery_token(wix)
    short = await post(wix, "/recovery/v1/recover", {"recoveryToken": token, "password": "x"})
    assert short.json["details"]["validationError"]["fieldViolations"][0]["field"] == "password"
    body = {"recoveryToken": token, "password": "long-enough"}
    assert (await post(wix, "/recovery/v1/recover", body)).status == 200


async def test_the_mailed_link_leads_to_a_page_and_back_to_the_site(wix: Wix) -> None:
    await recovery_token(wix, url=f"{SITE}/reset-done", clientId=wix.emulator.client_id)
    link = (await last_mail(wix))["link"]
    shown = await wix.call("GET", link)
    assert ADA in shown.text
    found = re.search(r'name="recoveryToken" value="([^"]+)"', shown.text)
    assert found is not None
    form = {"recoveryToken": found[1], "password": "x"}
    assert (await wix.call("POST", "/password-reset", data=form)).status == 400
    form["password"] = "long-enough"
    done = await wix.call("POST", "/password-reset", data=form)
    assert (done.status, done.headers["Location"]) == (303, f"{SITE}/reset-done")
    assert (await wix.call("POST", "/password-reset", data=form)).status == 400


async def test_without_a_way_back_the_page_says_that_the_password_is_saved(wix: Wix) -> None:
    form = {"recoveryToken": await recovery_token(wix), "password": "long-enough"}
    assert "is saved" in (await wix.call("POST", "/password-reset", data=form)).text


@pytest.mark.parametrize(
    "redirect",
    [{"url": "https://evil.example/"}, {"url": SITE, "clientId": "other"}],
    ids=["a strange place", "a strange client"],
)
async def test_a_recovery_leads_back_to_allowed_places_only(
    wix: Wix, redirect: dict[str, str]
) -> None:
    body = {"email": ADA, "redirect": redirect}
    assert (await post(wix, "/recovery/v1/send-email", body)).status == 403
    assert (await wix.admin("GET", "/mailbox"))["mails"] == []


async def test_an_unpublished_site_has_no_recovery_page(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"published": False})
    answer = await post(wix, "/recovery/v1/send-email", {"email": ADA})
    assert "No Public URL Found" in answer.json["message"]


@pytest.mark.parametrize(("mode", "status"), [("silent", 200), ("refuse", 404)])
async def test_an_unknown_address_is_told_apart_where_asked_for(
    wix: Wix, mode: str, status: int
) -> None:
    await wix.admin("PUT", "/settings", {"unknown_recovery": mode})
    answer = await post(wix, "/recovery/v1/send-email", {"email": "nobody@example.test"})
    assert answer.status == status
    assert (await wix.admin("GET", "/mailbox"))["mails"] == []


async def test_the_app_activates_a_member_by_mail(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"owner_approval": True})
    registered = await post(wix, "/authentication/v2/register", NEW)
    body = {"identityId": registered.json["identity"]["id"]}
    assert (await post(wix, "/recovery/v1/activation-email", body)).status == 403
    answer = await post(wix, "/recovery/v1/activation-email", body, await wix.app_token())
    assert answer.json == {}
    mail = await last_mail(wix)
    assert mail["subject"] == "Activate your account"
    token = dict(parse_qsl(urlsplit(mail["link"]).query))["recoveryToken"]
    body = {"recoveryToken": token, "password": "new-password"}
    assert (await post(wix, "/recovery/v1/recover", body)).json["state"] == "SUCCESS"


@pytest.mark.parametrize("email", [ADA, "fresh@example.test"], ids=["a member", "a newcomer"])
async def test_the_app_vouches_for_anyone(wix: Wix, email: str) -> None:
    body = {"loginId": {"email": email}, "verifyEmail": True}
    assert (await post(wix, "/authentication/v2/sign-on", body)).status == 403
    answer = await post(wix, "/authentication/v2/sign-on", body, await wix.app_token())
    assert answer.json["state"] == "SUCCESS"
    assert answer.json["sessionToken"] in wix.emulator.issued
    assert answer.json["identity"]["email"] == {"address": email, "isVerified": True}


async def test_a_member_changes_the_password(wix: Wix) -> None:
    member = (await wix.member())["access_token"]
    path = "/authentication/v2/change-password"
    assert (await post(wix, path, {"newPassword": "changed"})).status == 403
    assert (await post(wix, path, {"newPassword": "x"}, member)).status == 400
    assert (await post(wix, path, {"newPassword": "changed"}, member)).json == {}
    login = {"loginId": {"email": ADA}, "password": "changed"}
    assert (await post(wix, "/authentication/v2/login", login)).json["state"] == "SUCCESS"


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("a@b.test", {"valid": True, "formatInvalid": False}),
        ("a@b", {"valid": False, "formatInvalid": True}),
        (
            "a@b.invalid",
            {
                "valid": False,
                "failure": {"reason": "EMAIL_DOMAIN_MISSING_DNS_RECORDS"},
                "formatInvalid": False,
            },
        ),
    ],
    ids=["good", "malformed", "a domain that is none"],
)
async def test_an_address_is_looked_at(wix: Wix, email: str, told: dict[str, Any]) -> None:
    assert (await post(wix, "/authentication/v2/validate-email", {"email": email})).json == told


async def test_a_captcha_may_guard_one_form_only(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"captcha": True, "captcha_for": ["register"]})
    login = {"loginId": {"email": ADA}, "password": "ada-password"}
    assert (await post(wix, "/authentication/v2/login", login)).json["state"] == "SUCCESS"
    refused = await post(wix, "/authentication/v2/register", NEW)
    assert code_of(refused) == "-19971"


async def test_the_mail_box_is_a_page_for_this_machine(wix: Wix) -> None:
    assert "No mail yet" in (await wix.call("GET", "/__emulator/mailbox")).text
    await pending(wix)
    await recovery_token(wix)
    shown = await wix.call("GET", "/__emulator/mailbox")
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.text.index("Reset your password") < shown.text.index("Verify your email")
    assert (await last_mail(wix))["link"] in shown.text
    chosen = await wix.call("GET", "/__emulator/mailbox?to=new@example.test")
    assert "Reset your password" not in chosen.text
    strange = {"Sec-Fetch-Site": "cross-site"}
    assert (await wix.call("GET", "/__emulator/mailbox", headers=strange)).status == 403
