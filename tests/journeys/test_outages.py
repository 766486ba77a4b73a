"""Wix down, slow or talking nonsense: pages come, calls say so, and nobody loses a session."""

from __future__ import annotations

import asyncio

import pytest

from tests.stage import Browser, Stage

CALL = "/_wix/api/members/v1/members/my"
QUERY = "/_wix/api/stores/v3/products/query?.r=e30"

TOKEN_FAULTS = [
    pytest.param({"kind": "status", "status": 500}, id="errors"),
    pytest.param({"kind": "status", "status": 429}, id="too many requests"),
    pytest.param({"kind": "reset"}, id="resets"),
    pytest.param({"kind": "html", "status": 200}, id="pages of HTML"),
    pytest.param({"kind": "nonsense"}, id="nonsense with 200"),
]


async def member(stage: Stage) -> Browser:
    browser = stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    return browser


@pytest.mark.parametrize("fault", TOKEN_FAULTS)
async def test_an_expired_session_outlives_an_outage_of_the_token_endpoint(
    stage: Stage, fault: dict[str, object]
) -> None:
    """R67, P26: 503 with the reason, no cookie cleared, and the next call works."""
    browser = await member(stage)
    before = browser.cookies()
    stage.advance(14_400)
    stage.fault(path="/oauth2/token", **fault)
    answer = await browser.fetch(CALL)
    problem = await answer.json()
    assert answer.status == 503
    assert problem["code"] == "wix_unavailable"
    assert "Wix" in problem["message"]
    assert "Max-Age=0" not in str(answer.headers)
    assert (await browser.navigate("/")).status == 200
    assert browser.cookies() == before
    stage.heal()
    assert (await browser.fetch(CALL)).status == 200
    assert (await browser.session())["identity"] == "member"


@pytest.mark.parametrize("fault", TOKEN_FAULTS)
async def test_a_token_that_is_still_valid_is_used_during_an_outage(
    stage: Stage, fault: dict[str, object]
) -> None:
    browser = await member(stage)
    stage.advance(14_400 - 100)
    stage.fault(path="/oauth2/token", **fault)
    assert (await browser.fetch(CALL)).status == 200


@pytest.mark.parametrize("fault", TOKEN_FAULTS)
async def test_a_new_visitor_is_served_pages_during_an_outage(
    stage: Stage, fault: dict[str, object]
) -> None:
    browser = stage.browser()
    stage.fault(path="/oauth2/token", **fault)
    assert (await browser.navigate("/")).status == 200
    assert (await browser.fetch(QUERY)).status == 503
    stage.heal()
    assert (await browser.fetch(QUERY)).status == 200
    assert stage.counts()["grants"]["anonymous"] >= 1


async def test_a_page_waits_half_a_second_for_a_slow_renewal_and_not_longer(stage: Stage) -> None:
    browser = await member(stage)
    stage.advance(14_400)
    stage.fault(path="/oauth2/token", kind="latency", latency_ms=1_500)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await browser.navigate("/")).status == 200
    assert loop.time() - began < 1.4
    assert (await browser.fetch(CALL)).status == 200
    assert stage.counts()["grants"]["refresh_token"] == 1


async def test_a_call_that_wix_cuts_short_never_looks_whole(stage: Stage) -> None:
    """P1."""
    browser = await member(stage)
    stage.fault(path="/members/*", kind="reset")
    answer = await browser.fetch(CALL)
    assert answer.status == 503
    assert (await answer.json())["code"] == "wix_unavailable"
    stage.heal()
    assert (await browser.fetch(CALL)).status == 200


async def test_an_error_of_the_api_itself_is_passed_on_as_it_is(stage: Stage) -> None:
    browser = await member(stage)
    stage.fault(path="/members/*", kind="status", status=429)
    answer = await browser.fetch(CALL)
    assert answer.status == 429
    assert answer.headers["x-wix-request-id"]


async def test_one_lost_answer_of_the_token_endpoint_is_asked_for_again(stage: Stage) -> None:
    browser = await member(stage)
    stage.advance(14_400)
    stage.fault(path="/oauth2/token", kind="reset", count=1)
    assert (await browser.fetch(CALL)).status == 200


async def test_the_frontend_being_down_is_told_with_what_to_do(stage: Stage) -> None:
    await stage.frontend.stop()
    page = await stage.browser().navigate("/")
    text = await page.text()
    assert page.status == 502
    assert "upstream_unavailable" in text
    assert stage.frontend.origin in text
    call = await stage.browser().fetch("/data.json")
    assert (await call.json())["code"] == "upstream_unavailable"


async def test_in_production_a_stranger_learns_no_address_of_what_is_behind(
    cookie_stage: Stage,
) -> None:
    """The log tells the operator, by the same request id."""
    stage = cookie_stage
    await stage.frontend.stop()
    await stage.restart(stage.config.model_copy(update={"mode": "production"}))
    call = await stage.browser().fetch("/data.json")
    problem = await call.json()
    assert problem["code"] == "upstream_unavailable"
    assert problem["message"] == "The frontend did not answer."
    port = stage.frontend.origin.rpartition(":")[2]
    assert port not in await (await stage.browser().navigate("/")).text()
    told = [line for line in stage.logged if problem["request_id"] in line]
    assert any(stage.frontend.origin in line for line in told)
