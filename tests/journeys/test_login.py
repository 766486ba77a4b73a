"""To Wix's login page and back: only what began in this browser is finished, and once."""

from __future__ import annotations

import pytest
from yarl import URL

from tests.stage import Browser, Stage


async def begun(stage: Stage, browser: Browser, return_url: str = "/cart") -> str:
    """Begin a login and return the path of the callback that Wix leads to."""
    answer = await browser.navigate(f"/_wix/login?returnToUrl={return_url}")
    return await stage.wix_login_page(answer.headers["Location"], "ada@example.test")


async def finish(browser: Browser, callback: str) -> int:
    answer = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    return answer.status


def grants(stage: Stage) -> int:
    made: int = stage.counts()["grants"].get("authorization_code", 0)
    return made


async def test_a_login_returns_to_the_page_it_began_on_as_a_new_session(stage: Stage) -> None:
    """R16, R38: 303, no code in the address, and another id."""
    browser = stage.browser()
    await browser.navigate("/")
    before = browser.cookies()
    answer = await browser.log_in(return_url="/cart")
    assert (answer.status, answer.headers["Location"]) == (303, "/cart")
    told = await browser.session()
    assert told["identity"] == "member"
    assert told["memberId"]
    name = f"wixproxy-{stage.origin.rpartition(':')[2]}"
    assert browser.cookies()[name] != before[name]


async def test_a_cookie_planted_before_the_login_stays_a_visitors(stage: Stage) -> None:
    """R16, C14: the attacker's copy of the session does not become the member's."""
    victim, attacker = stage.browser(), stage.browser()
    await attacker.fetch("/_wix/api/stores/v3/products/query?.r=e30")
    victim.http.cookie_jar.update_cookies(attacker.cookies(), response_url=URL(stage.origin))
    await victim.log_in()
    assert (await victim.session())["identity"] == "member"
    assert (await attacker.session())["identity"] == "visitor"
    assert (await attacker.fetch("/_wix/api/members/v1/members/my")).status == 403


async def test_all_login_cookies_are_gone_after_a_login(stage: Stage) -> None:
    """R33."""
    browser = stage.browser()
    for _ in range(2):
        await browser.navigate("/_wix/login")
    stage.advance(60)
    await browser.log_in()
    assert not [name for name in browser.cookies() if "-login-" in name]


async def test_twenty_tabs_leave_five_attempts_and_each_of_them_can_be_finished(
    stage: Stage,
) -> None:
    """R33."""
    browser = stage.browser()
    callbacks = []
    for _ in range(20):
        stage.advance(20)
        callbacks.append(await begun(stage, browser))
    assert len([name for name in browser.cookies() if "-login-" in name]) == 5
    assert await finish(browser, callbacks[-6]) == 400
    assert await finish(browser, callbacks[-5]) == 303


async def test_three_starts_within_half_a_minute_stop_with_a_page(stage: Stage) -> None:
    """R35."""
    browser = stage.browser()
    statuses = [(await browser.navigate("/_wix/login")).status for _ in range(4)]
    assert statuses == [302, 302, 302, 429]
    stage.advance(30)
    assert (await browser.navigate("/_wix/login")).status == 302


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda query: {"code": query["code"]}, id="no state"),
        pytest.param(lambda query: {**query, "state": ""}, id="an empty state"),
        pytest.param(lambda query: {**query, "state": "x" * 43}, id="another state"),
        pytest.param(lambda query: {"code": query["code"], "state[]": query["state"]}, id="a list"),
        pytest.param(lambda query: {"error": "x", "state": "y"}, id="an error of nobody's"),
    ],
)
async def test_a_callback_that_is_not_ours_is_refused_before_wix_is_asked(
    stage: Stage, change: object
) -> None:
    """R29, R30, C1, C19, C24, C25."""
    browser = stage.browser()
    callback = URL(await begun(stage, browser))
    assert callable(change)
    assert await finish(browser, str(callback.with_query(change(dict(callback.query))))) == 400
    assert grants(stage) == 0
    # The true one still works: nothing was used up.
    assert await finish(browser, str(callback)) == 303


