"""The guide to Vite, React and Wix's modules: its app in Chromium, in dev, built, beside Vite."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.vite import add_wix_packages, build, dev_server, project_beside
from tests.browser.watching import Watch
from tests.commands.terminal import free_port
from tests.config.conftest import KEY
from tests.conftest import HandClock
from tests.guides.blocks import blocks, titled, write_files
from tests.stage import Stage, staged
from wixproxy.config import load

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUIDE = "vite-react.md"


@pytest.fixture(scope="module")
def project(vite_app: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app of Vite's template with the guide's files in it."""
    add_wix_packages(vite_app)
    project = project_beside(vite_app, tmp_path_factory.mktemp("guide") / "shop")
    write_files(GUIDE, project)
    return project


async def shop(context: BrowserContext, watch: Watch, site: Stage, origin: str) -> None:
    """Use the guide's app as a person does."""
    page, other = await context.new_page(), await context.new_page()
    await page.goto(origin)
    await other.goto(origin)
    await expect(page.get_by_role("listitem")).to_have_count(4)
    await page.get_by_role("button", name="Add Dawn Mug").click()
    await expect(page.get_by_role("status")).to_have_text("1 in the cart")
    await page.get_by_role("link", name="Log in").click()
    await page.get_by_role("button", name="Ada Quill").click()
    await expect(page.get_by_text("Hello, Ada Quill")).to_be_visible()
    await expect(other.get_by_text("Hello, Ada Quill")).to_be_visible()
    await page.get_by_role("button", name="Add Night Owl Candle").click()
    await expect(page.get_by_role("status")).to_have_text("2 in the cart")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("link", name="Log in")).to_be_visible()
    await expect(other.get_by_role("link", name="Log in")).to_be_visible()
    assert watch.complaints == []
    assert watch.origins("fetch", "xhr") == {origin}
    assert await watch.headers("authorization", origin) == []
    assert site.counts()["grants"]["anonymous"] == 2


async def test_the_app_works_while_it_is_developed(
    project: Path, clock: HandClock, tmp_path: Path, context: BrowserContext, watch: Watch
) -> None:
    port = free_port()
    async with (
        dev_server(project, port),
        staged(clock, tmp_path, {"upstream.url": f"http://localhost:{port}"}) as stage,
    ):
        await shop(context, watch, stage, stage.origin)
        await context.close()


async def test_the_app_works_as_a_folder_of_built_files_with_its_policy(
    project: Path, clock: HandClock, tmp_path: Path, context: BrowserContext, watch: Watch
) -> None:
    built = build(project)
    page = (built / "index.html").read_text()
    assert page.index("Content-Security-Policy") < page.index("/_wix/sdk.js") < page.index("module")
    # As in production, where nobody puts a tag into pages.
    flags = {"upstream.url": None, "upstream.root": str(built), "browser.inject": False}
    async with staged(clock, tmp_path, flags) as stage:
        await shop(context, watch, stage, stage.origin)


async def test_the_app_works_with_vite_in_front(
    project: Path, clock: HandClock, tmp_path: Path, context: BrowserContext, watch: Watch
) -> None:
    port = free_port()
    origin = f"http://localhost:{port}"
    flags = {"upstream.url": None, "upstream.api_only": True, "server.public_url": [origin]}
    (tag,) = [block.text for block in blocks(GUIDE) if block.language == "html"]
    index = project / "index.html"
    index.write_text(index.read_text().replace("<head>", f"<head>{tag}"))
    async with staged(clock, tmp_path, flags) as stage:
        stage.emulator.allow_redirect_uri(f"{origin}/_wix/callback")
        stage.emulator.allow_redirect_domain(origin)
        beside = titled(GUIDE, "vite.beside.config.js").text
        assert beside.count("http://localhost:4321") == 1
        # The stage's own address in place of the usual one.
        written = beside.replace("http://localhost:4321", stage.origin)
        (project / "vite.beside.config.js").write_text(written)
        async with dev_server(project, port, "--config", "vite.beside.config.js"):
            await shop(context, watch, stage, origin)
            await context.close()


async def test_its_configuration_is_sound_for_production(project: Path) -> None:
    (project / "dist").mkdir(exist_ok=True)
    config = load({}, {"WIXPROXY_SESSION_KEY": KEY}, project)
    assert config.mode == "production"
    assert config.upstream.root is not None
    assert Path(config.upstream.root).name == "dist"
