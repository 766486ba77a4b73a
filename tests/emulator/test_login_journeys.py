"""The authorize page, the login pages behind it, and logout."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.emulator.driver import CALLBACK, SITE, Wix, continued_by, parameters_of
from wixproxy.emulator.browser import COOKIE

GOOGLE = "0e6a50f5-b523-4e29-990d-f37fa2ffdd69"


async def test_an_unlisted_redirect_uri_gets_a_page_and_no_redirect(wix: Wix) -> None:
    url = await wix.auth_url(redirectUri="http://localhost:4321/other")
    answer = await wix.call("GET", url)
    assert answer.status == 400
    assert "Location" not in answer.headers
    assert "Invalid redirect URI" in answer.text


async def test_a_redirect_uri_may_be_allowed_while_running(wix: Wix) -> None:
    uri = "https://shop.example.test/_wix/callback"
    wix.emulator.allow_redirect_uri(uri)
    returned = await wix.log_in_at(await wix.auth_url(redirectUri=uri))
    assert returned.headers["Location"].startswith(uri + "?code=")


async def test_the_query_mode_returns_code_and_state_in_the_query(wix: Wix) -> None:
    returned = await wix.log_in_at(await wix.auth_url(state="a b&c=d"))
    parts = urlsplit(returned.headers["Location"])
    assert returned.status == 303
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    assert set(dict(parse_qsl(parts.query))) == {"code", "state"}
    assert parameters_of(returned)["state"] == "a b&c=d"
    assert not parts.fragment


async def test_the_fragment_mode_returns_them_in_the_fragment(wix: Wix) -> None:
    returned = await wix.log_in_at(await wix.auth_url(responseMode="fragment"))
    parts = urlsplit(returned.headers["Location"])
    assert not parts.query
    assert set(dict(parse_qsl(parts.fragment))) == {"code", "state"}


async def test_the_message_mode_posts_to_allowed_origins_only(wix: Wix) -> None:
    await wix.member()
    url = await wix.auth_url(prompt="none", responseMode="web_message", redirectUri=None)
    shown = await wix.call("GET", url, headers={"Referer": SITE + "/"})
    posted = values_of(shown.text)
    assert set(posted["message"]) == {"code", "state"}
    assert posted["origins"] == [SITE]


async def test_the_message_mode_tells_a_foreign_origin_that_it_is_rejected(wix: Wix) -> None:
    await wix.member()
    url = await wix.auth_url(prompt="none", responseMode="web_message", redirectUri=None)
    shown = await wix.call("GET", url, headers={"Referer": "https://evil.example/"})
    message = values_of(shown.text)["message"]
    assert message["error"] == "redirect_uri_not_allowed"
    assert message["rejectedOrigin"] == "https://evil.example"
    assert "code" not in message


async def test_a_message_cannot_leave_its_script(wix: Wix) -> None:
    state = "</script><script>alert(1)"
    url = await wix.auth_url(prompt="none", responseMode="web_message", state=state)
    shown = await wix.call("GET", url)
    assert shown.text.count("<script>") == 1
    assert values_of(shown.text)["message"]["state"] == state


async def test_prompt_none_without_a_login_says_login_required(wix: Wix) -> None:
    answer = await wix.call("GET", await wix.auth_url(prompt="none"))
    assert answer.status == 302
    told = parameters_of(answer)
    assert (told["error"], told["state"]) == ("login_required", "the-state")
    assert told["error_description"]


async def test_prompt_none_after_a_login_needs_no_page(wix: Wix) -> None:
    await wix.member()
    answer = await wix.call("GET", await wix.auth_url(prompt="none"))
    assert (await wix.exchange(parameters_of(answer)["code"])).status == 200


async def test_prompt_login_asks_again(wix: Wix) -> None:
    await wix.member()
    answer = await wix.call("GET", await wix.auth_url(prompt="login"))
    assert answer.status == 200
    assert "Log in" in answer.text


async def test_a_session_token_logs_in_without_a_page(wix: Wix) -> None:
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    token = wix.emulator.state.logins.issue_session_token(ada.id)
    answer = await wix.call("GET", await wix.auth_url(prompt="none", sessionToken=token))
    tokens = (await wix.exchange(parameters_of(answer)["code"])).json
    assert (await wix.info(tokens["access_token"]))["subjectId"] == ada.id


async def test_a_session_token_grows_old(wix: Wix) -> None:
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    token = wix.emulator.state.logins.issue_session_token(ada.id)
    await wix.admin("POST", "/clock", {"advance_seconds": 301})
    answer = await wix.call("GET", await wix.auth_url(prompt="none", sessionToken=token))
    assert parameters_of(answer)["error"] == "access_denied"


async def test_the_session_token_of_a_link_logs_nobody_in(wix: Wix) -> None:
    visitor = (await wix.visitor())["access_token"]
    made = (await wix.redirect_session(visitor, login={})).json["redirectSession"]
    url = await wix.auth_url(prompt="none", sessionToken=made["sessionToken"])
    assert parameters_of(await wix.call("GET", url))["error"] == "access_denied"


@pytest.mark.parametrize(
    ("query", "title"),
    [
        pytest.param({"clientId": "x"}, "Unknown client", id="unknown client"),
        pytest.param({"responseMode": "form_post"}, "Invalid response mode", id="mode"),
        pytest.param({"redirectUri": None}, "Invalid redirect URI", id="no redirect uri"),
    ],
)
async def test_what_cannot_be_told_to_the_site_is_told_to_the_person(
    wix: Wix, query: dict[str, str | None], title: str
) -> None:
    full = {
        "clientId": wix.emulator.client_id,
        "responseType": "code",
        "redirectUri": CALLBACK,
        "codeChallenge": "c" * 43,
        **query,
    }
    given = {k: v for k, v in full.items() if v is not None}
    answer = await wix.call("GET", "/_api/oauth2/authorize", params=given)
    assert answer.status == 400
    assert title in answer.text


@pytest.mark.parametrize(
    ("query", "error"),
    [
        pytest.param({"responseType": "token"}, "unsupported_response_type", id="type"),
        pytest.param({"codeChallenge": ""}, "invalid_request", id="no challenge"),
        pytest.param({"codeChallengeMethod": "plain"}, "invalid_request", id="plain"),
    ],
)
async def test_what_is_wrong_otherwise_is_told_to_the_site(
    wix: Wix, query: dict[str, str], error: str
) -> None:
    given = {
        "clientId": wix.emulator.client_id,
        "responseType": "code",
        "redirectUri": CALLBACK,
        "codeChallenge": "c" * 43,
        **query,
    }
    answer = await wix.call("GET", "/_api/oauth2/authorize", params=given)
    assert parameters_of(answer)["error"] == error


async def test_a_sample_member_logs_in_with_one_click(wix: Wix) -> None:
    shown = await wix.call("GET", await wix.auth_url())
    member_id = re.findall(r'name="member" value="([^"]+)"', shown.text)[0]
    form = {"continue": continued_by(shown.text), "member": member_id}
    returned = await wix.call("POST", "/login", data=form)
    tokens = (await wix.exchange(parameters_of(returned)["code"])).json
    assert (await wix.info(tokens["access_token"]))["subjectId"] == member_id


@pytest.mark.parametrize("email", ["ada@example.test", "nobody@example.test"])
async def test_a_failed_login_says_the_same_for_every_address(wix: Wix, email: str) -> None:
    shown = await wix.call("GET", await wix.auth_url())
    form = {"continue": continued_by(shown.text), "email": email, "password": "wrong"}
    answer = await wix.call("POST", "/login", data=form)
    assert answer.status == 401
    assert "This email and password do not fit." in answer.text
    assert f'value="{email}"' in answer.text


async def test_what_a_person_types_is_escaped(wix: Wix) -> None:
    shown = await wix.call("GET", await wix.auth_url())
    form = {"continue": continued_by(shown.text), "email": '"><script>x', "password": "p"}
    assert "<script>" not in (await wix.call("POST", "/login", data=form)).text


async def test_signing_up_ends_logged_in(wix: Wix) -> None:
    shown = await wix.call("GET", await wix.auth_url())
    link = re.findall(r'href="(/signup\?[^"]+)"', shown.text)[0]
    shown = await wix.call("GET", link)
    form = {
        "continue": continued_by(shown.text),
        "email": "new@example.test",
        "password": "secret",
        "firstName": "Nia",
    }
    returned = await wix.call("POST", "/signup", data=form)
    assert (await wix.exchange(parameters_of(returned)["code"])).status == 200
    assert wix.emulator.state.member_by_email("NEW@example.test") is not None


@pytest.mark.parametrize("by", ["idp", "button"])
async def test_a_social_login_ends_logged_in(wix: Wix, by: str) -> None:
    shown = await wix.call("GET", await wix.auth_url(idp=GOOGLE if by == "idp" else None))
    if by == "button":
        link = re.findall(r'href="(/social\?[^"]+)"', shown.text)[0].replace("&amp;", "&")
        shown = await wix.call("GET", link)
    assert "Google" in shown.text
    member_id = re.findall(r'name="member" value="([^"]+)"', shown.text)[0]
    form = {"continue": continued_by(shown.text), "member": member_id}
    returned = await wix.call("POST", "/social", data=form)
    assert (await wix.exchange(parameters_of(returned)["code"])).status == 200


async def test_the_cookie_is_the_emulators_own(wix: Wix) -> None:
    returned = await wix.log_in_at(await wix.auth_url())
    cookie = returned.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for attribute in ("HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookie
    assert "Domain" not in cookie


async def test_logging_out_ends_renewal_and_returns_to_the_site(wix: Wix) -> None:
    tokens = await wix.member()
    made = await wix.redirect_session(
        tokens["access_token"],
        logout={"clientId": wix.emulator.client_id},
        callbacks={"postFlowUrl": f"{SITE}/_wix/logout-callback?a=1"},
    )
    answer = await wix.call("GET", made.json["redirectSession"]["fullUrl"])
    assert answer.status == 302
    assert answer.headers["Location"] == f"{SITE}/_wix/logout-callback?a=1"
    assert (await wix.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"
    silent = await wix.call("GET", await wix.auth_url(prompt="none"))
    assert parameters_of(silent)["error"] == "login_required"


async def test_logging_out_leaves_other_members_alone(wix: Wix) -> None:
    other = await wix.member("grace@example.test")
    tokens = await wix.member("ada@example.test")
    made = await wix.redirect_session(
        tokens["access_token"],
        logout={"clientId": wix.emulator.client_id},
        callbacks={"postFlowUrl": SITE + "/"},
    )
    await wix.call("GET", made.json["redirectSession"]["fullUrl"])
    assert (await wix.refresh(other["refresh_token"])).status == 200


async def test_the_logout_call_goes_to_no_foreign_place(wix: Wix) -> None:
    path = "/_api/iam/authentication/v1/logout"
    answer = await wix.call("GET", path, params={"postLogoutRedirectUri": "https://evil.example"})
    assert answer.status == 403
    assert (await wix.call("GET", path)).json == {}


@pytest.mark.parametrize("path", ["/login", "/signup", "/social"])
async def test_a_form_that_continues_nothing_is_refused(wix: Wix, path: str) -> None:
    for method, more in (("GET", {}), ("POST", {"data": {"continue": "x"}})):
        answer = await wix.call(method, path, **more)
        assert answer.status == 400
        assert "no longer valid" in answer.text


async def test_pages_load_nothing_from_elsewhere(wix: Wix) -> None:
    shown = await wix.call("GET", await wix.auth_url())
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', shown.text)
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"] == "no-store"


def values_of(page: str) -> Any:
    found = re.search(r"const \{ message, origins \} = (.*);", page)
    assert found is not None, page
    return json.loads(found[1])
