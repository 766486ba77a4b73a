"""The body of a login form: two kinds of it, each with one reading."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import FieldMissing, RequestRefused
from wixproxy.sansio.login_form import FIELDS, FORM, JSON, needed, read_form

ADA = {"email": "ada@example.test", "password": "paß wörd"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(urlencode(ADA).encode(), FORM, id="a form"),
        pytest.param(urlencode(ADA).encode(), b"", id="a form without a type"),
        pytest.param(json.dumps(ADA).encode(), JSON + b"; charset=utf-8", id="JSON"),
        pytest.param(json.dumps(ADA, ensure_ascii=False).encode(), b"Application/JSON", id="UTF-8"),
    ],
)
def test_a_form_and_json_are_read_alike(body: bytes, content_type: bytes) -> None:
    assert read_form(body, content_type) == ADA


def test_what_a_login_does_not_know_is_the_frontends_own() -> None:
    assert read_form(b"email=a&interest=tea&interest=hail", FORM) == {"email": "a"}
    body = b'{"email": "a", "interests": ["tea"], "nickname": null}'
    assert read_form(body, JSON) == {"email": "a"}


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        pytest.param(b"{", JSON, "JSON object", id="broken JSON"),
        pytest.param(b"", JSON, "JSON object", id="no JSON"),
        pytest.param(b"[]", JSON, "JSON object", id="a list"),
        pytest.param(b"[" * 100_000, JSON, "JSON object", id="a deep list"),
        pytest.param(b'{"email":"\\ud800"}', JSON, "in UTF-8", id="a lone surrogate"),
        pytest.param(b'{"x":{"\\udfff":1}}', JSON, "in UTF-8", id="a lone surrogate, deep"),
        pytest.param(b'{"email":"\xff"}', JSON, "in UTF-8", id="JSON in another coding"),
        pytest.param(b'{"email":1}', JSON, "email to be text", id="a number"),
        pytest.param(b'{"email":"a","email":"b"}', JSON, "email stands twice", id="JSON, twice"),
        pytest.param(b"email=a&email=b", FORM, "email stands twice", id="a form, twice"),
        pytest.param(b"email=%ff", FORM, "UTF-8", id="a form in another coding"),
        pytest.param(b"email=\xff", FORM, "UTF-8", id="bytes that are no text"),
        pytest.param(b"x", b"multipart/form-data; boundary=x", "enctype", id="multipart"),
        pytest.param(b"{}", b"text/plain", "application/json", id="plain text"),
    ],
)
def test_another_body_is_refused_with_what_was_expected(
    body: bytes, content_type: bytes, expected: str
) -> None:
    with pytest.raises(RequestRefused, match=expected):
        read_form(body, content_type)


@pytest.mark.parametrize("form", [{}, {"email": ""}])
def test_a_field_that_is_missing_is_named(form: dict[str, str]) -> None:
    with pytest.raises(FieldMissing, match="no email"):
        needed(form, "email")


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), TEXT))
def test_every_text_comes_through_both_ways(form: dict[str, str]) -> None:
    assert read_form(urlencode(form).encode(), FORM) == form
    assert read_form(json.dumps(form).encode(), JSON) == form


@given(st.binary(), st.sampled_from([FORM, JSON]))
def test_any_bytes_are_read_or_refused(body: bytes, content_type: bytes) -> None:
    try:
        form = read_form(body, content_type)
    except RequestRefused:
        return
    assert form.keys() <= FIELDS
    json.dumps(form, ensure_ascii=False).encode()
