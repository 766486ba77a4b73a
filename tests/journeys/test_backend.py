"""The backend listener: server code of the frontend calls as its visitor, or as the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.conftest import HandClock
from tests.stage import Stage, staged
from wixproxy.listening import listen

SECRET = "backend-secret-of-forty-characters-0123456"
CART = "/_wix/api/stores/v3/products/query?.r=e30"
INSTANCE = "/_wix/elevated/apps/v1/instance"


class Program:
    """Server code that calls the backend listener."""

    def __init__(self, stage: Stage, origin: str) -> None:
        self.stage = stage
        self._origin = origin

    async def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        """Call with the secret, unless another one is given; return status, values, headers."""
        headers = {"X-Wixproxy-Backend": SECRET, **headers}
        url = URL(self._origin + path, encoded=True)
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.get(url, headers=headers) as answer,
        ):
            return answer.status, await answer.json(), answer.headers


@pytest.fixture
async def program(clock: HandClock, tmp_path: Path) -> AsyncIterator[Program]:
    flags = {"backend.listen": "127.0.0.1:0", "backend.secret": SECRET}
    async with staged(clock, tmp_path, flags) as stage:
        sockets = listen("127.0.0.1", 0)
        await stage.proxy.start_backend(sockets)
        yield Program(stage, f"http://127.0.0.1:{sockets[0].getsockname()[1]}")


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


async def test_programs_may_share_one_visitor(program: Program) -> None:
    as_visitor = {"X-Wixproxy-As": "visitor"}
    for _ in range(3):
        assert (await program.get(CART, **as_visitor))[0] == 200
    assert program.stage.counts()["grants"] == {"anonymous": 1}


async def test_an_elevated_call_runs_as_the_app(program: Program) -> None:
    status, _, _ = await program.get(INSTANCE)
    assert status == 200
    assert program.stage.counts()["grants"] == {"client_credentials": 1}


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


@pytest.mark.parametrize("path", ["/oauth2/token", "/_api/iam/authentication/v2/login", "/a%2fb"])
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
