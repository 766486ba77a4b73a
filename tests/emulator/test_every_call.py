"""What is the same for every call: headers, callers, faults, limits, the unknown."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from tests.emulator.driver import Wix, parameters_of

MEMBER_CALL = "/members/v1/members/my"


async def test_every_answer_has_its_own_request_id(wix: Wix) -> None:
    answers = [await wix.call("GET", p) for p in ("/nowhere", MEMBER_CALL, "/__emulator/v1/clock")]
    ids = {a.headers["x-wix-request-id"] for a in answers}
    assert len(ids) == 3


@pytest.mark.parametrize("coding", ["deflate", "gzip"])
async def test_a_body_that_is_not_coded_as_it_says_is_refused(
    wix: Wix, coding: str, caplog: pytest.LogCaptureFixture
) -> None:
    coded = {"Content-Encoding": coding, "Content-Type": "application/json"}
    for path, token, status in (
        ("/oauth2/token", None, 400),
        ("/stores/v3/products/query", (await wix.visitor())["access_token"], 400),
        ("/stores/v3/products/query", None, 401),
    ):
        answer = await wix.call("POST", path, token, data=b'{"grantType":"x"}', headers=coded)
        assert answer.status == status
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("body", "charset", "status"),
    [
        pytest.param(b"{}", "nonsense", 200, id="a charset that is none"),
        pytest.param(b'{"query": "\xff"}', "utf-8", 400, id="text that is no UTF-8"),
        pytest.param(b"[" * 200_000, "utf-8", 400, id="nested too deeply"),
    ],
)
async def test_a_body_is_json_whatever_its_charset_says(
    wix: Wix, body: bytes, charset: str, status: int
) -> None:
    token = (await wix.visitor())["access_token"]
    kind = {"Content-Type": f"application/json; charset={charset}"}
    path = "/stores/v3/products/query"
    assert (await wix.call("POST", path, token, data=body, headers=kind)).status == status
    given = await wix.call("POST", "/oauth2/token", data=body, headers=kind)
    assert given.status == 400
    assert given.json["error"]


async def test_a_write_says_how_far_it_reached_and_a_refused_one_does_not(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    path = "/_api/redirects-api/v1/redirect-session"
    written = await wix.call("POST", path, token, json={"login": {}})
    refused = await wix.call("POST", path, token, json={})
    assert written.headers["X-Wix-Consistent"]
    assert "X-Wix-Consistent" not in refused.headers


async def test_an_unknown_call_names_the_nearest_known_one(wix: Wix) -> None:
    answer = await wix.call("GET", "/members/v1/member/my")
    assert answer.status == 501
    assert answer.json["details"]["applicationError"]["data"] == {
        "method": "GET",
        "path": "/members/v1/member/my",
        "nearest": MEMBER_CALL,
    }


async def test_a_known_path_with_another_method_says_which_it_knows(wix: Wix) -> None:
    answer = await wix.call("DELETE", "/oauth2/token")
    assert answer.status == 501
    assert "It knows this path with POST" in answer.json["message"]


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", " {} "])
async def test_a_token_is_taken_with_and_without_the_scheme_word(wix: Wix, form: str) -> None:
    token = (await wix.visitor())["access_token"]
    answer = await wix.redirect_session(form.format(token), login={})
    assert answer.status == 200


async def test_a_wrong_api_key_is_nobody(wix: Wix) -> None:
    token = (await wix.visitor())["access_token"]
    assert (await wix.redirect_session(f"{token},wrong", login={})).status == 401


async def test_a_visitor_may_not_read_a_members_page(wix: Wix) -> None:
    answer = await wix.call("GET", MEMBER_CALL, (await wix.visitor())["access_token"])
    assert answer.status == 403
    assert answer.json["details"]["applicationError"]["code"] == "PERMISSION_DENIED"


async def test_a_refusal_may_lose_its_text(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"empty_descriptions": True})
    answer = await wix.call("GET", MEMBER_CALL, (await wix.visitor())["access_token"])
    assert answer.status == 403
    assert answer.json["message"] == ""
    assert answer.json["details"]["applicationError"]["description"] == ""
    assert answer.json["details"]["applicationError"]["code"] == "PERMISSION_DENIED"


async def test_the_rate_limit_refuses_and_forgets_after_a_minute(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"rate_limit_per_minute": 2})
    statuses = [(await wix.call("GET", MEMBER_CALL)).status for _ in range(3)]
    assert statuses == [401, 401, 429]
    await wix.admin("POST", "/clock", {"advance_seconds": 61})
    assert (await wix.call("GET", MEMBER_CALL)).status == 401


async def test_a_respond_entry_comes_before_our_own_answer(wix: Wix) -> None:
    entry = {"method": "GET", "path": MEMBER_CALL, "status": 418, "body": {"short": "stout"}}
    await wix.admin("PUT", "/data", {"respond": [entry]})
    answer = await wix.call("GET", MEMBER_CALL)
    assert (answer.status, answer.json) == (418, {"short": "stout"})
    assert answer.headers["x-wix-request-id"]


async def test_a_mistake_of_ours_is_the_empty_500_of_wix(
    wix: Wix, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: str) -> None:
        raise RuntimeError("a listener stumbles")

    wix.emulator.state.login_listeners.append(stumble)
    visitor = (await wix.visitor())["access_token"]
    returned = await wix.log_in_at(await wix.auth_url(visitor))
    answer = await wix.exchange(parameters_of(returned)["code"])
    assert (answer.status, answer.json) == (500, {"message": "", "details": {}})
    assert "a listener stumbles" in caplog.text


async def plan(wix: Wix, **fault: object) -> None:
    await wix.admin("PUT", "/faults", {"faults": [{"path": "/oauth2/*", **fault}]})


async def mint(wix: Wix) -> tuple[int, str, str]:
    body = {"grantType": "anonymous", "clientId": wix.emulator.client_id}
    answer = await wix.call("POST", "/oauth2/token", json=body)
    return answer.status, answer.headers["Content-Type"].partition(";")[0], answer.text


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        pytest.param({"kind": "status", "status": 503}, 503, "application/json", id="status"),
        pytest.param({"kind": "html", "status": 502}, 502, "text/html", id="html"),
        pytest.param({"kind": "nonsense"}, 200, "application/json", id="nonsense"),
    ],
)
async def test_a_fault_answers_in_our_place(
    wix: Wix, fault: dict[str, object], status: int, content_type: str
) -> None:
    await plan(wix, **fault)
    answer = await mint(wix)
    assert answer[:2] == (status, content_type)
    assert "access_token" not in answer[2]
    assert not [k for k in wix.emulator.issued.values() if k == "access token"]


async def test_a_fault_strikes_as_often_as_it_is_told_to(wix: Wix) -> None:
    await plan(wix, status=500, count=2)
    assert [(await mint(wix))[0] for _ in range(3)] == [500, 500, 200]
    assert (await wix.admin("GET", "/faults"))["faults"][0]["count"] == 0


async def test_a_fault_strikes_only_what_it_is_meant_for(wix: Wix) -> None:
    await plan(wix, method="GET", status=500)
    assert (await mint(wix))[0] == 200


async def test_faults_can_be_taken_back(wix: Wix) -> None:
    await plan(wix, status=500)
    await wix.admin("DELETE", "/faults")
    assert (await mint(wix))[0] == 200


async def test_a_fault_afterwards_loses_an_answer_that_took_effect(wix: Wix) -> None:
    await wix.admin("PUT", "/settings", {"rotate_refresh_tokens": True})
    tokens = await wix.visitor()
    await plan(wix, status=502, when="after", count=1)
    assert (await wix.refresh(tokens["refresh_token"])).status == 502
    assert (await wix.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"


async def test_a_reset_closes_the_connection(wix: Wix) -> None:
    await plan(wix, kind="reset", count=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await mint(wix)
    assert (await wix.admin("GET", "/requests"))["requests"][0]["status"] == 0
    assert (await mint(wix))[0] == 200


async def test_latency_delays_an_answer(wix: Wix) -> None:
    await plan(wix, kind="latency", latency_ms=60)
    before = time.monotonic()
    assert (await mint(wix))[0] == 200
    assert time.monotonic() - before >= 0.06


async def test_a_slow_body_comes_in_pieces_and_whole(wix: Wix) -> None:
    await plan(wix, kind="slow_body", latency_ms=10)
    before = time.monotonic()
    status, _, text = await mint(wix)
    assert status == 200
    assert "refresh_token" in text
    assert time.monotonic() - before >= 0.1


async def test_an_unsound_fault_is_refused(wix: Wix) -> None:
    body = {"faults": [{"kind": "flood"}]}
    answer = await wix.call("PUT", "/__emulator/v1/faults", json=body)
    assert answer.status == 400
    assert "faults.kind" in answer.json["message"]


async def test_a_client_that_leaves_during_a_fault_hurts_nobody(wix: Wix) -> None:
    await plan(wix, kind="latency", latency_ms=5_000, count=1)
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.1):
            await mint(wix)
    assert (await mint(wix))[0] == 200
