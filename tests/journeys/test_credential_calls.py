"""What Wix's own client asks for when it logs people in itself: placeholders and handles."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.stage import Browser, Stage

TOKEN = "/_wix/api/oauth2/token"
LOGIN = "/_wix/api/_api/iam/authentication/v2/login"
REGISTER = "/_wix/api/_api/iam/authentication/v2/register"
RESEND = "/_wix/api/_api/iam/verification/v1/auth/resend"
ADA = {"email": "ada@example.test", "password": "ada-password"}
REDIRECT = "/_wix/api/_api/redirects-api/v1/redirect-session"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


async def posted(browser: Browser, path: str, body: Any) -> tuple[int, Any]:
    answer = await browser.fetch(path, "POST", body=body)
    return answer.status, await answer.json()


def password(email: str = "ada@example.test") -> dict[str, Any]:
    return {"loginId": {"email": email}, "password": f"{email.partition('@')[0]}-password"}


async def code_handle(stage: Stage, browser: Browser, handle: str) -> str:
    """Take the steps of the client's direct login up to the code."""
    request = {
        "clientId": stage.emulator.client_id,
        "responseType": "code",
        "responseMode": "web_message",
        "scope": "offline_access",
        "state": "the-clients-state",
        "codeChallenge": CHALLENGE,
        "codeChallengeMethod": "S256",
        "sessionToken": handle,
    }
    _, made = await posted(browser, REDIRECT, {"auth": {"authRequest": request, "prompt": "none"}})
    query = parse_qs(urlsplit(made["redirectSession"]["fullUrl"]).query)
    assert query["state"] == ["the-clients-state"]
    return query["code"][0]


@pytest.mark.parametrize(
    "grant",
    [
        pytest.param({"grantType": "anonymous"}, id="a visitor"),
        pytest.param({"grant_type": "anonymous"}, id="in snake case"),
        pytest.param({"grantType": "refresh_token", "refreshToken": "x"}, id="a renewal"),
    ],
)
async def test_the_token_endpoint_answers_with_placeholders(
    stage: Stage, grant: dict[str, str]
) -> None:
    browser = stage.browser()
    status, tokens = await posted(browser, TOKEN, {"clientId": stage.emulator.client_id, **grant})
    assert status == 200
    assert tokens == {
        "access_token": "wixproxy.session",
        "token_type": "Bearer",
        "expires_in": 14_400,
        "refresh_token": "wixproxy.session",
    }
    assert (await browser.session())["identity"] == "visitor"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"grantType": "client_credentials", "client_secret": "x"}, 403, id="the app"),
        pytest.param({"grantType": "authorized_client"}, 403, id="an API key's member"),
        pytest.param({}, 403, id="nothing"),
        pytest.param({"grantType": "anonymous", "clientId": "another"}, 400, id="another app"),
        pytest.param({"grantType": "authorization_code", "code": "x"}, 400, id="an unknown code"),
    ],
)
async def test_other_grants_are_refused(stage: Stage, body: dict[str, str], status: int) -> None:
    answer = await stage.browser().fetch(TOKEN, "POST", body=body)
    assert answer.status == status


async def test_a_password_login_yields_a_handle_and_then_a_member(stage: Stage) -> None:
    browser = stage.browser()
    status, state = await posted(browser, LOGIN, password())
    assert status == 200
    assert state["state"] == "SUCCESS"
    assert state["sessionToken"].startswith("wixproxy.")
    code = await code_handle(stage, browser, state["sessionToken"])
    grant = {"grantType": "authorization_code", "code": code, "codeVerifier": VERIFIER}
    status, tokens = await posted(browser, TOKEN, {"clientId": stage.emulator.client_id, **grant})
    assert (status, tokens["access_token"]) == (200, "wixproxy.session")
    assert (await browser.session())["identity"] == "member"


async def test_a_handle_is_worth_nothing_in_another_browser(stage: Stage) -> None:
    browser, thief = stage.browser(), stage.browser()
    _, state = await posted(browser, LOGIN, password())
    request = {"sessionToken": state["sessionToken"], "state": "s", "codeChallenge": CHALLENGE}
    status, problem = await posted(thief, REDIRECT, {"auth": {"authRequest": request}})
    assert (status, problem["code"]) == (403, "call_refused")


async def test_the_wrong_verifier_makes_nobody_a_member(stage: Stage) -> None:
    browser = stage.browser()
    _, state = await posted(browser, LOGIN, password())
    code = await code_handle(stage, browser, state["sessionToken"])
    grant = {"grantType": "authorization_code", "code": code, "codeVerifier": "w" * 43}
    status, refused = await posted(browser, TOKEN, {"clientId": stage.emulator.client_id, **grant})
    assert (status, refused["error"]) == (400, "invalid_grant")
    assert (await browser.session())["identity"] == "visitor"


