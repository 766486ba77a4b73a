"""Return URLs: R36, R37, R72, C2 to C6, C17, and Wix's own vectors."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings

from tests.sansio.return_url_strategies import candidates, pages
from wixproxy.errors import UnsafeReturnURL
from wixproxy.sansio.public_url import PublicURL
from wixproxy.sansio.return_url import MAX_CHARACTERS, safe_return_url

PUBLIC = PublicURL.parse("http://localhost:4321")


def browser_origin(location: str, base: str = "http://localhost:4321") -> str:
    """Return the origin that a browser reads in a Location.

    Written from the WHATWG URL standard's states for a special scheme, and
    sharing nothing with the code under test: trim C0 and space, drop tab, CR
    and LF, read a backslash as a slash, and take everything between two
    slashes (or after a special scheme) and the next one as the authority.
    """
    text = location.strip("".join(map(chr, range(0x21))))
    text = re.sub(r"[\t\n\r]", "", text)
    scheme, rest = base.partition(":")[0], text
    named = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if named:
        scheme, rest = named[1].lower(), text[named.end() :]
        if scheme not in ("http", "https"):
            return "null"
    head = re.split(r"[?#]", rest, maxsplit=1)[0].replace("\\", "/")
    relative = named is None or scheme == base.partition(":")[0]
    if relative and not head.startswith("//"):
        return base
    authority = head.lstrip("/").partition("/")[0]
    return f"{scheme}://{authority.rpartition('@')[2].lower()}"


@pytest.mark.parametrize(
    "value",
    [
        "/",
        "/a?b=c#d",
        "/@evil.com",
        "/%2f%2fevil.com",
        "/a/../b",
        "/a/./b",
        "/..",
        "/profile?tab=orders",
        "/search?next=//evil.example/\u0041",
        "/search?next=https://evil.example",
        "/a#//evil.example",
        "/a;p=1,2:3",
        "/?q=%0A%09",
        "/%e4%bd%a0",
        "/%zz",
        "/_wixes",
        "/a/_wix/login",
    ],
)
def test_a_path_of_this_site_is_returned_as_it_came(value: str) -> None:
    """R37: a legal path with `?next=//evil` is data."""
    assert safe_return_url(value, PUBLIC) == value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("//evil.com", id="C2 scheme-relative"),
        pytest.param("///evil.com", id="three slashes"),
        pytest.param("/\\evil.com", id="C3 backslash read as slash"),
        pytest.param("\\\\evil.com", id="two backslashes"),
        pytest.param("/\t/evil.com", id="C4 tab that browsers drop"),
        pytest.param("/\n/evil.com", id="C4 line feed that browsers drop"),
        pytest.param("/\r/evil.com", id="carriage return"),
        pytest.param("/%09/evil.com", id="C4 escaped tab"),
        pytest.param("/%0d%0aLocation:x", id="escaped line break"),
        pytest.param("/%00", id="escaped NUL"),
        pytest.param("/ /evil.com", id="C5 space"),
        pytest.param("/\x0b/evil.com", id="C17 vertical tab"),
        pytest.param("/\x7f", id="C17 DEL"),
        pytest.param("/\x85/a", id="C1 control"),
        pytest.param("/\xa0/a", id="no-break space"),
        pytest.param("/\u2028a", id="line separator"),
        pytest.param("/\u202ea", id="text turned round"),
        pytest.param("/\ufeffa", id="byte order mark"),
        pytest.param("/\ud800", id="half a character"),
        pytest.param(" /a", id="space before"),
        pytest.param("/a ", id="space behind"),
        pytest.param("/..//evil.com", id="C5 dot segment before an empty one"),
        pytest.param("/./\\evil.com", id="dot segment and backslash"),
        pytest.param("/a//b", id="empty segment"),
        pytest.param("/a?b\\c", id="backslash in the query"),
        pytest.param("https://same-host/a", id="absolute"),
        pytest.param("http://localhost:4321/a", id="absolute, our own origin"),
        pytest.param("a", id="relative"),
        pytest.param("?a", id="query only"),
        pytest.param("#a", id="fragment only"),
        pytest.param("@evil.com", id="would become user information"),
        pytest.param(".evil.com", id="would become part of the host"),
        pytest.param(":80", id="would become the port"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("/" + "a" * MAX_CHARACTERS, id="too long"),
        pytest.param("/" + "é" * 400, id="too long once written in escapes"),
    ],
)
def test_a_return_url_that_could_leave_the_site_is_refused(value: str) -> None:
    """R36."""
    with pytest.raises(UnsafeReturnURL):
        safe_return_url(value, PUBLIC)


@pytest.mark.parametrize(
    "value",
    [
        "/_wix/login",
        "/_wix/login?returnToUrl=/",
        "/_wix/logout#x",
        "/_wix",
        "/_wix/",
        "/_WIX/login",
        "/%5fwix/login",
        "/a/../_wix/login",
        "/a/%2e%2e/_wix/logout",
        "/./_wix/session",
    ],
)
def test_a_path_of_the_proxy_is_no_page_to_return_to(value: str) -> None:
    with pytest.raises(UnsafeReturnURL, match="path of the proxy"):
        safe_return_url(value, PUBLIC)


def test_a_configured_callback_is_no_page_to_return_to() -> None:
    own = {"/api/auth/callback"}
    with pytest.raises(UnsafeReturnURL, match="path of the proxy"):
        safe_return_url("/api/auth/callback?x=1", PUBLIC, own_paths=own)
    assert safe_return_url("/api/auth/x", PUBLIC, own_paths=own) == "/api/auth/x"


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_return_url_the_default_is_taken(value: str | None) -> None:
    assert safe_return_url(value, PUBLIC, "/home") == "/home"


@pytest.mark.parametrize(
    ("value", "written"),
    [("/café?x=ü", "/caf%C3%A9?x=%C3%BC"), ("/\uff0f\uff0fevil", "/%EF%BC%8F%EF%BC%8Fevil")],
)
def test_characters_outside_ascii_are_written_as_browsers_write_them(
    value: str, written: str
) -> None:
    assert safe_return_url(value, PUBLIC) == written


def test_the_refusal_says_what_to_write() -> None:
    with pytest.raises(UnsafeReturnURL, match="encodeURIComponent"):
        safe_return_url("https://evil.example", PUBLIC)


@given(candidates)
@settings(max_examples=1500)
@example("/\t//evil.test")
@example("/..//evil.test")
@example("/.\\/evil.test")
def test_what_is_accepted_stays_on_the_site(value: str) -> None:
    """R36, and the first of the four properties: a browser resolves it to our origin."""
    try:
        target = safe_return_url(value, PUBLIC)
    except UnsafeReturnURL:
        return
    assert browser_origin(target) == PUBLIC.origin
    assert browser_origin(PUBLIC.join(target)) == PUBLIC.origin
    assert target.isascii()
    assert safe_return_url(target, PUBLIC) == target, "the second check must agree with the first"


@given(pages)
def test_ordinary_pages_are_accepted(value: str) -> None:
    assert safe_return_url(value, PUBLIC)


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        ("//evil.com", "http://evil.com"),
        ("/\\evil.com", "http://evil.com"),
        ("/\t/evil.com", "http://evil.com"),
        ("https:evil.com", "https://evil.com"),
        ("javascript:x", "null"),
        ("/a//b", "http://localhost:4321"),
        ("http://u@evil.com/x", "http://evil.com"),
    ],
)
def test_the_judge_of_these_tests_reads_like_a_browser(location: str, origin: str) -> None:
    assert browser_origin(location) == origin
