"""The token endpoint: every grant, both spellings, both encodings."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.driver import CALLBACK, Wix, challenge_of, parameters_of
from wixproxy.emulator.oauth import snake_case


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize(
    ("client", "grant"),
    [
        pytest.param("clientId", "grantType", id="camel case"),
        pytest.param("client_id", "grant_type", id="snake case"),
        pytest.param("clientId", "grant_type", id="mixed"),
    ],
)
async def test_a_visitor_is_minted_in_every_spelling_and_encoding(
    wix: Wix, encoding: str, client: str, grant: str
) -> None:
    body = {client: wix.emulator.client_id, grant: "anonymous"}
    answer = await wix.call("POST", "/oauth2/token", **{encoding: body})
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 14_400
    assert (await wix.info(answer.json["access_token"]))["subjectType"] == "VISITOR"


async def test_two_mints_are_two_visitors(wix: Wix) -> None:
    first, second = await wix.visitor(), await wix.visitor()
    ids = {(await wix.info(t["access_token"]))["subjectId"] for t in (first, second)}
    assert len(ids) == 2


async def test_tokens_have_the_shape_and_size_of_real_ones(wix: Wix) -> None:
    tokens = await wix.visitor()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert access.startswith("OauthNG.JWS.")
    assert 800 <= len(access) <= 1000
    assert refresh.startswith("JWS.")
    assert 200 <= len(refresh) <= 212
    claims = jwt.decode(access.removeprefix("OauthNG.JWS."), options={"verify_signature": False})
    instance = json.loads(claims["data"])["instance"]
    assert instance["instanceId"] == wix.emulator.instance_id
    assert claims["exp"] - claims["iat"] == 14_400
    claims = jwt.decode(refresh.removeprefix("JWS."), options={"verify_signature": False})
    assert len(json.loads(claims["data"])) == 36
    assert claims["exp"] - claims["iat"] == 31_536_000
    header = jwt.get_unverified_header(refresh.removeprefix("JWS."))
    assert set(header) == {"alg", "kid"}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param({}, 400, "invalid_request", id="no grant type"),
        pytest.param({"grantType": "password"}, 400, "unsupported_grant_type", id="unknown grant"),
        pytest.param({"grantType": "anonymous"}, 400, "invalid_request", id="no client"),
        pytest.param(
            {"grantType": "anonymous", "clientId": "7d110000-0000-4000-8000-000000000000"},
            401,
            "invalid_client",
            id="another client",
        ),
        pytest.param(
            {"grantType": "refresh_token", "refreshToken": "JWS.x"},
            400,
            "invalid_grant",
            id="unknown refresh token",
        ),
        pytest.param({"grantType": "refresh_token"}, 400, "invalid_request", id="no refresh token"),
    ],
)
async def test_a_refused_grant_speaks_rfc_6749(
    wix: Wix, body: dict[str, str], status: int, error: str
) -> None:
    answer = await wix.grant(**body)
    assert answer.status == status
    assert answer.json["error"] == error
    assert answer.json["error_description"]


async def test_a_client_id_that_is_no_guid_gets_the_words_wix_uses(wix: Wix) -> None:
    answer = await wix.grant(grantType="anonymous", clientId="my-client")
    assert answer.status == 400
    assert "appRuntimeKeys [at index 0]" in answer.json["error_description"]
    assert "not a valid GUID" in answer.json["error_description"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"], ids=["cut", "a list", "not utf-8"])
async def test_a_body_that_cannot_be_read_is_an_invalid_request(wix: Wix, body: bytes) -> None:
    answer = await wix.call(
        "POST", "/oauth2/token", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status == 400
    assert answer.json["error"] == "invalid_request"


async def test_a_refresh_keeps_the_identity(wix: Wix) -> None:
    tokens = await wix.visitor()
    renewed = (await wix.refresh(tokens["refresh_token"])).json
    assert renewed["access_token"] != tokens["access_token"]
    before, after = (
        await wix.info(tokens["access_token"]),
        await wix.info(renewed["access_token"]),
    )
    assert before["subjectId"] == after["subjectId"]


async def test_without_rotation_the_old_refresh_token_stays_valid(wix: Wix) -> None:
    tokens = await wix.visitor()
    for _ in range(3):
        answer = await wix.refresh(tokens["refresh_token"])
        assert answer.status == 200
        assert answer.json["refresh_token"] != tokens["refresh_token"]


async def test_with_rotation_a_spent_refresh_token_is_refused(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"rotate_refresh_tokens": True})
    tokens = await wix.visitor()
    successor = (await wix.refresh(tokens["refresh_token"])).json["refresh_token"]
    assert (await wix.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"
    assert (await wix.refresh(successor)).status == 200


async def test_with_reuse_detection_a_spent_refresh_token_ends_its_family(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"rotate_refresh_tokens": True, "detect_reuse": True})
    tokens, stranger = await wix.visitor(), await wix.visitor()
    successor = (await wix.refresh(tokens["refresh_token"])).json["refresh_token"]
    assert (await wix.refresh(tokens["refresh_token"])).status == 400
    assert (await wix.refresh(successor)).json["error"] == "invalid_grant"
    assert (await wix.refresh(stranger["refresh_token"])).status == 200


async def test_a_refresh_may_answer_without_a_refresh_token(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"return_refresh_token": False})
    answer = await wix.refresh((await wix.visitor())["refresh_token"])
    assert "refresh_token" not in answer.json


async def test_tokens_expire_by_the_emulators_clock(wix: Wix) -> None:
    tokens = await wix.visitor()
    await wix.admin("POST", "/clock", {"advance_seconds": 14_401})
    assert await wix.info(tokens["access_token"]) == {"active": False}
    assert (await wix.refresh(tokens["refresh_token"])).status == 200
    await wix.admin("POST", "/clock", {"advance_seconds": 31_536_000})
    assert (await wix.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"


async def test_the_life_of_an_access_token_is_a_setting(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"access_token_seconds": 5})
    assert (await wix.visitor())["expires_in"] == 5


async def test_a_code_yields_the_members_tokens(wix: Wix) -> None:
    info = await wix.info((await wix.member())["access_token"])
    assert info["subjectType"] == "MEMBER"
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    assert info["subjectId"] == ada.id


async def test_a_code_works_once(wix: Wix) -> None:
    code = parameters_of(await wix.log_in_at(await wix.auth_url()))["code"]
    assert (await wix.exchange(code)).status == 200
    assert (await wix.exchange(code)).json["error"] == "invalid_grant"


async def test_a_code_used_twice_ends_what_it_yielded_where_reuse_is_detected(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"detect_reuse": True})
    code = parameters_of(await wix.log_in_at(await wix.auth_url()))["code"]
    yielded = (await wix.exchange(code)).json
    await wix.exchange(code)
    assert (await wix.refresh(yielded["refresh_token"])).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"codeVerifier": "w" * 43}, id="another verifier"),
        pytest.param({"codeVerifier": None}, id="no verifier"),
        pytest.param({"redirectUri": CALLBACK + "/"}, id="a slash more"),
        pytest.param({"redirectUri": None}, id="no redirect uri"),
        pytest.param({"code": "c"}, id="an invented code"),
    ],
)
async def test_a_code_is_bound_to_verifier_and_redirect_uri(
    wix: Wix, changes: dict[str, Any]
) -> None:
    code = parameters_of(await wix.log_in_at(await wix.auth_url()))["code"]
    refused = await wix.exchange(code, **changes)
    assert refused.status == 400
    assert refused.json["error"] == "invalid_grant"
    assert (await wix.exchange(code)).status == 200


async def test_a_code_grows_old(wix: Wix) -> None:
    code = parameters_of(await wix.log_in_at(await wix.auth_url()))["code"]
    await wix.admin("POST", "/clock", {"advance_seconds": 601})
    assert (await wix.exchange(code)).json["error"] == "invalid_grant"


async def test_a_longer_challenge_hash_is_accepted(wix: Wix) -> None:
    changes = {"codeChallenge": challenge_of("w" * 50, "sha512"), "codeChallengeMethod": "S512"}
    code = parameters_of(await wix.log_in_at(await wix.auth_url(**changes)))["code"]
    assert (await wix.exchange(code, codeVerifier="w" * 50)).status == 200


async def test_without_offline_access_there_is_no_refresh_token(wix: Wix) -> None:
    code = parameters_of(await wix.log_in_at(await wix.auth_url(scope=None)))["code"]
    assert "refresh_token" not in (await wix.exchange(code)).json


async def test_a_login_made_with_a_visitors_token_takes_that_visitor_along(wix: Wix) -> None:
    heard: list[tuple[str, str]] = []
    wix.emulator.state.login_listeners.append(lambda *ids: heard.append(ids))
    visitor = (await wix.visitor())["access_token"]
    member = (await wix.member(visitor=visitor))["access_token"]
    ids = ((await wix.info(visitor))["subjectId"], (await wix.info(member))["subjectId"])
    assert heard == [ids]


@pytest.mark.parametrize("named", [True, False], ids=["with instance", "without instance"])
async def test_client_credentials_yield_an_app_token_alone(wix: Wix, named: bool) -> None:
    body = {
        "grant_type": "client_credentials",
        "client_id": wix.emulator.client_id,
        "client_secret": wix.emulator.client_secret,
    }
    if named:
        body["instance_id"] = wix.emulator.instance_id
    answer = await wix.grant(**body)
    assert answer.status == 200
    assert "refresh_token" not in answer.json
    assert (await wix.info(answer.json["access_token"]))["subjectType"] == "APP"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"client_secret": "no"}, "invalid_client", id="wrong secret"),
        pytest.param({"instance_id": "no"}, "invalid_request", id="no such instance"),
    ],
)
async def test_client_credentials_are_checked(
    wix: Wix, changes: dict[str, str], error: str
) -> None:
    body = {
        "grant_type": "client_credentials",
        "client_id": wix.emulator.client_id,
        "client_secret": wix.emulator.client_secret,
        **changes,
    }
    assert (await wix.grant(**body)).json["error"] == error


async def test_a_bound_session_is_stripped_to_the_same_subject(wix: Wix) -> None:
    bound = (await wix.visitor())["access_token"]
    answer = await wix.grant(
        grant_type="strip_bound_session",
        client_secret=wix.emulator.client_secret,
        access_token=bound,
    )
    stripped = await wix.info(answer.json["access_token"])
    assert stripped["subjectId"] == (await wix.info(bound))["subjectId"]


async def test_an_api_key_beside_a_visitor_token_logs_a_member_in(wix: Wix) -> None:
    visitor = (await wix.visitor())["access_token"]
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    body = {"grant_type": "authorized_client", "scope": "offline_access", "member_id": ada.id}
    pair = f"{visitor},{wix.emulator.project.api_key}"
    answer = await wix.call("POST", "/oauth2/token", pair, json=body)
    assert (await wix.info(answer.json["access_token"]))["subjectId"] == ada.id
    refused = await wix.call("POST", "/oauth2/token", visitor, json=body)
    assert refused.json["error"] == "unauthorized_client"


@pytest.mark.parametrize("path", ["/oauth2/token-info", "/oauth2/token_info"])
async def test_token_info_says_nothing_of_unknown_tokens(wix: Wix, path: str) -> None:
    answer = await wix.call("POST", path, json={"token": "OauthNG.JWS.x.y.z"})
    assert answer.status == 200
    assert answer.json == {"active": False}


async def test_token_info_names_project_and_subject(wix: Wix) -> None:
    info = await wix.info((await wix.visitor())["refresh_token"])
    assert info["active"] is True
    assert info["clientId"] == wix.emulator.client_id
    assert info["instanceId"] == wix.emulator.instance_id
    assert info["siteId"] == wix.emulator.site_id


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]*", fullmatch=True), min_size=1, max_size=4))
def test_both_spellings_of_a_name_read_alike(words: list[str]) -> None:
    camel = words[0] + "".join(w.capitalize() for w in words[1:])
    assert snake_case(camel) == snake_case("_".join(words)) == "_".join(words)
