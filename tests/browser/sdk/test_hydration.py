"""React hydrates a whole document although the proxy put the script into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from tests.browser.sdk.building import build_hydration
from tests.browser.sdk.frontend import fronted
from tests.conftest import HandClock
from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN = (
    '<!DOCTYPE html><html lang="en"><head><title>Whole</title></head>'
    "<body><p>hello</p></body></html>"
)


@pytest_asyncio.fixture(loop_scope="session")
async def site(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with fronted(clock, tmp_path, {"/": DRAWN}, flags={"browser.inject": True}) as stage:
        yield stage


@pytest.fixture(scope="session", params=["18.2", "18.3", "19"], ids=lambda react: f"React {react}")
def bundle(
    request: pytest.FixtureRequest, vite_app: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    return build_hydration(vite_app, tmp_path_factory.mktemp("react") / "built", request.param)


@pytest.mark.parametrize(
    ("text", "is_quiet"),
    [
        pytest.param("hello", True, id="the page as it was drawn"),
        pytest.param("other", False, id="another text"),
    ],
)
async def test_react_complains_only_of_what_differs(
    site: Stage, context: BrowserContext, bundle: str, text: str, is_quiet: bool
) -> None:
    opened = await context.new_page()
    await opened.goto(site.origin)
    assert await opened.evaluate("typeof __wix_context__.client.use") == "function"
    await opened.evaluate(bundle)
    complaints = await opened.evaluate("text => hydrate(text)", text)
    assert (complaints == []) is is_quiet, complaints
    assert await opened.locator("p").inner_text() == text
