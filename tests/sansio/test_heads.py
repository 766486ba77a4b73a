"""A head that is asked by name answers as its fields do, one by one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio import headers
from wixproxy.sansio.exchange import Head
from wixproxy.sansio.head_lines import field_lines

NAMES = st.sampled_from([b"Accept", b"accept", b"ACCEPT", b"Cookie", b"X-A", b"x-b", b""])
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=5)), max_size=12)


@given(FIELDS, NAMES.map(bytes.lower))
def test_a_head_says_what_its_fields_say(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    head = Head(fields)
    assert headers.get(head, name) == headers.get(fields, name)
    assert headers.get_all(head, name) == headers.get_all(fields, name)
    assert headers.tokens(head, name) == headers.tokens(fields, name)
    assert list(head) == fields


def test_what_is_returned_of_a_head_can_be_changed_without_changing_it() -> None:
    head = Head([(b"A", b"1"), (b"a", b"2")])
    headers.get_all(head, b"a").clear()
    assert headers.get_all(head, b"a") == [b"1", b"2"]


@given(FIELDS.filter(lambda fields: all(name for name, _ in fields)))
def test_no_field_breaks_out_of_its_line(fields: list[tuple[bytes, bytes]]) -> None:
    fits = not any(_CONTROL(value) for _, value in fields)
    if fits:
        lines = field_lines(fields).split(b"\r\n")
        assert lines[:-1] == [b"%b: %b" % field for field in fields]
        assert lines[-1] == b""
    else:
        with pytest.raises(AssertionError, match="control character"):
            field_lines(fields)
