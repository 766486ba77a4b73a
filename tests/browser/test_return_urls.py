"""Where accepted return URLs lead, judged by the URL parser of a real browser: C2 to C6, C17."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from playwright.async_api import BrowserContext, Page

from tests.sansio.return_url_strategies import candidates
from wixproxy.errors import UnsafeReturnURL
from wixproxy.sansio.public_url import PublicURL
from wixproxy.sansio.return_url import safe_return_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRINGS = 4_000
ACCEPTED = 1_000
ORIGINS = ["http://localhost:4321", "https://shop.example", "http://[::1]:8080"]
# A Location is resolved against the address that sent it; both of ours are tried.
SENT_FROM = ["/_wix/callback?code=a&state=b", "/_wix/logout-callback?returnToUrl=/"]
ASTRAY = """([targets, base]) => targets.filter((target) => {
    try {
        return new URL(target, base).origin !== new URL(base).origin;
    } catch {
        return true;
    }
})"""


@cache
def generated() -> list[str]:
    """Return the strings to judge, the same for every origin."""
    strings: list[str] = []

    @settings(
        max_examples=STRINGS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(candidates)
    def collect(text: str) -> None:
        strings.append(text)

    collect()
    return strings


def judged(origin: str) -> tuple[list[str], list[str]]:
    """Return what is accepted of the strings, as a Location names it, and the rest."""
    public = PublicURL.parse(origin)
    accepted: list[str] = []
    refused: list[str] = []
    for text in generated():
        try:
            accepted.append(safe_return_url(text, public))
        except UnsafeReturnURL:
            refused.append(text)
    return accepted, refused


async def astray(page: Page, targets: list[str], base: str) -> list[str]:
    """Return the targets that Chromium resolves to another origin, or not at all."""
    found: list[str] = await page.evaluate(ASTRAY, [targets, base])
    return found


@pytest.mark.parametrize("origin", ORIGINS)
async def test_every_accepted_return_url_stays_on_the_site_in_chromium(
    origin: str, context: BrowserContext
) -> None:
    page = await context.new_page()
    accepted, refused = judged(origin)
    assert len(accepted) >= ACCEPTED
    for path in SENT_FROM:
        assert await astray(page, accepted, origin + path) == []
    # The generator is worth something only while some of its strings do lead away.
    readable = [text for text in refused if text.isascii()]
    assert await astray(page, readable, origin + SENT_FROM[0]) != []


LEADS_AWAY = ["//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "https://evil.test"]


@pytest.mark.parametrize("target", LEADS_AWAY, ids=ascii)
async def test_the_browser_is_asked_in_a_way_that_can_fail(
    target: str, context: BrowserContext
) -> None:
    page = await context.new_page()
    assert await astray(page, [target], ORIGINS[0] + SENT_FROM[0]) == [target]
