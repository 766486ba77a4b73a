"""A logout ends the session here in any case, and at Wix when Wix answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from yarl import URL

from tests.stage import Browser, Stage

REDIRECT = "/_wix/api/_api/redirects-api/v1/redirect-session"


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


async def clients_logout(browser: Browser, post_flow_url: str | None) -> Any:
    """Ask for a logout as Wix's own client does; return the address that it goes to."""
    callbacks = {"postFlowUrl": post_flow_url} if post_flow_url is not None else {}
    client_id = browser.stage.emulator.client_id
    body = {"logout": {"clientId": client_id}, "callbacks": callbacks}
    answer = await browser.fetch(REDIRECT, "POST", body=body)
    assert answer.status == 200
    return (await answer.json())["redirectSession"]["fullUrl"]


async def test_the_clients_own_logout_ends_the_session_here_and_at_wix(stage: Stage) -> None:
    browser = await member(stage)
    old, member_id = browser.cookies(), (await browser.session())["memberId"]
    address = await clients_logout(browser, f"{stage.origin}/bye")
    assert (await browser.session())["identity"] == "visitor"
    over = await browser.http.get(URL(address), allow_redirects=False)
    assert over.headers["Location"] == f"{stage.origin}/bye"
    assert stage.emulator.state.tokens.revoke_subject(member_id) == 0
    thief = stage.browser()
    thief.http.cookie_jar.update_cookies(old, response_url=URL(stage.origin))
    assert (await thief.fetch("/_wix/api/members/v1/members/my")).status == 401


@pytest.mark.parametrize("kind", ["reset", "status", "html", "nonsense"])
async def test_the_clients_own_logout_ends_the_session_here_even_when_wix_is_down(
    cookie_stage: Stage, kind: str
) -> None:
    for asked, led_to in (("/bye", "/bye"), (None, "/")):
        browser = await member(cookie_stage)
        cookie_stage.fault(kind=kind)
        post_flow_url = cookie_stage.origin + asked if asked else None
        assert await clients_logout(browser, post_flow_url) == cookie_stage.origin + led_to
        assert (await browser.session())["identity"] == "visitor"
        cookie_stage.heal()


async def test_no_logout_waits_longer_than_two_seconds_for_wix(cookie_stage: Stage) -> None:
    by_form, by_client = await member(cookie_stage), await member(cookie_stage)
    cookie_stage.fault(kind="latency", latency_ms=4_500)
    form = by_form.submit("/_wix/logout", {"returnToUrl": "/bye"})
    client = clients_logout(by_client, f"{cookie_stage.origin}/bye")
    async with asyncio.timeout(4):
        answer, address = await asyncio.gather(form, client)
    assert (answer.headers["Location"], address) == ("/bye", f"{cookie_stage.origin}/bye")
    for browser in (by_form, by_client):
        assert (await browser.session())["identity"] == "visitor"


async def test_the_clients_own_logout_of_a_visitor_leads_back_at_once(cookie_stage: Stage) -> None:
    browser = cookie_stage.browser()
    await browser.navigate("/")
    address = f"{cookie_stage.origin}/bye"
    assert await clients_logout(browser, address) == address
