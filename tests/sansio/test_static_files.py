"""Files of a folder: the rules of `--root`, C3 and C5's traversal kin, V42, V43."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wixproxy.sansio.static_files import (
    ALWAYS_ASK,
    ASK_WHEN_STALE,
    IMMUTABLE,
    cache_control,
    candidates,
    falls_back,
    resolve,
    twins,
)


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        (b"/", ["index.html"]),
        (b"/a/", ["a", "index.html"]),
        (b"/a/b.js", ["a", "b.js"]),
        (b"/a%20b/caf%C3%A9.png", ["a b", "café.png"]),
        (b"/a~b/@x/c+d.js", ["a~b", "@x", "c+d.js"]),
        (b"/a..b", ["a..b"]),
    ],
)
def test_a_path_names_a_file_by_its_decoded_segments(path: bytes, segments: list[str]) -> None:
    assert resolve(path) == segments


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a", id="relative"),
        pytest.param(b"/..", id="parent"),
        pytest.param(b"/../etc/passwd", id="traversal"),
        pytest.param(b"/a/../b", id="traversal inside"),
        pytest.param(b"/%2e%2e/etc/passwd", id="encoded traversal"),
        pytest.param(b"/.%2e/x", id="half encoded"),
        pytest.param(b"/a/./b", id="single dot"),
        pytest.param(b"/..%2fetc", id="encoded slash"),
        pytest.param(b"/..%5cetc", id="encoded backslash"),
        pytest.param(b"/a\\b", id="backslash"),
        pytest.param(b"//etc/passwd", id="empty segment"),
        pytest.param(b"/a//b", id="empty segment inside"),
        pytest.param(b"/.env", id="dot file"),
        pytest.param(b"/%2eenv", id="encoded dot file"),
        pytest.param(b"/.git/config", id="dot folder"),
        pytest.param(b"/a/.htaccess", id="dot file inside"),
        pytest.param(b"/a%00.js", id="NUL"),
        pytest.param(b"/a%0a", id="line feed"),
        pytest.param(b"/C:/x", id="drive"),
        pytest.param(b"/a.js::$DATA", id="stream"),
        pytest.param(b"/a.js.", id="dot at the end"),
        pytest.param(b"/a.js%20", id="space at the end"),
        pytest.param(b"/a%ff", id="not UTF-8"),
        pytest.param(b"/a%c0%ae", id="overlong dot"),
        pytest.param(b"/a%", id="broken escape"),
        pytest.param(b"/a%zz", id="no escape"),
        pytest.param(b"*", id="asterisk"),
    ],
)
def test_what_is_no_plain_name_names_nothing(path: bytes) -> None:
    assert resolve(path) is None
    assert not falls_back(path, navigation=True)


@given(st.one_of(st.binary(max_size=30), st.text("/.%25eEfF\\a:;", max_size=20).map(str.encode)))
@example(b"/%2e%2e%2f")
def test_no_path_ever_leaves_the_folder(path: bytes) -> None:
    segments = resolve(b"/" + path)
    if segments is None:
        return
    assert segments
    for segment in segments:
        assert segment
        assert not segment.startswith(".")
        assert not set(segment) & set("/\\:\x00")


@pytest.mark.parametrize(
    ("segments", "files"),
    [
        (["about"], [["about"], ["about.html"], ["about", "index.html"]]),
        (["a", "b"], [["a", "b"], ["a", "b.html"], ["a", "b", "index.html"]]),
        (["a.js"], [["a.js"]]),
        (["index.html"], [["index.html"]]),
    ],
)
def test_a_page_may_be_written_in_two_ways(segments: list[str], files: list[list[str]]) -> None:
    assert candidates(segments) == files


@pytest.mark.parametrize(
    ("path", "navigation", "page"),
    [
        (b"/profile", True, True),
        (b"/profile/42", True, True),
        (b"/profile/", True, True),
        (b"/v1.2/profile", True, True),
        (b"/profile", False, False),
        (b"/assets/index-BRBmoGS9.js", True, False),
        (b"/favicon.ico", True, False),
    ],
)
def test_only_a_navigation_without_an_extension_falls_back_to_the_application(
    path: bytes, navigation: bool, page: bool
) -> None:
    assert falls_back(path, navigation=navigation) is page


@pytest.mark.parametrize(
    "name",
    [
        "assets/index-BRBmoGS9.js",
        "app.4f3a2b1c.css",
        "main.4f3a2b1c.js.map",
        "chunk-3FQ2KLM4.js",
        "entry.D8xk_2Qa.mjs",
        "inter-latin.0f1e2d3c4b5a6978.woff2",
    ],
)
def test_a_file_named_by_its_hash_is_kept_for_ever(name: str) -> None:
    assert cache_control(name) == IMMUTABLE


@pytest.mark.parametrize("name", ["index.html", "a/ABOUT.HTML", "page-BRBmoGS9.html"])
def test_a_page_is_asked_for_each_time(name: str) -> None:
    assert cache_control(name) == ALWAYS_ASK


@pytest.mark.parametrize(
    "name",
    [
        "favicon.ico",
        "my-component.js",
        "jquery-3.7.1.min.js",
        "font-awesome5.css",
        "lib.MyWidget.js",
        "Roboto-BoldItalic.woff2",
        "font-OpenSansBold.woff2",
        "report-20240101.pdf",
        "photo-1024x768.jpg",
        "apple-touch-icon-180x180.png",
        "service-worker.js",
        "deadbeef.js",
    ],
)
def test_a_word_is_not_taken_for_a_hash(name: str) -> None:
    assert cache_control(name) == ASK_WHEN_STALE


BR, GZ = (b"br", ".br"), (b"gzip", ".gz")


@pytest.mark.parametrize(
    ("accepted", "order"),
    [
        (None, []),
        (b"", []),
        (b"gzip, deflate, br, zstd", [BR, GZ]),
        (b"gzip", [GZ]),
        (b"x-gzip", [GZ]),
        (b"GZIP;Q=0.5, BR ; q=0.2", [GZ, BR]),
        (b"br;q=0, gzip", [GZ]),
        (b"*", [BR, GZ]),
        (b"*;q=0", []),
        (b"gzip;q=0, *", [BR]),
        (b"identity, gzip;q=0.5", []),
        (b"identity;q=0.5, gzip", [GZ]),
        (b"gzip;q=2", []),
        (b"gzip;level=9", []),
        (b"\xff", []),
    ],
)
def test_twins_are_offered_as_the_client_weighs_them(
    accepted: bytes | None, order: list[tuple[bytes, str]]
) -> None:
    assert twins(accepted) == order
