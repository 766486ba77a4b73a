"""A folder of built files in place of a frontend."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.stage import Stage, staged

SCRIPT = "console.log('hello');" * 50
FILM_BYTES = 64 * 1024 * 1024


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    root = tmp_path / "dist"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>home</title>")
    (root / "about.html").write_text("<!doctype html><title>about</title>")
    (root / "assets" / "index-BRBmoGS9.js").write_text(SCRIPT)
    (root / "assets" / "index-BRBmoGS9.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (root / "robots.txt").write_text("User-agent: *")
    (root / ".env").write_text("SECRET=1")
    (tmp_path / "outside.txt").write_text("hidden")
    os.symlink(tmp_path / "outside.txt", root / "link.txt")
    flags = {"upstream.url": None, "upstream.root": str(root)}
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


async def test_a_page_starts_a_session_and_is_asked_for_again(stage: Stage) -> None:
    page = await stage.browser().navigate("/")
    assert page.status == 200
    assert "<title>home</title>" in await page.text()
    assert page.headers["Cache-Control"] == "no-cache"
    assert "wixproxy-" in page.headers["Set-Cookie"]
    assert "Server" not in page.headers


async def test_a_page_without_its_extension_is_found(stage: Stage) -> None:
    assert "about" in await (await stage.browser().navigate("/about")).text()


async def test_a_hashed_file_is_kept_for_ever_and_sets_no_cookie(stage: Stage) -> None:
    answer = await stage.browser().fetch(
        "/assets/index-BRBmoGS9.js", **{"Sec-Fetch-Dest": "script", "Accept-Encoding": "identity"}
    )
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    assert await answer.text() == SCRIPT


async def test_a_compressed_twin_is_sent_to_who_takes_it(stage: Stage) -> None:
    path = "/assets/index-BRBmoGS9.js"
    taken = await stage.browser().fetch(path, **{"Accept-Encoding": "gzip"})
    assert taken.headers["Content-Encoding"] == "gzip"
    assert taken.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Accept-Encoding" in taken.headers["Vary"]
    assert await taken.text() == SCRIPT
    refused = await stage.browser().fetch(path, **{"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


async def test_a_known_validator_saves_the_body(stage: Stage) -> None:
    browser = stage.browser()
    first = await browser.fetch("/robots.txt")
    again = await browser.fetch("/robots.txt", **{"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


async def test_a_range_is_cut_out(stage: Stage) -> None:
    answer = await stage.browser().fetch("/robots.txt", Range="bytes=0-3")
    assert answer.status == 206
    assert await answer.text() == "User"


async def test_only_a_navigation_without_an_extension_falls_back_to_the_index(
    stage: Stage,
) -> None:
    browser = stage.browser()
    assert "home" in await (await browser.navigate("/products/7")).text()
    assert (await browser.navigate("/missing.html")).status == 404
    assert (await browser.fetch("/products/7")).status == 404
    assert (await browser.fetch("/assets/missing.js")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/.env", id="a dot file"),
        pytest.param("/../outside.txt", id="dot segments"),
        pytest.param("/%2e%2e/outside.txt", id="encoded dot segments"),
        pytest.param("/assets%2f..%2f..%2foutside.txt", id="encoded slashes"),
        pytest.param("/..%5coutside.txt", id="a backslash"),
        pytest.param("/link.txt", id="a link that leads out"),
    ],
)
async def test_nothing_outside_of_the_folder_is_served(stage: Stage, path: str) -> None:
    answer = await stage.browser().fetch(path)
    assert answer.status == 404
    assert "hidden" not in await answer.text()


async def test_files_are_only_read(stage: Stage) -> None:
    answer = await stage.browser().fetch("/robots.txt", "POST", body={})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


async def test_a_folder_without_a_first_page_says_so(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "dist" / "index.html").unlink()
    answer = await stage.browser().fetch("/")
    assert answer.status == 404
    told = (await answer.json())["message"]
    assert told == "There is no file for '/'. The folder has no index.html there."


async def test_a_file_that_shrinks_while_it_is_sent_is_cut_and_not_ended(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A build that writes over its files must not leave half of one in a cache."""
    film = _film(tmp_path)
    reader, writer = await _begun(stage)
    os.truncate(film, 0)
    received = 0
    async with asyncio.timeout(10):
        while piece := await reader.read(1024 * 1024):
            received += len(piece)
    writer.transport.abort()
    assert received < FILM_BYTES
    assert "became shorter" in caplog.text


async def test_a_client_that_leaves_in_the_middle_of_a_file_is_no_fault(
    stage: Stage, tmp_path: Path
) -> None:
    _film(tmp_path)
    _, writer = await _begun(stage)
    writer.transport.abort()
    for _ in range(1_000):
        if any(line.startswith("GET /film.bin") for line in stage.logged):
            break
        await asyncio.sleep(0.01)
    assert any(line.startswith("GET /film.bin") for line in stage.logged)
    assert not [line for line in stage.logged if "failed" in line or "cut short" in line]


def _film(tmp_path: Path) -> Path:
    """Make a file of more bytes than all buffers on the way hold."""
    film = tmp_path / "dist" / "film.bin"
    film.write_bytes(b"")
    os.truncate(film, FILM_BYTES)
    return film


async def _begun(stage: Stage) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for the film and read the head of the answer."""
    port = int(stage.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /film.bin HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer
