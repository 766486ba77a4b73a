"""Vite's React template behind the proxy: the page, hot reload, and a call to Wix."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.vite import dev_server
from tests.browser.watching import Watch
from tests.commands.terminal import free_port
from tests.conftest import HandClock
from tests.stage import Stage, staged

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEADING = "<h1>Get started</h1>"
STATE = "const [count, setCount] = useState(0)"
# A component as a developer would write it: no client, no token, one fetch.
CALLING = """const [count, setCount] = useState(0)
  const [products, setProducts] = useState([])
  useEffect(() => {
    fetch('/_wix/api/stores/v3/products/query', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: {} }),
    })
      .then((answer) => answer.json())
      .then((found) => setProducts(found.products))
  }, [])"""


@dataclass
class App:
    """The app, its dev server and the proxy in front of it."""

    source: Path
    stage: Stage
    template: str

    def edit(self, *changes: tuple[str, str]) -> None:
        """Change the component of the template and save it."""
        text = self.template
        for before, after in changes:
            assert before in text, "Vite's template has changed"
            text = text.replace(before, after)
        self.source.write_text(text, "utf-8")


@pytest_asyncio.fixture(loop_scope="session")
async def app(vite_app: Path, clock: HandClock, tmp_path: Path) -> AsyncIterator[App]:
    source, port = vite_app / "src" / "App.jsx", free_port()
    template = source.read_text("utf-8")
    async with (
        dev_server(vite_app, port),
        staged(clock, tmp_path, {"upstream.url": f"http://localhost:{port}"}) as stage,
    ):
        yield App(source, stage, template)
    source.write_text(template, "utf-8")


async def shown(context: BrowserContext, app: App) -> Page:
    """Open the app and wait until hot reload listens."""
    page = await context.new_page()
    async with page.expect_console_message(lambda message: "[vite] connected" in message.text):
        await page.goto(app.stage.origin)
    await expect(page.get_by_role("heading", name="Get started")).to_be_visible()
    return page


async def test_the_page_of_the_template_is_whole(
    app: App, context: BrowserContext, watch: Watch
) -> None:
    page = await shown(context, app)
    await expect(page.get_by_role("img", name="React logo")).to_be_visible()
    broken = "[...document.images].filter((image) => !image.naturalWidth).length"
    assert await page.evaluate(broken) == 0
    assert watch.origins() == {app.stage.origin}
    assert watch.complaints == []


async def test_an_edit_is_seen_without_a_reload_through_the_proxy_alone(
    app: App, context: BrowserContext, watch: Watch
) -> None:
    page = await shown(context, app)
    counter = page.get_by_role("button", name="Count is")
    await counter.click()
    await page.evaluate("globalThis.loadedOnce = true")
    app.edit((HEADING, "<h1>Edited while you look</h1>"))
    await expect(page.get_by_role("heading", name="Edited while you look")).to_be_visible()
    await expect(counter).to_have_text("Count is 1")
    assert await page.evaluate("globalThis.loadedOnce") is True
    proxy = app.stage.origin.replace("http", "ws")
    assert [socket.url for socket in watch.sockets if not socket.url.startswith(proxy)] == []
    assert len(watch.sockets) == 1
    assert watch.complaints == []


async def test_a_component_calls_wix_with_a_fetch_and_nothing_else(
    app: App, context: BrowserContext, watch: Watch
) -> None:
    page = await shown(context, app)
    app.edit(
        ("import { useState }", "import { useEffect, useState }"),
        (STATE, CALLING),
        (HEADING, "<h1>{products.length} products</h1>"),
    )
    await expect(page.get_by_role("heading", name="8 products")).to_be_visible()
    assert await watch.headers("authorization", app.stage.origin) == []
    assert app.stage.counts()["grants"] == {"anonymous": 1}
    assert watch.complaints == []