async def test_a_state_that_stands_twice_is_refused(stage: Stage) -> None:
    """R29."""
    browser = stage.browser()
    callback = await begun(stage, browser)
    assert await finish(browser, f"{callback}&state=again") == 400
    assert grants(stage) == 0


async def test_another_browsers_callback_is_refused(stage: Stage) -> None:
    """R29, C1."""
    callback = await begun(stage, stage.browser())
    assert await finish(stage.browser(), callback) == 400
    assert grants(stage) == 0


async def test_an_old_login_is_refused_with_its_age(stage: Stage) -> None:
    browser = stage.browser()
    callback = await begun(stage, browser)
    kept = browser.cookies()
    stage.advance(601)
    browser.http.cookie_jar.update_cookies(kept, response_url=URL(stage.origin))
    answer = await browser.navigate(callback)
    assert answer.status == 400
    assert "more than 10 minutes ago" in await answer.text()
    assert grants(stage) == 0


async def test_a_used_state_is_refused_even_with_its_cookie(stage: Stage) -> None:
    """R29: the same callback twice, from a browser that is no member any more."""
    browser, copy = stage.browser(), stage.browser()
    callback = await begun(stage, browser)
    copy.http.cookie_jar.update_cookies(browser.cookies(), response_url=URL(stage.origin))
    assert await finish(browser, callback) == 303
    assert await finish(copy, callback) == 400
    assert grants(stage) == 1


async def test_the_back_button_after_a_login_leads_to_a_page_and_not_to_an_error(
    stage: Stage,
) -> None:
    """R34."""
    browser = stage.browser()
    callback = await begun(stage, browser)
    await finish(browser, callback)
    again = await browser.navigate(callback)
    assert (again.status, again.headers["Location"]) == (303, "/")
    assert (await browser.session())["identity"] == "member"


async def test_an_error_of_wix_is_shown_escaped_with_a_way_to_start_again(stage: Stage) -> None:
    """R41."""
    browser = stage.browser()
    callback = URL(await begun(stage, browser))
    query = {
        "error": "access_denied",
        "error_description": "<img src=x onerror=alert(1)>",
        "state": callback.query["state"],
    }
    answer = await browser.navigate(str(callback.with_query(query)))
    page = await answer.text()
    assert answer.status == 400
    assert "access_denied" in page
    assert "<img src=x" not in page
    assert "/_wix/login?returnToUrl=/cart" in page
    assert grants(stage) == 0


async def test_an_error_of_nobody_shows_none_of_its_text(stage: Stage) -> None:
    """R41."""
    answer = await stage.browser().navigate("/_wix/callback?error=evil&state=forged")
    assert answer.status == 400
    assert "evil" not in await answer.text()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, id="fetch"),
        pytest.param({"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, id="an image"),
        pytest.param({"Sec-Fetch-Dest": "iframe"}, id="a frame"),
        pytest.param({"Sec-Purpose": "prefetch"}, id="prefetch"),
        pytest.param({"Purpose": "prefetch"}, id="prefetch by its old name"),
    ],
)
async def test_only_a_navigation_begins_a_login(stage: Stage, headers: dict[str, str]) -> None:
    """R43."""
    answer = await stage.browser().navigate("/_wix/login?returnToUrl=/a", **headers)
    assert answer.status == 403
    assert not [line for line in answer.headers.getall("Set-Cookie", []) if "-login-" in line]
    assert stage.counts()["grants"] == {}


async def test_a_refused_login_start_names_the_address_to_open(stage: Stage) -> None:
    answer = await stage.browser().fetch("/_wix/login?returnToUrl=/a")
    problem = await answer.json()
    assert problem["code"] == "navigation_required"
    assert problem["loginUrl"] == "/_wix/login?returnToUrl=/a"


@pytest.mark.parametrize(
    "value",
    ["//evil.example", "/%09/evil.example", "https://evil.example", "/\\evil.example", "a"],
)
async def test_a_return_url_that_could_leave_the_site_begins_nothing(
    stage: Stage, value: str
) -> None:
    """R36, C2-C5."""
    answer = await stage.browser().navigate(f"/_wix/login?returnToUrl={value}")
    assert answer.status == 400
    assert stage.counts()["grants"] == {}