async def test_wixs_own_errors_of_a_login_are_passed_on(stage: Stage) -> None:
    settings = stage.emulator.state.settings
    stage.emulator.state.settings = settings.changed({"captcha": True})
    status, error = await posted(stage.browser(), LOGIN, password())
    assert (status, error["details"]["applicationError"]["code"]) == (400, "-19971")


async def test_the_client_is_not_told_which_addresses_have_an_account(stage: Stage) -> None:
    wrong = {**password(), "password": "wrong"}
    told = await posted(stage.browser(), LOGIN, wrong)
    assert (told[0], told[1]["details"]["applicationError"]["code"]) == (401, "-19976")
    assert await posted(stage.browser(), LOGIN, password("nobody@example.test")) == told


async def test_guessing_passwords_is_slowed_down_by_account(stage: Stage) -> None:
    """R69."""
    statuses = []
    for number in range(12):
        wrong = {**password(), "password": f"guess-{number}"}
        statuses.append((await posted(stage.browser(), LOGIN, wrong))[0])
    assert statuses[:10] == [401] * 10
    assert statuses[-1] == 429


async def test_the_placeholder_is_told_as_the_sessions_own_token(stage: Stage) -> None:
    browser = stage.browser()
    body = {"token": "wixproxy.session"}
    _, info = await posted(browser, "/_wix/api/oauth2/token-info", body)
    assert (info["active"], info["subjectType"]) == (True, "VISITOR")
    _, other = await posted(browser, "/_wix/api/oauth2/token-info", {"token": "another"})
    assert other == {"active": False}


async def test_the_frame_of_the_direct_login_is_for_our_own_pages_alone(stage: Stage) -> None:
    """R39."""
    frame = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}
    page = await stage.browser().fetch("/_wix/direct-login?state=s&code=c", **frame)
    assert page.status == 200
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    foreign = await stage.browser().fetch(
        "/_wix/direct-login?state=s&code=c", **{**frame, "Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status == 403


@pytest.mark.parametrize("email", ["ada@example.test", "nobody@example.test"])
async def test_a_recovery_is_sent_with_the_client_id_of_the_project(
    stage: Stage, email: str
) -> None:
    """It looks the same for an address that nobody has, although Wix tells it apart."""
    settings = stage.emulator.state.settings
    stage.emulator.state.settings = settings.changed({"unknown_recovery": "refuse"})
    body = {"email": email, "redirect": {"url": f"{stage.origin}/new-password"}}
    path = "/_wix/api/_api/iam/recovery/v1/send-email"
    assert await posted(stage.browser(), path, body) == (200, {})
    assert bool(stage.emulator.state.mailbox) is email.startswith("ada")


async def test_a_member_changes_the_password(cookie_stage: Stage) -> None:
    """It is not refused with the calls beside it, because Wix answers without a credential."""
    browser = cookie_stage.browser()
    path = "/_wix/api/_api/iam/authentication/v2/change-password"
    new = {"newPassword": "another-password"}
    assert (await browser.fetch(path, "POST", body=new)).status == 403
    await browser.fetch("/_wix/login", "POST", body=ADA)
    assert await posted(browser, path, new) == (200, {})
    for given, status in (("ada-password", 401), ("another-password", 200)):
        body = {**ADA, "password": given}
        answer = await cookie_stage.browser().fetch("/_wix/login", "POST", body=body)
        assert answer.status == status


async def test_a_page_asks_whether_mail_could_arrive(cookie_stage: Stage) -> None:
    path = "/_wix/api/_api/iam/authentication/v2/validate-email"
    _, told = await posted(cookie_stage.browser(), path, {"email": "ada@example.test"})
    assert told["valid"] is True


async def test_another_code_is_mailed_for_the_handle_of_a_verification(
    cookie_stage: Stage,
) -> None:
    settings = cookie_stage.emulator.state.settings
    cookie_stage.emulator.state.settings = settings.changed({"email_verification": True})
    browser, mailbox = cookie_stage.browser(), cookie_stage.emulator.state.mailbox
    _, told = await posted(browser, REGISTER, password("new@example.test"))
    body = {"stateToken": told["stateToken"]}
    assert (await posted(cookie_stage.browser(), RESEND, body))[0] == 403
    assert [(await posted(browser, RESEND, body))[0] for _ in range(4)] == [200, 200, 200, 429]
    assert len(mailbox) == 4
