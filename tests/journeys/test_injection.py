"""The script for Wix's modules: served to everybody, put into pages while they stream past."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.stage import Stage, staged

TAG = '<script src="/_wix/sdk.js" data-wixproxy-injected'


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(clock, tmp_path, {"browser.inject": True}) as stage:
        yield stage


async def test_the_script_is_the_same_for_everybody_and_kept_by_its_tag(stage: Stage) -> None:
    browser = stage.browser()
    await browser.navigate("/")
    first = await browser.fetch("/_wix/sdk.js", **{"Sec-Fetch-Dest": "script"})
    assert first.status == 200
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Set-Cookie" not in first.headers
    assert "__wix_context__" in await first.text()
    again = await browser.fetch("/_wix/sdk.js", **{"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


async def test_a_page_gets_the_script_before_everything_else(stage: Stage) -> None:
    page = await stage.browser().navigate("/")
    text = await page.text()
    assert f"<head>{TAG}></script><title>" in text
    assert "Content-Length" not in page.headers


async def test_what_is_no_navigation_stays_byte_for_byte(stage: Stage) -> None:
    answer = await stage.browser().fetch("/")
    assert TAG not in await answer.text()
    assert answer.headers["Content-Length"]


async def test_the_nonce_of_the_pages_own_policy_is_taken_over(stage: Stage) -> None:
    stage.frontend.headers = {"Content-Security-Policy": "script-src 'nonce-abc123'"}
    page = await stage.browser().navigate("/")
    assert f'{TAG} nonce="abc123"></script>' in await page.text()


async def test_a_page_can_opt_out(stage: Stage) -> None:
    stage.frontend.headers = {"X-Wixproxy-Inject": "off"}
    assert TAG not in await (await stage.browser().navigate("/")).text()


async def test_a_page_is_asked_for_readable_and_compressed_again(stage: Stage) -> None:
    page = await stage.browser().navigate("/", **{"Accept-Encoding": "gzip, br"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert TAG in await page.text()
    assert "Accept-Encoding" not in stage.frontend.requests[-1].headers
    plain = await stage.browser().navigate("/", **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


async def test_a_page_with_the_tag_has_a_validator_of_its_own(stage: Stage) -> None:
    """A browser that had the page from `fetch` was shown it without the tag."""
    stage.frontend.headers = {"ETag": '"v1"', "Last-Modified": "Tue, 05 Nov 2024 10:00:00 GMT"}
    browser = stage.browser()
    fetched = await browser.fetch("/")
    assert fetched.headers["ETag"] == '"v1"'
    shown = await browser.navigate("/", **{"If-None-Match": '"v1"', "If-Modified-Since": "x"})
    assert not {"If-None-Match", "If-Modified-Since"} & set(stage.frontend.requests[-1].headers)
    assert shown.headers["ETag"] == 'W/"v1.wixproxy"'
    assert "Last-Modified" not in shown.headers
    for answer in (fetched, shown):
        assert "Sec-Fetch-Dest, Sec-Fetch-Mode" in answer.headers.getall("Vary")


async def test_a_page_that_did_not_change_is_told_so_by_its_own_validator(stage: Stage) -> None:
    stage.frontend.headers, stage.frontend.status = {"ETag": '"v1"'}, 304
    page = await stage.browser().navigate("/", **{"If-None-Match": 'W/"v1.wixproxy"'})
    assert stage.frontend.requests[-1].headers["If-None-Match"] == '"v1"'
    assert (page.status, page.headers["ETag"]) == (304, 'W/"v1.wixproxy"')


async def test_a_page_fetched_ahead_has_the_tag_and_starts_no_session(stage: Stage) -> None:
    page = await stage.browser().navigate("/", **{"Sec-Purpose": "prefetch"})
    assert TAG in await page.text()
    assert "Set-Cookie" not in page.headers


async def test_switched_off_pages_stay_as_they_are(clock: HandClock, tmp_path: Path) -> None:
    async with staged(clock, tmp_path, {"browser.inject": False}) as stage:
        page = await stage.browser().navigate("/", **{"Accept-Encoding": "gzip"})
        assert TAG not in await page.text()
        assert stage.frontend.requests[-1].headers["Accept-Encoding"] == "gzip"


async def test_pages_of_a_folder_get_it_too(clock: HandClock, tmp_path: Path) -> None:
    root = tmp_path / "dist"
    root.mkdir()
    (root / "index.html").write_text("<!doctype html><html><head></head></html>")
    flags = {"upstream.url": None, "upstream.root": str(root), "browser.inject": True}
    async with staged(clock, tmp_path, flags) as stage:
        browser = stage.browser()
        page = await browser.navigate("/any/route")
        assert TAG in await page.text()
        assert page.headers["Cache-Control"] == "no-cache"
        fetched = await browser.fetch("/index.html")
        assert TAG not in await fetched.text()
        for answer in (page, fetched):
            assert answer.headers["Vary"].startswith("Sec-Fetch-Dest")
        shown = await browser.navigate("/", **{"If-None-Match": fetched.headers["ETag"]})
        assert TAG in await shown.text()
        again = await browser.navigate("/", **{"If-None-Match": page.headers["ETag"]})
        assert (again.status, await again.read()) == (304, b"")
        (root / "index.html").write_text("<!doctype html><html><head>new</head></html>")
        changed = await browser.navigate("/", **{"If-None-Match": page.headers["ETag"]})
        assert changed.status == 200
