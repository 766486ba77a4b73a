"""The administration that a test on the same machine may use, and nobody else."""

from __future__ import annotations

import pytest
from yarl import URL

from tests.emulator.driver import Wix


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "emulator.example"}, id="a name rebound to loopback"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="a foreign page"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="another port's page"),
        pytest.param({"Origin": "https://evil.example"}, id="a foreign origin"),
        pytest.param({"Origin": "null"}, id="an opaque origin"),
    ],
)
async def test_administration_is_refused_to_others(wix: Wix, headers: dict[str, str]) -> None:
    answer = await wix.call("POST", "/__emulator/v1/reset", headers=headers)
    assert answer.status == 403


async def test_a_reset_returns_to_the_first_moment(wix: Wix) -> None:
    first = await wix.visitor()
    first_id = (await wix.info(first["access_token"]))["subjectId"]
    await wix.admin("PUT", "/settings", {"published": False})
    await wix.admin("POST", "/clock", {"advance_seconds": 60})
    await wix.admin("POST", "/reset")
    assert (await wix.info(first["access_token"]))["active"] is False
    assert (await wix.admin("GET", "/settings"))["settings"]["published"] is True
    assert (await wix.admin("GET", "/counts"))["grants"] == {}
    second = await wix.visitor()
    assert (await wix.info(second["access_token"]))["subjectId"] == first_id


async def test_what_was_issued_is_remembered_across_resets(wix: Wix) -> None:
    member = await wix.member()
    await wix.admin("POST", "/reset")
    issued = {i["value"]: i["kind"] for i in (await wix.admin("GET", "/issued"))["issued"]}
    assert issued[member["access_token"]] == "access token"
    assert issued[member["refresh_token"]] == "refresh token"
    assert issued[wix.emulator.client_secret] == "client secret"
    assert {"authorization code", "code verifier", "session token"} <= set(issued.values())
    assert issued == wix.emulator.issued


async def test_data_can_be_replaced(wix: Wix) -> None:
    shown = (await wix.admin("GET", "/data"))["data"]
    assert any(m["email"] == "ada@example.test" for m in shown["members"])
    await wix.admin(
        "PUT", "/data", {"members": [{"email": "zoe@example.test", "password": "zoe-password"}]}
    )
    assert [m.email for m in wix.emulator.state.members.values()] == ["zoe@example.test"]


async def test_data_that_is_unsound_is_refused_and_changes_nothing(wix: Wix) -> None:
    answer = await wix.call("PUT", "/__emulator/v1/data", json={"members": [{"emial": "x"}]})
    assert answer.status == 400
    assert "emial" in answer.json["message"]
    assert wix.emulator.state.member_by_email("ada@example.test") is not None


async def test_the_clock_can_be_held_and_moved(wix: Wix) -> None:
    held = await wix.admin("POST", "/clock", {"freeze": 1_790_000_000})
    assert held == {"now": 1_790_000_000.0, "frozen": True}
    moved = await wix.admin("POST", "/clock", {"advance_seconds": 5})
    assert moved["now"] == 1_790_000_005.0
    assert (await wix.admin("GET", "/clock"))["now"] == 1_790_000_005.0
    assert (await wix.admin("POST", "/clock", {"resume": True}))["frozen"] is False


@pytest.mark.parametrize(
    "body",
    [{"advance_seconds": -1}, {"advance_seconds": "5"}, {"freeze": "now"}, {"advance": 5}],
    ids=["back", "text", "a word", "an unknown field"],
)
async def test_the_clock_refuses_nonsense(wix: Wix, body: dict[str, object]) -> None:
    assert (await wix.call("POST", "/__emulator/v1/clock", json=body)).status == 400


async def test_an_unknown_setting_is_refused_by_name(wix: Wix) -> None:
    answer = await wix.call("PUT", "/__emulator/v1/settings", json={"publsihed": False})
    assert answer.status == 400
    assert "settings.publsihed" in answer.json["message"]


async def test_requests_are_kept_as_they_were_received(wix: Wix) -> None:
    target = "/ecom/v1/%63arts?.r=eyJ9&a=%2F"
    url = wix.emulator.origin + target
    answer = await wix.call("GET", URL(url, encoded=True))
    kept = (await wix.admin("GET", "/requests?path=/ecom/v1/%2563arts"))["requests"]
    assert [(k["method"], k["target"], k["status"]) for k in kept] == [
        ("GET", target, answer.status)
    ]


async def test_calls_and_grants_are_counted(wix: Wix) -> None:
    tokens = await wix.visitor()
    await wix.refresh(tokens["refresh_token"])
    await wix.refresh("no")
    counts = await wix.admin("GET", "/counts")
    assert counts["calls"] == {"POST /oauth2/token": 3}
    assert counts["grants"] == {"anonymous": 1, "refresh_token": 2}
    assert wix.emulator.state.exchanges.grants("refresh_token") == 2


@pytest.mark.parametrize("by", ["email", "id"])
async def test_a_members_refresh_tokens_can_be_revoked(wix: Wix, by: str) -> None:
    tokens = await wix.member()
    ada = wix.emulator.state.member_by_email("ada@example.test")
    assert ada is not None
    body = {"member": ada.email if by == "email" else ada.id}
    assert await wix.admin("POST", "/revoke", body) == {"revoked": 1}
    assert (await wix.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"
    assert (await wix.info(tokens["access_token"]))["active"] is True
    await wix.admin("POST", "/revoke", {**body, "access_too": True})
    assert (await wix.info(tokens["access_token"]))["active"] is False


async def test_the_address_of_the_administration_lists_its_calls(wix: Wix) -> None:
    calls = (await wix.admin("GET", "/"))["calls"]
    assert calls["POST /__emulator/v1/reset"] == "Return to the first moment of the seed."
    assert all(told and told.endswith(".") for told in calls.values())
