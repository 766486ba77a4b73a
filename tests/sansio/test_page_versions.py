"""A page with the script tag and the same page without it, as a browser's cache knows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.headers import get
from wixproxy.sansio.page_versions import (
    asked_validators,
    has_version,
    injected_validators,
    marked,
)

KEPT = (b"X-Kept", b"1")
MODIFIED = b"Tue, 05 Nov 2024 10:00:00 GMT"
OPAQUE = st.text("".join(map(chr, [0x21, *range(0x23, 0x7F), 0x80, 0xFF])), max_size=12)


def asked_for(value: bytes) -> bytes | None:
    return get(asked_validators([(b"If-None-Match", value)]), b"if-none-match")


@given(opaque=OPAQUE, weak=st.booleans())
def test_the_frontend_is_asked_with_the_tag_that_it_gave(opaque: str, weak: bool) -> None:
    given_tag = (b"W/" if weak else b"") + b'"' + opaque.encode("latin-1") + b'"'
    shown = marked(given_tag)
    assert shown is not None
    assert shown.startswith(b'W/"')
    assert shown != given_tag
    assert asked_for(shown) == given_tag
    assert asked_for(b'"other", %b , W/"x"' % shown) == given_tag


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b'"v1"', id="a tag of the page as it is"),
        pytest.param(b'W/"v1"', id="a weak one"),
        pytest.param(b"*", id="any"),
        pytest.param(b"v1.wixproxy", id="no tag"),
        pytest.param(b'"v1.wixproxy', id="a tag cut short"),
        pytest.param(b'"v1.wixproxy.x"', id="the mark in the middle"),
    ],
)
def test_a_validator_of_the_page_as_it_is_never_asks_for_a_page(value: bytes) -> None:
    fields = [KEPT, (b"If-None-Match", value), (b"IF-MODIFIED-SINCE", MODIFIED)]
    assert asked_validators(fields) == [KEPT]


def test_several_versions_are_asked_for_together() -> None:
    assert asked_for(b'W/"a.wixproxy", "b", W/"c.wixproxy-weak"') == b'"a", W/"c"'


def test_what_is_no_entity_tag_is_dropped_from_a_page_with_the_tag() -> None:
    """It could bear no mark, and would stand for both pages."""
    for tag in (b"v1", b'"v"1"', b'w/"v1"', b"", b"'v1'"):
        assert injected_validators([(b"ETag", tag), KEPT]) == [KEPT]


def test_a_time_could_bear_no_mark_either() -> None:
    fields = [(b"Last-Modified", MODIFIED), (b"ETag", b'W/"a"')]
    assert injected_validators(fields) == [(b"ETag", b'W/"a.wixproxy-weak"')]


def test_a_version_is_known_by_its_tag_alone() -> None:
    assert has_version([(b"If-None-Match", b'"x", W/"abc"')], b'W/"abc"')
    for value in (b'"x"', b"*", b"abc", b""):
        assert not has_version([(b"If-None-Match", value)], b'W/"abc"')
