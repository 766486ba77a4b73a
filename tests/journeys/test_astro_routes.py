"""The login routes of Wix's Astro integration, for a site that moves away from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from tests.conftest import HandClock
from tests.stage import Browser, Stage, staged

CALLBACK = "/api/auth/callback"
FLAGS = {"compat.astro_routes": True, "site.login.callback_path": CALLBACK}


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path, FLAGS) as stage:
        stage.emulator.allow_redirect_uri(stage.origin + CALLBACK)
        yield stage


async def begun(stage: Stage, browser: Browser, path: str = "/api/auth/login") -> str:
    """Begin a login and return the path of the callback that Wix leads to."""
    answer = await browser.navigate(f"{path}?returnToUrl=/cart?x=1")
    assert answer.status == 302, await answer.text()
    return await stage.wix_login_page(answer.headers["Location"], "ada@example.test")


async def finish(browser: Browser, callback: str) -> tuple[int, str | None]:
    answer = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    return answer.status, answer.headers.get("Location")


async def test_a_login_goes_over_the_routes_that_astro_has(stage: Stage) -> None:
    browser = stage.browser()
    callback = await begun(stage, browser)
    assert callback.startswith(f"{CALLBACK}?")
    assert await finish(browser, callback) == (303, "/cart?x=1")
    assert (await browser.session())["identity"] == "member"


async def test_the_configured_callback_is_the_one_that_wix_is_told(
    clock: HandClock, tmp_path: Path
) -> None:
    async with staged(clock, tmp_path, {"compat.astro_routes": True}) as stage:
        browser = stage.browser()
        callback = await begun(stage, browser)
        assert callback.startswith("/_wix/callback?")
        assert await finish(browser, callback) == (303, "/cart?x=1")


async def test_a_login_that_began_with_the_other_callback_is_finished(stage: Stage) -> None:
    """Its code was issued for that redirect URI, and Wix compares the two."""
    browser = stage.browser()
    callback = await begun(stage, browser)
    site = stage.config.site
    login = site.login.model_copy(update={"callback_path": "/_wix/callback"})
    moved = stage.config.model_copy(update={"site": site.model_copy(update={"login": login})})
    await stage.restart(moved)
    assert await finish(browser, callback) == (303, "/cart?x=1")
    assert (await begun(stage, browser, "/_wix/login")).startswith("/_wix/callback?")


async def test_an_answer_in_the_fragment_comes_back_to_the_same_callback(stage: Stage) -> None:
    browser = stage.browser()
    callback = await begun(stage, browser)
    page = await (await browser.navigate(CALLBACK)).text()
    assert f'action="{CALLBACK}"' in page
    answer = await browser.submit(CALLBACK, dict(URL(callback).query))
    assert (answer.status, answer.headers["Location"]) == (303, "/cart?x=1")


async def test_a_logout_by_form_goes_over_wix_to_the_page_in_the_query(stage: Stage) -> None:
    browser = stage.browser()
    await finish(browser, await begun(stage, browser))
    answer = await browser.submit("/api/auth/logout?returnToUrl=/bye", {})
    assert answer.status == 303
    over = await browser.http.get(URL(answer.headers["Location"]), allow_redirects=False)
    back = over.headers["Location"].removeprefix(stage.origin)
    assert await finish(browser, back) == (303, "/bye")
    assert (await browser.session())["identity"] == "visitor"


@pytest.mark.parametrize("name", ["returnTo", "returnToUrl"])
async def test_the_logout_callback_takes_astros_parameter_too(stage: Stage, name: str) -> None:
    browser = stage.browser()
    assert await finish(browser, f"/api/auth/logout-callback?{name}=/bye") == (303, "/bye")
    assert (await finish(browser, f"/api/auth/logout-callback?{name}=//evil.example"))[0] == 400


async def test_a_link_does_not_log_out(stage: Stage) -> None:
    """R48."""
    browser = stage.browser()
    await finish(browser, await begun(stage, browser))
    page = await browser.navigate("/api/auth/logout")
    assert page.status == 200
    assert (await browser.session())["identity"] == "member"


async def test_the_guard_stands_before_these_routes_too(stage: Stage) -> None:
    """R44."""
    browser = stage.browser()
    await finish(browser, await begun(stage, browser))
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/api/auth/logout", "/api/auth/login"):
        assert (await browser.fetch(path, "POST", **foreign)).status == 403
    assert (await browser.fetch("/api/auth/login")).status == 403
    assert (await browser.session())["identity"] == "member"


@pytest.mark.parametrize("path", ["login", "logout", "callback", "logout-callback"])
async def test_nobody_is_sent_back_to_these_routes(stage: Stage, path: str) -> None:
    answer = await stage.browser().navigate(f"/api/auth/login?returnToUrl=/api/auth/{path}")
    assert answer.status == 400


@pytest.mark.parametrize(
    "query",
    ["idp=myspace", "prompt=consent", "returnToUrl=//evil.example", "prompt=none&prompt=x"],
)
async def test_what_astro_refuses_is_refused(stage: Stage, query: str) -> None:
    assert (await stage.browser().navigate(f"/api/auth/login?{query}")).status == 400


async def test_other_paths_of_the_folder_are_the_frontends(stage: Stage) -> None:
    for path in ("/api/auth", "/api/auth/login/", "/api/auth/Login", "/api/auth/other"):
        assert (await stage.browser().navigate(path)).status == 200
    assert len(stage.frontend.requests) == 4


async def test_without_the_option_they_are_the_frontends(clock: HandClock, tmp_path: Path) -> None:
    async with staged(clock, tmp_path) as stage:
        await stage.browser().navigate("/api/auth/login")
        assert stage.frontend.requests[0].path == "/api/auth/login"
