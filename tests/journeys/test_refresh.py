"""Tokens expire; whatever the concurrency, one refresh is made and nobody is logged out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.conftest import HandClock
from tests.siblings import CALL, STRICTLY, member, play_round, refreshes
from tests.stage import Stage, staged

ROUNDS = 20


@pytest.fixture(params=["cookie", "memory"])
async def strict(
    request: pytest.FixtureRequest, clock: HandClock, tmp_path: Path
) -> AsyncIterator[Stage]:
    """Wix at its strictest: each refresh token works once, and reuse ends the session."""
    async with staged(clock, tmp_path, {"session.store": request.param}, STRICTLY) as stage:
        yield stage


@pytest.mark.numerous
async def test_five_hundred_siblings_on_an_expired_session_make_one_refresh(strict: Stage) -> None:
    """R66, P11: twenty rounds under rotation with reuse detection; in some the first leaves."""
    browser = await member(strict)
    for number in range(1, ROUNDS + 1):
        statuses = await play_round(strict, browser, first_leaves=number % 3 == 0)
        assert set(statuses) == {200}
        assert refreshes(strict) == number
        assert (await browser.session())["identity"] == "member"


@pytest.mark.parametrize("size", [1, 2, 5, 50])
async def test_few_siblings_make_one_refresh_as_well(strict: Stage, size: int) -> None:
    browser = await member(strict)
    strict.advance(14_400)
    answers = await asyncio.gather(*(browser.fetch(CALL) for _ in range(size)))
    assert {answer.status for answer in answers} == {200}
    assert refreshes(strict) == 1


async def test_a_late_sibling_with_the_old_cookie_makes_no_refresh(strict: Stage) -> None:
    browser = await member(strict)
    old = browser.cookies()
    strict.advance(14_400)
    await browser.fetch(CALL)
    late = strict.browser()
    late.http.cookie_jar.update_cookies(old, response_url=URL(strict.origin))
    answer = await late.fetch(CALL)
    assert answer.status == 200
    assert refreshes(strict) == 1
    if strict.config.session.store == "cookie":
        assert session_lines(answer)


async def test_a_token_that_ends_soon_is_renewed_while_the_call_goes_on(stage: Stage) -> None:
    browser = await member(stage)
    stage.advance(14_400 - 200)
    assert (await browser.fetch(CALL)).status == 200
    # Where no head carries the tokens, none waits for them.
    for _ in range(500):
        if refreshes(stage):
            break
        await asyncio.sleep(0.01)
    assert (await browser.fetch(CALL)).status == 200
    assert refreshes(stage) == 1


async def test_a_page_is_forwarded_with_renewed_tokens(stage: Stage) -> None:
    """Server rendering cannot set cookies later."""
    browser = await member(stage)
    stage.advance(14_400)
    page = await browser.navigate("/")
    assert page.status == 200
    if stage.config.session.store == "cookie":
        assert refreshes(stage) == 1
        name = f"wixproxy-{stage.origin.rpartition(':')[2]}"
        assert stage.frontend.requests[-1].cookies[name] == browser.cookies()[name]


async def test_a_refresh_by_the_frontends_own_call_reaches_the_browser(strict: Stage) -> None:
    """Ten minutes between two page views, with the refresh made by the frontend in between."""
    browser = await member(strict)
    before = await browser.session()
    strict.advance(14_400)
    rendered = await browser.fetch("/server-side")
    assert (await rendered.json())["status"] in (200, 404)
    strict.advance(600)
    assert (await browser.navigate("/")).status == 200
    assert (await browser.fetch(CALL)).status == 200
    assert (await browser.session())["memberId"] == before["memberId"]
    assert refreshes(strict) == 1


async def test_a_member_whose_renewal_is_refused_is_told_and_nothing_runs_as_a_stranger(
    stage: Stage,
) -> None:
    """R18."""
    browser = await member(stage)
    stage.emulator.state.tokens.revoke_subject((await browser.session())["memberId"])
    stage.advance(14_400)
    asked = len(stage.emulator.state.exchanges.kept("/members/v1/members/my"))
    answer = await browser.fetch(CALL)
    problem = await answer.json()
    assert answer.status == 401
    assert problem["code"] == "session_ended"
    assert problem["loginUrl"].startswith("/_wix/login")
    assert len(stage.emulator.state.exchanges.kept("/members/v1/members/my")) == asked
    told = await browser.session()
    assert told["identity"] == "visitor"
    assert told["ended"]["reason"] == "refused"
    # The next call runs, as the new visitor.
    assert (await browser.fetch("/_wix/api/stores/v3/products/query?.r=e30")).status == 200


async def test_all_siblings_of_an_ended_member_get_the_same_new_visitor(stage: Stage) -> None:
    browser = await member(stage)
    stage.emulator.state.tokens.revoke_subject((await browser.session())["memberId"])
    stage.advance(14_400)
    answers = await asyncio.gather(*(browser.fetch(CALL) for _ in range(20)))
    assert {answer.status for answer in answers} == {401}
    calls = "/_wix/api/stores/v3/products/query?.r=e30"
    await asyncio.gather(*(browser.fetch(calls) for _ in range(20)))
    assert stage.counts()["grants"].get("anonymous") == 1


async def test_a_visitor_whose_renewal_is_refused_becomes_a_new_visitor(stage: Stage) -> None:
    browser = stage.browser()
    await browser.fetch("/_wix/api/stores/v3/products/query?.r=e30")
    stage.emulator.state.tokens.revoke_everyone()
    stage.advance(14_400)
    answers = await asyncio.gather(
        *(browser.fetch("/_wix/api/stores/v3/products/query?.r=e30") for _ in range(10))
    )
    assert {answer.status for answer in answers} == {200}
    assert stage.counts()["grants"]["anonymous"] == 2


async def test_wix_refusing_a_valid_looking_token_renews_it_once_and_repeats(stage: Stage) -> None:
    browser = await member(stage)
    stage.emulator.state.tokens.forget_access()
    answer = await browser.fetch(CALL)
    assert answer.status == 200
    assert refreshes(stage) == 1


async def test_a_call_with_a_body_is_never_repeated_but_renews_the_token(stage: Stage) -> None:
    browser = await member(stage)
    stage.emulator.state.tokens.forget_access()
    call = "/members/v1/members/query"
    answer = await browser.fetch(f"/_wix/api{call}", "POST", body={"query": {}})
    assert answer.status == 401
    assert len(stage.emulator.state.exchanges.kept(call)) == 1
    # The token is another one by now, so the next call works.
    assert refreshes(stage) == 1
    answer = await browser.fetch(f"/_wix/api{call}", "POST", body={"query": {}})
    assert answer.status == 200


def session_lines(answer: aiohttp.ClientResponse) -> list[str]:
    lines = answer.headers.getall("Set-Cookie", [])
    return [line for line in lines if "hint" not in line]


async def test_a_member_who_ended_is_told_so_by_a_call_with_a_body_too(stage: Stage) -> None:
    browser = await member(stage)
    member_id = (await browser.session())["memberId"]
    stage.emulator.state.tokens.revoke_subject(member_id, access_too=True)
    answer = await browser.fetch("/_wix/api/members/v1/members/query", "POST", body={})
    assert answer.status == 401
    assert (await answer.json())["code"] == "session_ended"


async def test_one_visitor_counts_once_however_many_calls_wait_for_it(stage: Stage) -> None:
    """R69."""
    browser = stage.browser()
    await browser.navigate("/")
    stage.fault(path="/oauth2/token", kind="latency", latency_ms=200)
    calls = stage.config.session.new_visitors_per_minute + 20
    browser.http.connector._limit = calls  # type: ignore[union-attr]
    answers = await asyncio.gather(
        *(browser.fetch("/_wix/api/stores/v3/products/query?.r=e30") for _ in range(calls))
    )
    assert {answer.status for answer in answers} == {200}
