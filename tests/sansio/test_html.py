"""The script tag's place in a page, and the pages it goes into."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sansio.heads import FRAGMENTS, NO_PLACE, PLACES
from wixproxy.sansio.exchange import Fields
from wixproxy.sansio.html import (
    SEARCHED_BYTES,
    HeadInjector,
    injected_fields,
    may_inject,
    nonce_of,
    script_tag,
)

TAG = b"[TAG]"
HTML = (b"Content-Type", b"text/html; charset=utf-8")


def whole(page: bytes) -> bytes:
    return in_pieces([page])


def in_pieces(pieces: list[bytes]) -> bytes:
    injector = HeadInjector(TAG)
    return b"".join(map(injector.feed, pieces))


@pytest.mark.parametrize("marked", PLACES.values(), ids=PLACES)
def test_the_tag_stands_right_behind_the_head(marked: bytes) -> None:
    assert whole(marked.replace(b"|", b"")) == marked.replace(b"|", TAG)


@pytest.mark.parametrize("page", NO_PLACE.values(), ids=NO_PLACE)
def test_a_page_without_a_head_of_its_own_stays_as_it_is(page: bytes) -> None:
    assert whole(page) == page


@pytest.mark.parametrize("marked", PLACES.values(), ids=PLACES)
def test_a_page_that_comes_byte_by_byte_gets_the_tag_in_the_same_place(marked: bytes) -> None:
    page = marked.replace(b"|", b"")
    assert in_pieces([page[at : at + 1] for at in range(len(page))]) == whole(page)


MARKUP = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join)


@given(page=st.one_of(MARKUP, st.binary(max_size=80)), cuts=st.lists(st.integers(0, 200)))
@example(page=b"<html a='\xff'><head b=\">\">", cuts=[1, 7, 9, 16, 20, 25])
def test_however_a_page_is_cut_the_tag_is_in_it_once_or_not_at_all(
    page: bytes, cuts: list[int]
) -> None:
    bounds = [0, *sorted(min(cut, len(page)) for cut in cuts), len(page)]
    pieces = [page[a:b] for a, b in pairwise(bounds)]
    made = in_pieces(pieces)
    assert made == whole(page)
    at = made.find(TAG)
    assert made == (page if at < 0 else page[:at] + TAG + page[at:])
    assert at < 0 or page[:at].endswith(b">")


@given(page=MARKUP)
def test_nothing_is_held_back(page: bytes) -> None:
    injector = HeadInjector(TAG)
    for at in range(len(page)):
        made = injector.feed(page[at : at + 1])
        assert made in (page[at : at + 1], page[at : at + 1] + TAG)


def test_a_head_at_the_end_of_what_is_searched_is_found() -> None:
    page = b" " * (SEARCHED_BYTES - len(b"<head>")) + b"<head>"
    assert whole(page) == page + TAG


def test_a_head_behind_what_is_searched_is_left_alone() -> None:
    page = b" " * (SEARCHED_BYTES - len(b"<head>") + 1) + b"<head>"
    assert whole(page) == page


def test_the_tag_names_the_script_and_says_that_it_was_put_there() -> None:
    assert script_tag(None) == b'<script src="/_wix/sdk.js" data-wixproxy-injected></script>'


def test_the_tag_carries_the_nonce_of_the_page() -> None:
    tag = script_tag("r4nd0m+/=")
    assert tag == (b'<script src="/_wix/sdk.js" data-wixproxy-injected nonce="r4nd0m+/="></script>')


@pytest.mark.parametrize(
    ("policies", "nonce"),
    [
        pytest.param([], None, id="no policy"),
        pytest.param([b"script-src 'self'"], None, id="no nonce"),
        pytest.param([b"script-src 'self' 'nonce-abc='"], "abc=", id="for scripts"),
        pytest.param([b"default-src 'nonce-abc'"], "abc", id="for everything"),
        pytest.param([b"SCRIPT-SRC 'NONCE-Abc'"], "Abc", id="capital letters"),
        pytest.param([b" ;; default-src * ;\tscript-src\t'nonce-a-_' "], "a-_", id="white space"),
        pytest.param(
            [b"default-src 'nonce-no'; script-src 'nonce-yes'"], "yes", id="scripts before all"
        ),
        pytest.param(
            [b"script-src 'nonce-no'; script-src-elem 'nonce-yes'"], "yes", id="elements first"
        ),
        pytest.param([b"default-src 'nonce-no'; script-src 'self'"], None, id="not given on"),
        pytest.param([b"style-src 'nonce-no'"], None, id="for styles"),
        pytest.param([b"script-src 'a'; script-src 'nonce-no'"], None, id="the second of two"),
        pytest.param([b"script-src nonce-abc"], None, id="without quotes"),
        pytest.param([b"script-src 'nonce-a\"><b'"], None, id="no letters of a nonce"),
        pytest.param(["script-src 'nonce-é'".encode()], None, id="beyond ASCII"),
        pytest.param(
            [b"script-src 'nonce-a' 'nonce-b'", b"script-src 'nonce-b'"], "b", id="two policies"
        ),
        pytest.param(
            [b"script-src 'nonce-a', script-src 'nonce-c' 'nonce-a'"], "a", id="two in one field"
        ),
        pytest.param([b"script-src 'self'", b"script-src 'nonce-a'"], "a", id="one has none"),
    ],
)
def test_the_nonce_is_the_one_that_the_page_gives_to_its_scripts(
    policies: list[bytes], nonce: str | None
) -> None:
    fields = [HTML, *((b"Content-Security-Policy", policy) for policy in policies)]
    assert nonce_of(fields) == nonce


def test_a_policy_that_is_enforced_comes_before_one_that_is_reported_on() -> None:
    reported = (b"content-security-policy-report-only", b"script-src 'nonce-r'")
    enforced = (b"content-security-policy", b"script-src 'nonce-e'")
    assert nonce_of([reported]) == "r"
    assert nonce_of([reported, enforced]) == "e"


@pytest.mark.parametrize("status", [200, 203, 400, 401, 403, 404, 410, 500, 502, 503])
def test_pages_of_errors_get_the_tag_too(status: int) -> None:
    assert may_inject(status, [HTML])


@pytest.mark.parametrize("status", [101, 204, 205, 206, 301, 302, 303, 304, 307])
def test_an_answer_without_a_whole_page_is_left_alone(status: int) -> None:
    assert not may_inject(status, [HTML])


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([(b"content-type", b"TEXT/HTML")], id="capital letters"),
        pytest.param([(b"Content-Type", b" text/html ;charset=windows-1251")], id="a charset"),
        pytest.param([HTML, (b"Content-Encoding", b"identity")], id="identity"),
        pytest.param([HTML, (b"Cache-Control", b"no-cache, max-age=0")], id="no cache"),
        pytest.param([HTML, (b"Content-Disposition", b"inline; filename=a.html")], id="inline"),
        pytest.param([HTML, (b"X-Wixproxy-Inject", b"on")], id="asked for"),
    ],
)
def test_a_page_gets_the_tag(fields: Fields) -> None:
    assert may_inject(200, fields)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="no type"),
        pytest.param([HTML, HTML], id="two types"),
        pytest.param([(b"Content-Type", b"text/html-fragment")], id="another type"),
        pytest.param([(b"Content-Type", b"application/xhtml+xml")], id="XHTML"),
        pytest.param([(b"Content-Type", b"text/plain")], id="text"),
        pytest.param([(b"Content-Type", b'text/html; Charset = "UTF-16LE"')], id="UTF-16"),
        pytest.param([(b"Content-Type", b"text/html;charset=iso-2022-jp")], id="escapes"),
        pytest.param([HTML, (b"Content-Encoding", b"gzip")], id="gzip"),
        pytest.param([HTML, (b"Content-Encoding", b"identity, br")], id="br in a list"),
        pytest.param([HTML, (b"Cache-Control", b"public, No-Transform")], id="not to be changed"),
        pytest.param([HTML, (b"Content-Disposition", b"Attachment")], id="a download"),
        pytest.param([HTML, (b"x-wixproxy-inject", b"OFF")], id="opted out"),
    ],
)
def test_what_is_no_page_or_says_no_is_left_alone(fields: Fields) -> None:
    assert not may_inject(200, fields)


def test_a_page_with_the_tag_says_nothing_of_the_bytes_it_had_before() -> None:
    fields = [
        HTML,
        (b"Content-Length", b"12"),
        (b"CONTENT-MD5", b"x"),
        (b"Digest", b"x"),
        (b"Content-Digest", b"x"),
        (b"Repr-Digest", b"x"),
        (b"Accept-Ranges", b"bytes"),
        (b"Last-Modified", b"Tue, 05 Nov 2024 10:00:00 GMT"),
        (b"ETag", b'"abc"'),
        (b"X-Kept", b"1"),
        (b"X-Kept", b"2"),
    ]
    assert injected_fields(fields) == [
        HTML,
        (b"ETag", b'W/"abc.wixproxy"'),
        (b"X-Kept", b"1"),
        (b"X-Kept", b"2"),
    ]
