"""What is over is gone: requests leave nothing that only the garbage collector can undo.

Collections take longest where most is held, and a proxy that needs them stands
still for all its clients at once.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.stage import Browser, Stage

ROUNDS = 3


@pytest.fixture
def collected() -> Iterator[list[object]]:
    """Hold on to what the collector finds, from now on."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def asset(browser: Browser) -> int:
    headers = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
    return (await browser.fetch("/main.js", **headers)).status


async def page(browser: Browser) -> int:
    return (await browser.navigate("/")).status


async def call(browser: Browser) -> int:
    return (await browser.fetch("/_wix/api/ecom/v1/carts/current")).status


async def body(browser: Browser) -> int:
    return (await browser.fetch("/form", "POST", body={"a": "b"})).status


async def refused(browser: Browser) -> int:
    return (await browser.fetch("/_wix/no-such-route")).status


@pytest.mark.parametrize("ask", [asset, page, call, body, refused])
async def test_an_answered_request_leaves_nothing_to_the_garbage_collector(
    cookie_stage: Stage, ask, collected: list[object]
) -> None:
    browser = cookie_stage.browser()
    await browser.navigate("/")
    # What is made once is made here.
    status = await ask(browser)
    gc.collect()
    collected.clear()
    for _ in range(ROUNDS):
        assert await ask(browser) == status
    gc.collect()
    assert sorted(filter(None, map(ours, collected))) == []


def ours(thing: object) -> str | None:
    """Name a thing of the proxy; the emulator and the frontend play their parts in this process."""
    module = type(thing).__module__
    is_ours = module.startswith("wixproxy.") and not module.startswith("wixproxy.emulator")
    return f"{module}.{type(thing).__qualname__}" if is_ours else None
