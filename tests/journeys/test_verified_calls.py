"""Calls of dashboard pages and site extensions: verified, told to the frontend, acted upon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.dashboard import FLAGS, MEMBERS, asked, call, handle_of, token_of, user_token
from tests.program import Program, programmed
from tests.stage import Stage, staged


@pytest.fixture
async def program(clock: HandClock, tmp_path: Path) -> AsyncIterator[Program]:
    async with programmed(clock, tmp_path, FLAGS) as program:
        yield program


@pytest.fixture
def stage(program: Program) -> Stage:
    return program.stage


async def test_the_frontend_is_told_who_calls_and_never_the_token(stage: Stage) -> None:
    answer = await call(stage, await user_token(stage, userId="user-1"))
    assert answer.status == 200
    (request,) = stage.frontend.requests
    assert request.headers["X-Wix-Caller-Identity"] == "user"
    assert request.headers["X-Wix-Caller-Id"] == "user-1"
    assert request.headers["X-Wix-Instance-Id"] == stage.emulator.instance_id
    assert request.headers["X-Wix-Site-Id"] == stage.emulator.site_id
    assert "Authorization" not in request.headers
    assert not any(issued in str(request.headers) for issued in stage.emulator.issued)


@pytest.mark.parametrize("kind", ["member", "visitor"])
async def test_a_site_widgets_caller_is_a_member_or_a_visitor(stage: Stage, kind: str) -> None:
    answer = await call(stage, "Bearer " + token_of(stage, kind, "subject-1"))
    assert answer.status == 200
    (request,) = stage.frontend.requests
    told = [request.headers[f"X-Wix-Caller-{name}"] for name in ("Identity", "Id")]
    assert told == [kind, "subject-1"]


async def test_the_apps_own_servers_may_call(stage: Stage) -> None:
    answer = await call(stage, token_of(stage, "app", stage.emulator.client_id))
    assert answer.status == 200
    assert stage.frontend.requests[0].headers["X-Wix-Caller-Identity"] == "app"


async def test_wix_is_asked_once_while_the_answer_is_fresh(stage: Stage) -> None:
    token = await user_token(stage)
    answers = await asyncio.gather(*(call(stage, token) for _ in range(12)))
    assert {answer.status for answer in answers} == {200}
    assert asked(stage) == 1
    stage.advance(59)
    await call(stage, token)
    assert asked(stage) == 1
    stage.advance(2)
    await call(stage, token)
    assert asked(stage) == 2


async def test_a_token_is_believed_no_longer_than_it_lives(stage: Stage) -> None:
    stage.emulator.state.settings = stage.emulator.state.settings.changed(
        {"access_token_seconds": 30}
    )
    token = await user_token(stage)
    assert (await call(stage, token)).status == 200
    stage.advance(31)
    assert (await call(stage, token)).status == 401
    assert len(stage.frontend.requests) == 1


async def test_a_revoked_token_works_for_a_minute_at_most(stage: Stage) -> None:
    token = await user_token(stage)
    await call(stage, token)
    stage.emulator.state.tokens.forget_access()
    stage.advance(61)
    assert (await call(stage, token)).status == 401


async def test_when_wix_is_down_nobody_is_let_through(stage: Stage) -> None:
    token = await user_token(stage)
    stage.fault(path="/oauth2/token-info", status=500)
    answer = await call(stage, token)
    assert (answer.status, (await answer.json())["code"]) == (503, "wix_unavailable")
    assert stage.frontend.requests == []
    stage.heal()
    assert (await call(stage, token)).status == 200


async def test_such_a_call_has_no_part_in_a_session(stage: Stage) -> None:
    browser = stage.browser()
    await browser.log_in()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    stage.frontend.requests.clear()
    answer = await call(
        stage, await user_token(stage), Cookie=f"{cookie}; own=1", Accept="text/html"
    )
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    (request,) = stage.frontend.requests
    hint = next(name for name in browser.cookies() if "hint" in name)
    assert sorted(request.cookies) == sorted(["own", hint])
    assert "X-Wix-Identity" not in request.headers
    assert "X-Wix-Member-Id" not in request.headers


async def test_elsewhere_authorization_is_the_frontends_own(stage: Stage) -> None:
    browser = stage.browser()
    await browser.fetch("/api/other", Authorization="Basic YTpi")
    request = stage.frontend.requests[-1]
    assert request.headers["Authorization"] == "Basic YTpi"
    assert "X-Wix-Caller-Identity" not in request.headers
    assert asked(stage) == 0


async def test_server_code_calls_wix_as_the_caller(program: Program) -> None:
    stage = program.stage
    token = await user_token(stage)
    handle = await handle_of(stage, token)
    for _ in range(3):
        status, values, headers = await program.get(MEMBERS, **handle)
        assert status == 200, values
        assert "Set-Cookie" not in headers
    made = [
        dict(one.headers)["Authorization"]
        for one in stage.emulator.state.exchanges.kept("/members/v1/members")
    ]
    assert token not in made
    assert stage.counts()["grants"] == {"strip_bound_session": 1}


async def test_server_code_calls_wix_as_the_app_for_the_callers_installation(
    program: Program,
) -> None:
    await call(program.stage, await user_token(program.stage))
    instance = program.stage.frontend.requests[0].headers["X-Wix-Instance-Id"]
    status, _, _ = await program.get(
        "/_wix/elevated/apps/v1/instance", **{"X-Wixproxy-Instance": instance}
    )
    assert status == 200
    assert program.stage.counts()["grants"] == {"client_credentials": 1}


async def test_a_handle_counts_for_five_minutes(program: Program) -> None:
    stage = program.stage
    handle = await handle_of(stage)
    stage.advance(299)
    assert (await program.get(MEMBERS, **handle))[0] == 200
    stage.advance(1)
    status, problem, _ = await program.get(MEMBERS, **handle)
    assert (status, problem["code"]) == (401, "caller_unverified")


async def test_a_token_of_the_caller_that_wix_refuses_is_replaced_once(program: Program) -> None:
    stage = program.stage
    handle = await handle_of(stage)
    stage.fault(path="/members/v1/members", status=401, count=1)
    assert (await program.get(MEMBERS, **handle))[0] == 200
    assert stage.counts()["grants"] == {"strip_bound_session": 2}


async def test_what_wix_refuses_the_caller_is_explained(program: Program) -> None:
    stage = program.stage
    handle = await handle_of(stage, token_of(stage, "visitor", "visitor-1"))
    status, _, headers = await program.get("/_wix/api/members/v1/members/my", **handle)
    assert status == 403
    assert "as the caller, a visitor" in headers["X-Wixproxy-Explanation"]
    assert "/_wix/elevated/" in headers["X-Wixproxy-Explanation"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_wix/api/oauth2/token"),
        ("POST", "/_wix/api/headless/v1/redirect-session"),
        ("GET", "/_wix/api/oauth-app/v1/oauth-apps/x"),
        ("POST", "/_wix/api/_api/iam/authentication/v2/login"),
    ],
)
async def test_no_credential_is_handed_out_as_the_caller_either(
    program: Program, method: str, path: str
) -> None:
    handle = await handle_of(program.stage)
    status, problem, _ = await program.call(method, path, {}, **handle)
    assert (status, problem["code"]) == (403, "call_refused")
    assert program.stage.counts()["grants"] == {}


async def test_without_a_backend_listener_there_is_no_handle(
    clock: HandClock, tmp_path: Path
) -> None:
    async with staged(clock, tmp_path, FLAGS) as stage:
        await call(stage, await user_token(stage))
        assert "X-Wixproxy-Caller" not in stage.frontend.requests[0].headers


async def test_a_wrong_secret_is_told_without_being_shown(program: Program) -> None:
    stage = program.stage
    handle = await handle_of(stage)
    stage.fault(path="/oauth2/token", status=401)
    status, _, _ = await program.get(MEMBERS, **handle)
    assert status == 503
    stage.heal()
    project = replace(stage.emulator.project, client_secret="another-secret-than-configured")
    stage.emulator.state.project = project
    status, problem, _ = await program.get(MEMBERS, **handle)
    assert (status, problem["code"]) == (502, "elevation_unavailable")
    assert "site.client_secret" in problem["message"]
