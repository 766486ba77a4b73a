"""Beside Vite (`--api-only`): its dev server sends paths below /_wix/ to the proxy."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.vite import dev_server
from tests.browser.watching import Watch
from tests.commands.terminal import free_port
from tests.conftest import HandClock
from tests.stage import Stage, staged

pytestmark = pytest.mark.asyncio(loop_scope="session")

SESSION = "fetch('/_wix/session').then((answer) => answer.json())"
PRODUCTS = """fetch('/_wix/api/stores/v3/products/query', {
  method: 'POST',
  headers: {'content-type': 'application/json'},
  body: '{}',
}).then((answer) => answer.json()).then((found) => found.products.length)"""
CONFIGURATION = """import react from '@vitejs/plugin-react'

export default {{
  plugins: [react()],
  server: {{ proxy: {{ '/_wix': {target} }} }},
}}
"""


@dataclass
class Beside:
    """Vite's address, where browsers are, and the stage whose proxy stands beside it."""

    origin: str
    stage: Stage


@pytest_asyncio.fixture(
    params=[
        pytest.param({}, id="Host as it came"),
        pytest.param({"changeOrigin": True}, id="Host rewritten"),
    ],
    loop_scope="session",
)
async def beside(
    request: pytest.FixtureRequest, vite_app: Path, clock: HandClock, tmp_path: Path
) -> AsyncIterator[Beside]:
    port = free_port()
    origin = f"http://localhost:{port}"
    flags = {
        "upstream.url": None,
        "upstream.api_only": True,
        "server.public_url": [origin],
        # What a rewrite puts into Host: its own name for the proxy.
        "server.accept_hosts": ["localhost"] if request.param else [],
    }
    written = vite_app / "vite.beside.config.js"
    async with staged(clock, tmp_path, flags) as stage:
        target = json.dumps({"target": stage.origin, **request.param})
        written.write_text(CONFIGURATION.format(target=target), "utf-8")
        stage.emulator.allow_redirect_uri(f"{origin}/_wix/callback")
        stage.emulator.allow_redirect_domain(origin)
        async with dev_server(vite_app, port, "--config", written.name):
            yield Beside(origin, stage)
    written.unlink()


async def identity(page: Page) -> str:
    told: dict[str, Any] = await page.evaluate(SESSION)
    return str(told["identity"])


async def test_a_page_of_vite_is_a_visitor_and_then_a_member_through_its_own_origin(
    beside: Beside, context: BrowserContext, watch: Watch
) -> None:
    page = await context.new_page()
    await page.goto(beside.origin)
    await expect(page.get_by_role("heading", name="Get started")).to_be_visible()
    assert await identity(page) == "none"
    assert await page.evaluate(PRODUCTS) == 8
    assert await identity(page) == "visitor"
    assert watch.origins() == {beside.origin}

    await page.evaluate("location.assign('/_wix/login?returnToUrl=/?back')")
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page).to_have_url(f"{beside.origin}/?back")
    assert await identity(page) == "member"
    assert watch.complaints == []
    names = {cookie["name"] for cookie in await context.cookies(beside.origin)}
    port = beside.origin.rpartition(":")[2]
    assert names == {f"wixproxy-{port}", f"wixproxy-hint-{port}"}
    assert await watch.headers("authorization", beside.origin) == []


async def test_a_page_that_is_asked_of_the_proxy_itself_is_told_where_it_is(
    beside: Beside, context: BrowserContext
) -> None:
    page = await context.new_page()
    answer = await page.goto(f"{beside.stage.origin}/cart")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_text("The frontend answers all others")).to_be_visible()
    await expect(page.get_by_role("link", name="Go to the start page")).to_have_attribute(
        "href", beside.origin
    )