async def test_an_unknown_prompt_or_connection_is_named(stage: Stage) -> None:
    browser = stage.browser()
    prompt = await browser.navigate("/_wix/login?prompt=consent")
    assert prompt.status == 400
    assert "prompt=login or prompt=none" in await prompt.text()
    connection = await browser.navigate("/_wix/login?idp=myspace")
    assert connection.status == 400
    assert "google, facebook or a connection GUID" in await connection.text()


async def test_a_social_login_names_its_connection_to_wix(stage: Stage) -> None:
    answer = await stage.browser().navigate("/_wix/login?idp=google")
    assert answer.status == 302
    assert "0e6a50f5-b523-4e29-990d-f37fa2ffdd69" in answer.headers["Location"]


async def test_a_silent_login_without_a_member_comes_back_without_a_word(stage: Stage) -> None:
    browser = stage.browser()
    answer = await browser.navigate("/_wix/login?prompt=none&returnToUrl=/quiet")
    callback = await stage.wix_login_page(answer.headers["Location"], "ada@example.test")
    assert "error=" in callback
    back = await browser.navigate(callback)
    assert (back.status, back.headers["Location"]) == (303, "/quiet")
    assert (await browser.session())["identity"] == "visitor"


async def test_a_callback_with_nothing_in_its_query_gets_the_page_that_reads_the_fragment(
    stage: Stage,
) -> None:
    """R40."""
    browser = stage.browser()
    callback = URL(await begun(stage, browser))
    bridge = await browser.navigate("/_wix/callback")
    assert bridge.status == 200
    policy = bridge.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    posted = await browser.submit("/_wix/callback", dict(callback.query))
    assert (posted.status, posted.headers["Location"]) == (303, "/cart")
    assert (await browser.session())["identity"] == "member"


async def test_the_bridge_cannot_be_posted_from_another_site(stage: Stage) -> None:
    """R40, R44."""
    browser = stage.browser()
    callback = URL(await begun(stage, browser))
    answer = await browser.fetch(
        "/_wix/callback",
        "POST",
        body=dict(callback.query),
        **{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    )
    assert answer.status == 403
    assert grants(stage) == 0


async def test_a_login_that_wix_does_not_allow_says_what_to_do(stage: Stage) -> None:
    stage.emulator.state.settings = stage.emulator.state.settings.changed({"published": False})
    answer = await stage.browser().navigate("/_wix/login")
    assert answer.status == 502
    assert "Publish the site" in await answer.text()


async def test_tokens_too_long_for_cookies_are_told_at_the_login_and_never_loop(
    cookie_stage: Stage,
) -> None:
    """R14, C22: an error that says what to do, and no redirect that goes round."""
    settings = cookie_stage.emulator.state.settings
    browser = cookie_stage.browser()
    callback = await begun(cookie_stage, browser)
    cookie_stage.emulator.state.settings = settings.changed({"token_padding_characters": 6_000})
    answer = await browser.navigate(callback)
    text = await answer.text()
    assert answer.status == 500
    assert "session_too_large" in text
    assert "session.store" in text
    assert (await browser.session())["identity"] == "visitor"


async def test_tokens_that_need_two_cookies_log_in_all_the_same(cookie_stage: Stage) -> None:
    """R13, R14."""
    settings = cookie_stage.emulator.state.settings
    cookie_stage.emulator.state.settings = settings.changed({"token_padding_characters": 2_500})
    browser = cookie_stage.browser()
    assert (await browser.log_in()).status == 303
    port = cookie_stage.origin.rpartition(":")[2]
    assert f"wixproxy-{port}-1" in browser.cookies()
    assert (await browser.session())["identity"] == "member"
    cookie_stage.emulator.state.settings = settings
    await browser.submit("/_wix/logout", {})
    assert f"wixproxy-{port}-1" not in browser.cookies()
