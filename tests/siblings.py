"""Five hundred calls of one browser at once, on a session whose token has expired."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.stage import Browser, Stage
from wixproxy.emulator import EmulatorConfig

CALL = "/_wix/api/members/v1/members/my"
SIBLINGS = 500
ACCESS_TOKEN_SECONDS = 14_400

# Wix at its strictest: each refresh token works once, and reuse ends the session.
STRICTLY = EmulatorConfig(rotate_refresh_tokens=True, detect_reuse=True)


async def member(stage: Stage) -> Browser:
    """Open a browser that is logged in and may call as often at once as it likes."""
    browser = stage.browser()
    await browser.fetch("/_wix/testing/session", "POST", body={"member": "ada@example.test"})
    browser.http.connector._limit = SIBLINGS  # type: ignore[union-attr]
    return browser


def refreshes(stage: Stage) -> int:
    """Return how often Wix was asked to renew a session."""
    made: int = stage.counts()["grants"].get("refresh_token", 0)
    return made


async def play_round(stage: Stage, browser: Browser, *, first_leaves: bool) -> Counter[int]:
    """Let the token expire and all siblings call; return how often each status came."""
    stage.advance(ACCESS_TOKEN_SECONDS)
    siblings = [asyncio.create_task(browser.fetch(CALL)) for _ in range(SIBLINGS)]
    if first_leaves:
        await asyncio.sleep(0)
        siblings.pop(0).cancel()
    return Counter(answer.status for answer in await asyncio.gather(*siblings))
