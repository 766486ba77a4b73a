"""What keeps a login, a page of ours and the app's secret where they belong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.conftest import HandClock
from tests.stage import Stage, staged
from wixproxy.config import Config

README = Path(__file__).parents[2] / "README.md"
REGISTER = "/_api/iam/authentication/v2/register"
RULES = [{"name": "instance", "call": "GET /apps/v1/instance", "who": ["member"]}]


@pytest.fixture
async def elevating_stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage of an application that has a secret."""
    async with staged(clock, tmp_path, {"site.elevate": RULES}) as stage:
        yield stage


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/_wix/callback", id="the page that reads the fragment"),
        pytest.param("/_wix/callback?code=x&state=y", id="a callback that is refused"),
        pytest.param("/_wix/login?idp=nobody", id="a login that is refused"),
        pytest.param("/_wix/logout", id="the logout page"),
        pytest.param("/_wix/nothing", id="a page about an error"),
    ],
)
async def test_no_page_of_ours_may_be_framed(cookie_stage: Stage, path: str) -> None:
    """R39."""
    page = await cookie_stage.browser().navigate(path)
    assert page.content_type == "text/html"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


async def begun_login(stage: Stage) -> tuple[Any, str]:
    browser = stage.browser()
    begun = await browser.navigate("/_wix/login")
    return browser, await stage.wix_login_page(begun.headers["Location"], "ada@example.test")


def of_another(stage: Stage, whose: str) -> Config:
    """Return the stage's configuration for another project, or for a host beside its own."""
    config = stage.config
    if whose == "project":
        site = config.site.model_copy(update={"client_id": "11111111-2222-4333-8444-555555555555"})
        return config.model_copy(update={"site": site})
    host = stage.origin.partition("//")[2]
    server = config.server.model_copy(
        update={"public_url": (f"http://other.{host}",), "accept_hosts": (host,)}
    )
    return config.model_copy(update={"server": server})


@pytest.mark.parametrize("whose", ["project", "origin"])
async def test_a_login_begun_for_another_project_or_origin_is_not_finished(
    cookie_stage: Stage, whose: str
) -> None:
    """R31, C23: the same key, the same browser, the same name of the cookie."""
    browser, callback = await begun_login(cookie_stage)
    grants = cookie_stage.counts()["grants"]
    await cookie_stage.restart(of_another(cookie_stage, whose))
    answer = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 400
    assert cookie_stage.counts()["grants"] == grants


@pytest.mark.parametrize("whose", ["project", "origin"])
async def test_a_session_of_another_project_or_origin_is_none(
    cookie_stage: Stage, whose: str
) -> None:
    """R24: the same key, the same name of the cookie."""
    browser = cookie_stage.browser()
    await browser.navigate("/")
    assert (await browser.session())["identity"] == "visitor"
    await cookie_stage.restart(of_another(cookie_stage, whose))
    told = await browser.fetch("/_wix/session", **{"Sec-Fetch-Site": "same-origin"})
    assert (await told.json())["identity"] == "none"


async def test_a_secret_of_the_app_has_no_part_in_the_calls_of_visitors_and_members(
    elevating_stage: Stage,
) -> None:
    """R27: Wix knows no client secret there, and ours must not make up for it by the app's."""
    stage = elevating_stage
    browser = stage.browser()
    await browser.navigate("/")
    assert (await browser.fetch("/_wix/api/stores/v3/products/query?.r=e30")).status == 200
    await browser.log_in()
    assert (await browser.fetch("/_wix/api/members/v1/members/my")).status == 200
    assert set(stage.counts()["grants"]) == {"anonymous", "authorization_code"}


def test_the_readme_names_the_client_that_cannot_keep_a_secret_and_what_makes_up_for_it() -> None:
    """R27."""
    text = " ".join(README.read_text().split())
    for said in ("public client", "S256 PKCE", "one-time state", "exact redirect URI"):
        assert said in text


async def test_a_return_url_is_judged_again_when_it_is_used(cookie_stage: Stage) -> None:
    """R37: a sealed attempt of an older release may hold what is refused today."""
    stage = cookie_stage
    browser, callback = await begun_login(stage)
    (front,) = stage.proxy.requests.service.fronts.values()
    ((name, text),) = (
        pair for pair in browser.cookies().items() if front.cookies.is_login(pair[0])
    )
    attempt = front.open_attempt(name, text)
    assert attempt is not None
    attempt = replace(attempt, return_url="//evil.example/")
    browser.http.cookie_jar.update_cookies(
        {name: front.seal_attempt(attempt, name)}, response_url=URL(stage.origin)
    )
    answer = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 400
    assert "Location" not in answer.headers


async def test_an_attempt_that_wix_refused_is_over(cookie_stage: Stage) -> None:
    """R29, R41: its cookie goes, so that the same state finishes nothing later."""
    browser, callback = await begun_login(cookie_stage)
    state = URL(callback).query["state"]
    refused = await browser.navigate(f"/_wix/callback?error=access_denied&state={state}")
    assert refused.status == 400
    assert not [name for name in browser.cookies() if "-login-" in name]
    answer = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/_wix/callback",
        "/_wix/logout",
        "/_wix/testing/session",
        "/_wix/api/oauth2/token",
        "/_wix/api/_api/redirects-api/v1/redirect-session",
    ],
)
async def test_a_body_that_is_read_whole_has_a_limit(cookie_stage: Stage, path: str) -> None:
    answer = await cookie_stage.browser().fetch(path, "POST", body="x" * 70_000)
    assert answer.status == 413


async def test_sessions_for_tests_are_made_with_the_emulator_alone(cookie_stage: Stage) -> None:
    stage = cookie_stage
    emulator = stage.config.emulator.model_copy(update={"enabled": False})
    await stage.restart(stage.config.model_copy(update={"emulator": emulator}))
    browser = stage.browser()
    answer = await browser.fetch(
        "/_wix/testing/session", "POST", body={"member": "ada@example.test"}
    )
    assert answer.status == 404
    assert (await browser.session())["identity"] == "none"


@pytest.mark.parametrize(
    ("rules", "path", "status"),
    [
        pytest.param({"api.deny": ["* /_api/iam/**"]}, REGISTER, 403, id="denied"),
        pytest.param({"api.allow": ["GET /stores/**"]}, REGISTER, 403, id="not among the allowed"),
        pytest.param({"api.allow": [f"POST {REGISTER}"]}, REGISTER, 400, id="allowed by name"),
        pytest.param({"api.allow": ["GET /stores/**"]}, "/oauth2/token", 200, id="a placeholder"),
        pytest.param({"api.deny": ["POST /oauth2/**"]}, "/oauth2/token", 403, id="none of those"),
    ],
)
async def test_the_rules_for_calls_hold_for_those_that_the_proxy_answers_itself(
    clock: HandClock, tmp_path: Path, rules: dict[str, list[str]], path: str, status: int
) -> None:
    """R57: a site that lets nobody register must not do so by way of a login script."""
    async with staged(clock, tmp_path, rules) as stage:
        body = {"grantType": "anonymous"}
        answer = await stage.browser().fetch(f"/_wix/api{path}", "POST", body=body)
        assert answer.status == status
