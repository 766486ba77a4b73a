"""The backend listener: server code of the frontend calls as its visitor, or as the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.program import SECRET, Program, programmed
from tests.stage import Stage
from wixproxy.sansio.keyring import Key

CART = "/_wix/api/stores/v3/products/query?.r=e30"
MEMBER = "/_wix/api/members/v1/members/my"
INSTANCE = "/_wix/elevated/apps/v1/instance"


@pytest.fixture
async def program(clock: HandClock, tmp_path: Path) -> AsyncIterator[Program]:
    async with programmed(clock, tmp_path) as program:
        yield program


def cookie_of(stage: Stage, cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


async def test_a_call_with_the_browsers_cookie_runs_as_its_session(program: Program) -> None:
    browser = program.stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    cookie = cookie_of(program.stage, browser.cookies())
    status, values, headers = await program.get("/_wix/api/members/v1/members/my", Cookie=cookie)
    assert status == 200
    assert values["member"]["id"] == (await browser.session())["memberId"]
    assert "Set-Cookie" not in headers


async def test_a_renewal_made_there_reaches_the_browser_here(program: Program) -> None:
    stage, browser = program.stage, program.stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    cookie = cookie_of(stage, browser.cookies())
    stage.advance(14_400)
    status, _, _ = await program.get("/_wix/api/members/v1/members/my", Cookie=cookie)
    assert status == 200
    page = await browser.navigate("/")
    assert "Set-Cookie" in page.headers
    assert stage.counts()["grants"]["refresh_token"] == 1


async def test_without_a_cookie_a_call_is_refused(program: Program) -> None:
    status, problem, _ = await program.get(CART)
    assert (status, problem["code"]) == (401, "no_session")
    assert program.stage.counts()["grants"] == {}


async def test_why_a_programs_call_failed_stands_in_the_log(program: Program) -> None:
    program.stage.fault(path="/oauth2/token", kind="status", status=500)
    status, problem, _ = await program.get(CART, **{"X-Wixproxy-As": "visitor"})
    assert (status, problem["code"]) == (503, "wix_unavailable")
    line = f"request {problem['request_id']}: wix_unavailable: {problem['message']}"
    assert line in program.stage.logged


async def test_programs_may_share_one_visitor(program: Program) -> None:
    as_visitor = {"X-Wixproxy-As": "visitor"}
    for _ in range(3):
        assert (await program.get(CART, **as_visitor))[0] == 200
    assert program.stage.counts()["grants"] == {"anonymous": 1}


@pytest.mark.parametrize("host", ["localhost:4321", "other.localhost:4321"])
async def test_the_cookie_of_any_public_url_runs_as_its_session(
    host: str, clock: HandClock, tmp_path: Path
) -> None:
    urls = ["http://localhost:4321", "http://other.localhost:4321"]
    async with programmed(clock, tmp_path, {"server.public_url": urls}) as program:
        browser = program.stage.browser()
        ada = {"member": "ada@example.test"}
        await browser.fetch("/_wix/testing/session", "POST", body=ada, Host=host)
        told = await (await browser.fetch("/_wix/session", Host=host)).json()
        cookie = cookie_of(program.stage, browser.cookies())
        for more in ({}, {"X-Wixproxy-As": "visitor"}):
            status, values, _ = await program.get(MEMBER, Cookie=cookie, **more)
            assert (status, values["member"]["id"]) == (200, told["memberId"])


@pytest.mark.parametrize("more", [{}, {"X-Wixproxy-As": "visitor"}], ids=["", "as visitor"])
async def test_a_cookie_that_does_not_open_is_nobodys_and_not_the_shared_visitors(
    program: Program, more: dict[str, str]
) -> None:
    port = program.stage.origin.rpartition(":")[2]
    cookie = f"wixproxy-{port}=1.AAAA"
    status, problem, _ = await program.get(CART, Cookie=cookie, **more)
    assert (status, problem["code"]) == (401, "no_session")
    assert "opens at none of its public URLs" in problem["message"]
    assert program.stage.counts()["grants"] == {}


async def test_a_cookie_that_cannot_be_read_for_now_is_told_as_here(program: Program) -> None:
    stage, browser = program.stage, program.stage.browser()
    await browser.navigate("/")
    session = stage.config.session.model_copy(update={"keys": (Key.generate().to_text(),)})
    await program.restart(stage.config.model_copy(update={"session": session}))
    cookie = cookie_of(stage, browser.cookies())
    status, problem, _ = await program.get(CART, Cookie=cookie, **{"X-Wixproxy-As": "visitor"})
    assert (status, problem["code"]) == (503, "session_unreadable")
    assert stage.counts()["grants"] == {}


async def test_the_cookie_of_a_member_who_left_runs_as_nobody(program: Program) -> None:
    stage, browser = program.stage, program.stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    cookie = cookie_of(stage, browser.cookies())
    await browser.fetch("/_wix/logout", "POST")
    status, problem, _ = await program.get(CART, Cookie=cookie, **{"X-Wixproxy-As": "visitor"})
    assert (status, problem["code"]) == (401, "session_ended")
    assert "anonymous" not in stage.counts()["grants"]


async def test_each_call_is_logged_by_a_line_without_its_query(program: Program) -> None:
    await program.get(CART, **{"X-Wixproxy-As": "visitor"})
    await program.get(INSTANCE, **{"X-Wixproxy-Backend": "wrong"})
    lines = [
        line for line in program.stage.logged if line.startswith(("GET /_wix/api", "GET /_wix/e"))
    ]
    assert [line.split(" B ")[0].rpartition(" ")[0] for line in lines] == [
        f"GET {CART.partition('?')[0]} 200",
        f"GET {INSTANCE} 401",
    ]


async def test_an_elevated_call_runs_as_the_app(program: Program) -> None:
    status, _, _ = await program.get(INSTANCE)
    assert status == 200
    assert program.stage.counts()["grants"] == {"client_credentials": 1}


async def test_an_elevated_call_runs_for_the_installation_that_an_event_came_from(
    program: Program,
) -> None:
    own = program.stage.emulator.instance_id
    for headers in ({"X-Wixproxy-Instance": own}, {}):
        status, values, _ = await program.get(INSTANCE, **headers)
        assert (status, values["instance"]["instanceId"]) == (200, own)
    assert program.stage.counts()["grants"] == {"client_credentials": 1}


async def test_a_token_of_the_app_that_wix_refuses_is_replaced_and_the_call_repeated(
    program: Program,
) -> None:
    await program.get(INSTANCE)
    program.stage.emulator.state.tokens.forget_access()
    assert (await program.get(INSTANCE))[0] == 200
    assert program.stage.counts()["grants"] == {"client_credentials": 2}


async def test_a_body_is_sent_once_and_the_next_call_has_another_token(program: Program) -> None:
    query = ("POST", "/_wix/elevated/members/v1/members/query", {"query": {}})
    assert (await program.call(*query))[0] == 200
    program.stage.emulator.state.tokens.forget_access()
    assert (await program.call(*query))[0] == 401
    assert (await program.call(*query))[0] == 200
    assert program.stage.counts()["grants"] == {"client_credentials": 2}


@pytest.mark.parametrize("name", ["../x", "", "11111111-2222-4333-8444-55555555555\xe4"])
async def test_what_is_no_installations_id_is_refused_before_wix_is_asked(
    program: Program, name: str
) -> None:
    status, problem, _ = await program.get(INSTANCE, **{"X-Wixproxy-Instance": name})
    assert (status, problem["code"]) == (400, "request_refused")
    assert "X-Wixproxy-Instance" in problem["message"]
    assert program.stage.counts()["grants"] == {}


async def test_a_path_that_is_missing_is_told_by_its_own_prefix(program: Program) -> None:
    status, problem, _ = await program.get("/_wix/elevated/")
    assert (status, problem["code"]) == (400, "path_refused")
    assert "behind /_wix/elevated;" in problem["message"]


async def test_an_installation_that_wix_does_not_know_is_told_apart(program: Program) -> None:
    unknown = {"X-Wixproxy-Instance": "11111111-2222-4333-8444-555555555555"}
    status, problem, _ = await program.get(INSTANCE, **unknown)
    assert (status, problem["code"]) == (502, "elevation_unavailable")
    assert "the instance that X-Wixproxy-Instance names" in problem["message"]
    assert (await program.get(INSTANCE))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Wixproxy-Backend": "wrong"}, id="a wrong secret"),
        pytest.param({"X-Wixproxy-Backend": ""}, id="no secret"),
        pytest.param({"X-Wixproxy-Backend": SECRET + "x"}, id="a longer secret"),
    ],
)
async def test_without_the_secret_nothing_is_served(
    program: Program, headers: dict[str, str]
) -> None:
    for path in (CART, INSTANCE):
        status, problem, _ = await program.get(path, **headers)
        assert (status, problem["code"]) == (401, "backend_unauthorized")
    assert program.stage.counts()["grants"] == {}


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}]
)
async def test_a_browser_is_refused_even_with_the_secret(
    program: Program, headers: dict[str, str]
) -> None:
    status, problem, _ = await program.get(INSTANCE, **headers)
    assert (status, problem["code"]) == (403, "cross_site_request")


@pytest.mark.parametrize(
    "path",
    [
        "/oauth2/token",
        "/_api/iam/authentication/v2/login",
        "/members/v1/wix-sm-webapp-proxy/v1/auth/login",
        "/oauth-app/v1/oauth-apps/x/secret",
        "/a%2fb",
    ],
)
async def test_no_credential_is_handed_out_there_either(program: Program, path: str) -> None:
    status, _, _ = await program.get(f"/_wix/elevated{path}")
    assert status in (400, 403)
    assert "client_credentials" not in program.stage.counts()["grants"]


async def test_the_public_listener_never_serves_elevated_calls(program: Program) -> None:
    browser = program.stage.browser()
    answer = await browser.fetch(INSTANCE, **{"X-Wixproxy-Backend": SECRET})
    assert answer.status == 404
    assert program.stage.counts()["grants"] == {}


async def test_pages_are_not_served_there(program: Program) -> None:
    status, problem, _ = await program.get("/")
    assert (status, problem["code"]) == (404, "no_such_route")


async def test_a_request_with_two_readings_ends_its_connection(program: Program) -> None:
    """What follows it would be read as another program's call."""
    _, _, port = program.origin.rpartition(":")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    head = b"Host: 127.0.0.1\r\nX-Wixproxy-Backend: %b\r\n" % SECRET.encode()
    writer.write(b"GET /_wix/api/a#b HTTP/1.1\r\n%b\r\n" % head)
    writer.write(b"GET /_wix/api/x HTTP/1.1\r\n%b\r\n" % head)
    async with asyncio.timeout(5):
        answered = await reader.read()
    writer.close()
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.count(b"HTTP/1.1 ") == 1
