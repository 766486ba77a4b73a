"""Another proxy of the same site, as a second worker or pod is, and calls that go to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.stage import FETCH, Browser, Stage
from wixproxy.listening import listen
from wixproxy.server import build


@asynccontextmanager
async def second_process(stage: Stage) -> AsyncIterator[str]:
    """Run another proxy of the same site; yield where it listens."""
    proxy = build(stage.config, clock=stage.clock)
    sockets = listen("127.0.0.1", 0)
    await proxy.start(sockets)
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        await proxy.stop()


def shown(browser: Browser) -> dict[str, str]:
    """Return the fields of a call with the cookies that the browser has now."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    host = browser.stage.origin.removeprefix("http://")
    return {**FETCH, "Host": host, "Cookie": cookies}
