"""Ready means that the frontend has taken a connection once, and never that Wix is up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.conftest import HandClock
from tests.stage import Stage, staged


async def test_a_proxy_whose_frontend_answers_is_ready(stage: Stage) -> None:
    answer = await stage.browser().fetch("/_wix/readyz")
    assert (answer.status, await answer.json()) == (200, {"status": "ready"})
    assert stage.frontend.requests == []


async def test_a_proxy_waits_for_a_frontend_that_starts_later(
    clock: HandClock, tmp_path: Path
) -> None:
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    async with staged(clock, tmp_path, {"upstream.url": f"http://127.0.0.1:{port}"}) as stage:
        browser = stage.browser()
        waiting = await browser.fetch("/_wix/readyz")
        assert waiting.status == 503
        assert "has not taken a connection yet" in (await waiting.json())["reason"]
        assert (await browser.fetch("/_wix/healthz")).status == 200
        late = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
        async with asyncio.timeout(5):
            # Asked as a load balancer asks: there is nothing to wait for but the answer.
            while (await browser.fetch("/_wix/readyz")).status != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        late.close()
        # Once ready, a frontend that falls over does not take the proxy out of service.
        assert (await browser.fetch("/_wix/readyz")).status == 200


async def test_wix_being_down_leaves_the_proxy_ready(stage: Stage) -> None:
    stage.fault(kind="reset")
    assert (await stage.browser().fetch("/_wix/readyz")).status == 200
