"""A logout ends the session here in any case, and at Wix when Wix answers."""

from __future__ import annotations

import pytest
from yarl import URL

from tests.stage import Browser, Stage


async def member(stage: Stage) -> Browser:
    browser = stage.browser()
    await browser.log_in()
    return browser


async def test_a_logout_leads_over_wix_and_back_as_a_new_visitor(stage: Stage) -> None:
    browser = await member(stage)
    answer = await browser.submit("/_wix/logout", {"returnToUrl": "/bye"})
    assert answer.status == 303
    assert answer.headers["Location"].startswith(stage.emulator.origin)
    over = await browser.http.get(URL(answer.headers["Location"]), allow_redirects=False)
    back = over.headers["Location"].removeprefix(stage.origin)
    landed = await browser.navigate(back, **{"Sec-Fetch-Site": "cross-site"})
    assert (landed.status, landed.headers["Location"]) == (303, "/bye")
    assert (await browser.session())["identity"] == "visitor"


async def test_a_logout_by_fetch_is_told_where_to_go(stage: Stage) -> None:
    browser = await member(stage)
    answer = await browser.fetch("/_wix/logout", "POST", body={"returnToUrl": "/bye"})
    assert answer.status == 200
    assert (await answer.json())["redirectUrl"].startswith(stage.emulator.origin)


async def test_the_old_cookie_is_refused_after_a_logout(stage: Stage) -> None:
    """R65."""
    browser = await member(stage)
    old = browser.cookies()
    await browser.submit("/_wix/logout", {})
    thief = stage.browser()
    thief.http.cookie_jar.update_cookies(old, response_url=URL(stage.origin))
    answer = await thief.fetch("/_wix/api/members/v1/members/my")
    assert answer.status == 401
    assert (await answer.json())["code"] == "session_ended"
    assert (await thief.navigate("/")).status == 200
    assert (await thief.session())["identity"] == "visitor"


@pytest.mark.parametrize("kind", ["reset", "status", "html", "nonsense"])
async def test_a_logout_ends_the_session_here_even_when_wix_is_down(
    stage: Stage, kind: str
) -> None:
    browser = await member(stage)
    stage.fault(kind=kind)
    answer = await browser.submit("/_wix/logout", {"returnToUrl": "/bye"})
    assert (answer.status, answer.headers["Location"]) == (303, "/bye")
    assert (await browser.session())["identity"] == "visitor"


async def test_a_get_does_not_log_out(stage: Stage) -> None:
    """R48."""
    browser = await member(stage)
    page = await browser.navigate("/_wix/logout?returnToUrl=/bye")
    assert page.status == 200
    assert "<form" in await page.text()
    assert (await browser.session())["identity"] == "member"


async def test_a_logout_from_another_site_is_refused(stage: Stage) -> None:
    """R44."""
    browser = await member(stage)
    answer = await browser.submit("/_wix/logout", {})
    assert answer.status == 303
    again = await member(stage)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    refused = await again.fetch("/_wix/logout", "POST", **foreign)
    assert refused.status == 403
    assert (await again.session())["identity"] == "member"


@pytest.mark.parametrize("value", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_a_logout_cannot_be_used_to_leave_the_site(stage: Stage, value: str) -> None:
    """R36, R37."""
    browser = await member(stage)
    assert (await browser.submit("/_wix/logout", {"returnToUrl": value})).status == 400
    assert (await browser.navigate(f"/_wix/logout-callback?returnToUrl={value}")).status == 400
    assert (await browser.session())["identity"] == "member"


async def test_a_visitor_who_logs_out_is_sent_back_at_once(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    answer = await browser.submit("/_wix/logout", {"returnToUrl": "/bye"})
    assert (answer.status, answer.headers["Location"]) == (303, "/bye")
