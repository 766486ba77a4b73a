"""Chromium's own parser judges where the tag was put."""

from __future__ import annotations

from random import Random

import pytest
from playwright.async_api import BrowserContext

from tests.sansio.heads import FRAGMENTS, PLACES
from wixproxy.sansio.html import HeadInjector

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = "<script data-wixproxy-injected></script>"
# For each page: how often the tag is an element, and whether it is the head's first.
JUDGE = """pages => pages.map((html) => {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const found = [...page.querySelectorAll('[data-wixproxy-injected]')];
  return [found.length, found[0] === page.head.firstElementChild];
})"""


def injected(page: bytes) -> str:
    return HeadInjector(MARK.encode()).feed(page).decode("latin-1")


async def judged(context: BrowserContext, pages: list[str]) -> list[list[object]]:
    opened = await context.new_page()
    verdicts: list[list[object]] = await opened.evaluate(JUDGE, pages)
    return verdicts


async def test_the_tag_is_the_first_element_of_the_head(context: BrowserContext) -> None:
    plain = {id_: page for id_, page in PLACES.items() if not id_.startswith("text before")}
    verdicts = await judged(context, [injected(p.replace(b"|", b"")) for p in plain.values()])
    wrong = [id_ for id_, verdict in zip(plain, verdicts, strict=True) if verdict != [1, True]]
    assert wrong == []


async def test_no_page_swallows_the_tag_in_a_comment_or_an_attribute(
    context: BrowserContext,
) -> None:
    random = Random(20)
    made = [injected(b"".join(random.choices(FRAGMENTS, k=24))) for _ in range(20_000)]
    pages = [page for page in made if MARK in page]
    verdicts = await judged(context, pages)
    wrong = [page for page, (count, _) in zip(pages, verdicts, strict=True) if count != 1]
    assert len(pages) > 1000
    assert wrong == []
