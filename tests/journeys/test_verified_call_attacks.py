"""Who is no verified caller gets nothing from the frontend's backend paths, nor by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.dashboard import DASHBOARD, FLAGS, MEMBERS, PATH, asked, call, handle_of, user_token
from tests.program import Program, programmed
from tests.stage import Stage

OTHER_APP = "11111111-0000-4000-8000-000000000001"
MADE_UP = "OauthNG.JWS.eyJhbGciOiJIUzI1NiJ9.eyJkYXRhIjoie30ifQ.c2lnbmF0dXJl"

CORS = {"Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def program(clock: HandClock, tmp_path: Path) -> AsyncIterator[Program]:
    async with programmed(clock, tmp_path, FLAGS) as program:
        yield program


@pytest.fixture
def stage(program: Program) -> Stage:
    return program.stage


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(None, "found none", id="no token"),
        pytest.param("", "found something that is no token", id="an empty one"),
        pytest.param("Bearer ", "found something that is no token", id="a scheme alone"),
        pytest.param("Basic YTpi", "found something that is no token", id="another scheme"),
        pytest.param(f"{MADE_UP},key", "found something that is no token", id="with an API key"),
        pytest.param("x" * 8_193, "8193 characters", id="an oversized one"),
        pytest.param(MADE_UP, "does not know", id="a made-up one"),
        pytest.param(f"Bearer {MADE_UP}", "does not know", id="a made-up one behind a scheme"),
    ],
)
async def test_without_a_good_token_nothing_is_forwarded(
    stage: Stage, token: str | None, reason: str
) -> None:
    answer = await call(stage, token)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (401, "caller_unverified")
    assert reason in problem["message"]
    assert stage.frontend.requests == []
    assert asked(stage) == (1 if token and token.removeprefix("Bearer ") == MADE_UP else 0)
    assert MADE_UP not in str(problem) + "".join(stage.logged)


async def test_the_page_may_read_why_it_was_refused(stage: Stage) -> None:
    answer = await call(stage, None)
    assert answer.headers["Access-Control-Allow-Origin"] == DASHBOARD


async def test_a_refusal_is_asked_for_again_each_time(stage: Stage) -> None:
    for _ in range(3):
        assert (await call(stage, MADE_UP)).status == 401
    assert asked(stage) == 3


async def test_an_expired_token_is_refused(stage: Stage) -> None:
    token = await user_token(stage)
    stage.advance(14_400)
    assert (await call(stage, token)).status == 401
    assert stage.frontend.requests == []


async def test_a_token_of_another_app_is_worth_nothing(stage: Stage) -> None:
    answer = await call(stage, await user_token(stage, clientId=OTHER_APP))
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (401, "caller_unverified")
    assert "another app" in problem["message"]
    assert stage.frontend.requests == []


async def test_two_tokens_in_one_call_are_refused(stage: Stage) -> None:
    token = await user_token(stage)
    answer = await call(stage, token, Authorization=token)
    assert answer.status == 401
    assert asked(stage) == 0


async def test_an_oversized_field_is_refused_before_anything_is_read(stage: Stage) -> None:
    answer = await call(stage, "x" * 40_000)
    assert answer.status == 431
    assert asked(stage) == 0


@pytest.mark.parametrize(
    "name",
    [
        *("X-Wix-Caller-Identity", "x-wix-caller-id", "X_Wix_Caller_Id", "X-Wix.Caller-Identity"),
        *("X-Wix-Caller-Anything", "X-Wix-Instance-Id", "x_wix_instance_id", "X-Wix-Site-Id"),
        *("X-Wixproxy-Caller", "x.wixproxy.caller", "X-Wix-Caller-Id-", "_X-Wix-Site-Id"),
    ],
)
async def test_a_client_cannot_say_who_it_is(stage: Stage, name: str) -> None:
    """C9, C28, C29."""
    token = await user_token(stage, userId="user-1")
    for path in (PATH, "/", "/api/other"):
        await call(stage, token, path, **{name: "forged"})
    assert len(stage.frontend.requests) == 3
    assert not any("forged" in str(request.raw_headers) for request in stage.frontend.requests)


async def test_connection_cannot_strip_what_we_say_nor_hide_the_token(stage: Stage) -> None:
    """R61."""
    names = "close, Authorization, X-Wix-Caller-Id, X-Wix-Caller-Identity"
    answer = await call(stage, await user_token(stage, userId="user-1"), Connection=names)
    assert answer.status == 200
    (request,) = stage.frontend.requests
    assert request.headers["X-Wix-Caller-Id"] == "user-1"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("name", ["Authorization_", "_Authorization", "authorization."])
async def test_no_spelling_of_the_token_reaches_the_frontend(stage: Stage, name: str) -> None:
    await call(stage, await user_token(stage), **{name: "OauthNG.another"})
    assert "OauthNG.another" not in str(stage.frontend.requests[0].raw_headers)


@pytest.mark.parametrize(
    "path",
    [
        "/API/dashboard/orders",
        "/api/%64ashboard/orders",
        "/api//dashboard/orders",
        "/api/x/../dashboard/orders",
        "/api/dashboard%2forders",
        "/api/dashboard;a/orders",
        "/api/dashboard/../public",
        "/api/dashboard/%2e%2e/public",
        "/api/dashboard%00",
        "/api/dashboard%23",
    ],
)
async def test_a_path_that_could_be_read_as_two_goes_nowhere(stage: Stage, path: str) -> None:
    """C8, C11, C12."""
    for token in (await user_token(stage), None):
        answer = await call(stage, token, path)
        assert (answer.status, (await answer.json())["code"]) == (400, "path_refused")
    assert stage.frontend.requests == []


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "https://manage.wix.com.evil.example", "null"),
        *("http://manage.wix.com", "https://evilmanage.wix.com", "https://localhost"),
    ],
)
async def test_a_page_of_another_origin_gets_nothing(stage: Stage, origin: str) -> None:
    token = await user_token(stage)
    answer = await call(stage, token, Origin=origin)
    assert (answer.status, (await answer.json())["code"]) == (403, "cross_site_request")
    preflight = await call(stage, None, method="OPTIONS", **CORS, Origin=origin)
    assert preflight.status == 403
    for each in (answer, preflight):
        assert not any(name.lower().startswith("access-control-") for name in each.headers)
    assert (stage.frontend.requests, asked(stage)) == ([], 0)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_that_hides_its_origin_gets_nothing(stage: Stage, site: str) -> None:
    token = await user_token(stage)
    answer = await stage.browser().fetch(PATH, Authorization=token, **{"Sec-Fetch-Site": site})
    assert answer.status == 403
    assert stage.frontend.requests == []


async def test_a_listed_page_is_let_in_for_what_it_asks_and_without_credentials(
    stage: Stage,
) -> None:
    asking = {"Access-Control-Request-Headers": "authorization,content-type"}
    preflight = await call(stage, None, method="OPTIONS", **CORS, **asking)
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == DASHBOARD
    assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    assert preflight.headers["Vary"] == "Origin"
    assert (stage.frontend.requests, asked(stage)) == ([], 0)


async def test_what_the_frontend_says_of_other_origins_does_not_count(stage: Stage) -> None:
    stage.frontend.headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": "true",
    }
    answer = await call(stage, await user_token(stage))
    assert answer.headers.getall("Access-Control-Allow-Origin") == [DASHBOARD]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers.getall("Vary")


async def test_a_page_that_makes_many_calls_at_once_is_one_question(stage: Stage) -> None:
    token, page = await user_token(stage), stage.browser()
    answers = await asyncio.gather(*(page.fetch(PATH, Authorization=token) for _ in range(125)))
    assert {answer.status for answer in answers} == {200}
    assert asked(stage) == 1


async def test_unknown_tokens_do_not_flood_wix(stage: Stage) -> None:
    page = stage.browser()
    tokens = [f"{MADE_UP}{number}" for number in range(123)]
    statuses = [(await page.fetch(PATH, Authorization=token)).status for token in tokens]
    assert statuses == [401] * 120 + [429] * 3
    assert asked(stage) == 120


@pytest.mark.parametrize(
    "handle",
    [
        pytest.param("", id="none"),
        pytest.param("forged", id="a made-up one"),
        pytest.param(MADE_UP, id="a token"),
        pytest.param("1.AAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", id="of an unknown key"),
    ],
)
async def test_what_is_no_handle_calls_nothing(program: Program, handle: str) -> None:
    status, problem, _ = await program.get(MEMBERS, **{"X-Wixproxy-Caller": handle})
    assert (status, problem["code"]) == (401, "caller_unverified")
    assert program.stage.counts()["calls"] == {}


async def test_a_session_is_no_handle_and_a_handle_no_session(program: Program) -> None:
    stage = program.stage
    browser = stage.browser()
    await browser.log_in()
    name, cookie = next(pair for pair in browser.cookies().items() if "hint" not in pair[0])
    status, _, _ = await program.get(MEMBERS, **{"X-Wixproxy-Caller": cookie})
    assert status == 401
    handle = await handle_of(stage)
    shown = {"Cookie": f"{name}={handle['X-Wixproxy-Caller']}"}
    status, problem, _ = await program.get(MEMBERS, **shown)
    assert (status, problem["code"]) == (401, "no_session")


async def test_a_handle_is_worth_nothing_without_the_backend_secret(program: Program) -> None:
    handle = await handle_of(program.stage)
    status, _, _ = await program.get(MEMBERS, **handle, **{"X-Wixproxy-Backend": "guessed"})
    assert status == 401
    await program.stage.browser().fetch(MEMBERS, **handle)
    # In a browser it says nothing: the call ran as that browser's visitor.
    assert program.stage.counts()["grants"] == {"anonymous": 1}
