"""Answers that come late, after their browser has changed its identity."""

from __future__ import annotations

import asyncio

import pytest

from tests.stage import Stage

SLOW_CALL = "/_wix/api/stores/v3/products/query?.r=e30"
DAY = 24 * 3600


async def test_a_visitors_late_answer_does_not_undo_a_login(stage: Stage) -> None:
    """R16, C14: it would bring the visitor's new tokens, in the cookie of the same name."""
    browser = stage.browser()
    await browser.navigate("/")
    stage.fault(path="/stores/*", kind="latency", latency_ms=700)
    late = asyncio.create_task(browser.fetch(SLOW_CALL))
    await asyncio.sleep(0)
    assert (await browser.log_in()).status == 303
    assert not late.done()
    answer = await late
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert (await browser.session())["identity"] == "member"


async def test_a_members_late_answer_does_not_undo_a_logout(stage: Stage) -> None:
    """R65: it would bring the member's renewed tokens."""
    browser = stage.browser()
    await browser.log_in()
    stage.advance(14_400)
    stage.fault(path="/stores/*", kind="latency", latency_ms=700)
    late = asyncio.create_task(browser.fetch(SLOW_CALL))
    await asyncio.sleep(0)
    assert (await browser.submit("/_wix/logout", {})).status == 303
    assert not late.done()
    answer = await late
    assert "Set-Cookie" not in answer.headers
    assert (await browser.session())["identity"] == "visitor"


@pytest.mark.parametrize(
    ("headers", "joins"),
    [
        pytest.param({}, True, id="a fetch of the same origin"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, False, id="a fetch of a sibling"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, False, id="a fetch of a stranger"),
        pytest.param({"Sec-Fetch-Dest": "image"}, False, id="a picture"),
        pytest.param({"Sec-Purpose": "prefetch"}, False, id="a prefetch"),
    ],
)
async def test_a_session_in_use_joins_only_answers_that_are_the_browsers_own(
    stage: Stage, headers: dict[str, str], joins: bool
) -> None:
    """R20: after a day the use of a session is written down, wherever that may be."""
    browser = stage.browser()
    await browser.navigate("/")
    stage.advance(DAY + 1)
    answer = await browser.fetch("/data.json", **headers)
    assert ("Set-Cookie" in answer.headers) is joins
