"""The configuration is read again while the proxy serves: nobody loses a session or an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import HandClock
from tests.siblings import ACCESS_TOKEN_SECONDS, CALL, STRICTLY, member
from tests.stage import Stage, staged
from wixproxy.config import Config
from wixproxy.config.site import ExtensionsTable, ServicePluginEntry
from wixproxy.errors import ConfigError
from wixproxy.sansio.keyring import Key


@pytest.fixture
async def strict(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage with a Wix that takes each refresh token once and ends a session for reuse."""
    async with staged(clock, tmp_path, emulator_config=STRICTLY) as stage:
        yield stage


def changed(config: Config, table: str, **values: Any) -> Config:
    """Return the configuration with other values in one of its tables."""
    inner = getattr(config, table).model_copy(update=values)
    return config.model_copy(update={table: inner}).with_sources(config.sources)


async def test_sessions_go_on_through_a_reload(stage: Stage) -> None:
    browser = await member(stage)
    for _ in range(2):
        await stage.proxy.reload(changed(stage.config, "session", idle_seconds=86_400))
        assert (await browser.fetch(CALL)).status == 200
        assert (await browser.session())["identity"] == "member"
    stage.advance(ACCESS_TOKEN_SECONDS)
    assert (await browser.fetch(CALL)).status == 200


async def test_a_rotated_refresh_token_survives_a_reload_before_its_browser_has_it(
    strict: Stage,
) -> None:
    """The frontend's own call renewed it; the browser still shows the cookie of before."""
    browser = await member(strict)
    before = browser.cookies()
    strict.advance(ACCESS_TOKEN_SECONDS)
    fields = {"Cookie": "; ".join(f"{name}={value}" for name, value in before.items())}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as program,
        program.get(f"{strict.origin}{CALL}", headers=fields) as answer,
    ):
        assert answer.status == 200
    await strict.proxy.reload(strict.config)
    strict.advance(ACCESS_TOKEN_SECONDS)
    assert (await browser.fetch(CALL)).status == 200
    assert (await browser.session())["identity"] == "member"


async def test_a_rule_is_taken_over_at_once(cookie_stage: Stage) -> None:
    browser = await member(cookie_stage)
    await cookie_stage.proxy.reload(
        changed(cookie_stage.config, "api", deny=("GET /members/v1/members/my",))
    )
    refused = await browser.fetch(CALL)
    assert refused.status == 403
    assert (await refused.json())["code"] == "call_refused"
    await cookie_stage.proxy.reload(cookie_stage.config)
    assert (await browser.fetch(CALL)).status == 200


async def test_a_new_key_is_taken_over_and_the_old_one_still_opens(cookie_stage: Stage) -> None:
    browser = await member(cookie_stage)
    keys = (Key.generate().to_text(), *cookie_stage.config.session.keys)
    await cookie_stage.proxy.reload(changed(cookie_stage.config, "session", keys=keys))
    assert (await browser.session())["identity"] == "member"
    cookie_stage.advance(ACCESS_TOKEN_SECONDS)
    assert (await browser.fetch(CALL)).status == 200
    await cookie_stage.proxy.reload(changed(cookie_stage.config, "session", keys=keys[:1]))
    assert (await browser.session())["identity"] == "member"


async def test_a_key_that_is_taken_out_opens_no_more(cookie_stage: Stage) -> None:
    browser = await member(cookie_stage)
    keys = (Key.generate().to_text(),)
    session = changed(cookie_stage.config, "session", keys=keys, unknown_key_grace_seconds=0)
    await cookie_stage.proxy.reload(session)
    assert (await browser.session())["identity"] == "none"


async def test_what_is_under_way_ends_under_the_configuration_it_began_with(
    cookie_stage: Stage,
) -> None:
    """P5 and P7: a WebSocket and an answer outlive two reloads and the upstream they came from."""
    go = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        await go.wait()
        return web.Response(text="whole")

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/slow", slow)
    app.router.add_get("/echo", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    first = cookie_stage.config
    await cookie_stage.proxy.reload(changed(first, "upstream", url=url))
    browser = cookie_stage.browser()
    asking = asyncio.create_task(browser.fetch("/slow"))
    headers = {"Origin": cookie_stage.origin}
    opened = await browser.http.ws_connect(f"{cookie_stage.origin}/echo", headers=headers)
    await opened.send_str("before")
    assert await opened.receive_str() == "before"
    for _ in range(2):
        await cookie_stage.proxy.reload(first)
    await opened.send_str("after")
    assert await opened.receive_str() == "after"
    go.set()
    assert await (await asking).text() == "whole"
    assert "<title>/slow</title>" in await (await browser.navigate("/slow")).text()
    await opened.close()
    await runner.cleanup()


async def test_what_needs_a_restart_is_told_and_stays(
    cookie_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await cookie_stage.proxy.reload(changed(cookie_stage.config, "session", store="memory"))
    assert "session.store has changed, which takes a restart" in caplog.text
    assert cookie_stage.proxy.config.session.store == "cookie"


async def test_a_configuration_that_cannot_be_used_changes_nothing(cookie_stage: Stage) -> None:
    browser = await member(cookie_stage)
    service = cookie_stage.proxy.requests.service
    plugin = ServicePluginEntry(id="shipping", path="/shipping")
    extensions = ExtensionsTable(service_plugins=(plugin,))
    broken = changed(cookie_stage.config, "site", extensions=extensions)
    with pytest.raises(ConfigError, match="need a running frontend"):
        await cookie_stage.proxy.reload(changed(broken, "upstream", url=None))
    assert cookie_stage.proxy.requests.service is service
    assert (await browser.fetch(CALL)).status == 200
