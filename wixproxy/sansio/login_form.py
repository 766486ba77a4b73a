"""Read the form that logs somebody in or signs them up: form-encoded or JSON, in one way alone.

A field that stands twice, or text that is no Unicode, could be counted as one
thing and tried as another, so it is refused and never repaired.
Source: WHATWG URL §5.1 (form-encoded), RFC 8259 §4 and §8.2 (names that stand
twice, lone surrogates).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ..errors import FieldMissing, RequestRefused, quoted
from .custom_login import CAPTCHA_FIELDS
from .handles import SESSION_TOKEN

Form = dict[str, str]

PROFILE = ("firstName", "lastName", "nickname")
PAGES = ("returnToUrl", "failureUrl")
FIELDS = frozenset(
    {"email", "password", "state", "code", SESSION_TOKEN, *PROFILE, *PAGES, *CAPTCHA_FIELDS}
)

FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"


def media_type(content_type: bytes) -> bytes:
    """Return a `Content-Type` without its parameters."""
    return content_type.partition(b";")[0].strip().lower()


def read_form(body: bytes, content_type: bytes) -> Form:
    """Return the fields that a login knows; raises `RequestRefused` with what was expected.

    What the frontend sends besides them is its own affair.
    """
    kind = media_type(content_type)
    if kind == JSON:
        return _read_json(body)
    if kind in (FORM, b""):
        return _read_encoded(body)
    raise RequestRefused(
        "Expected a form (application/x-www-form-urlencoded) or a JSON object "
        f"(application/json), found {quoted(kind)}. Leave enctype out of the form; a script "
        "sends new URLSearchParams(new FormData(form))."
    )


def needed(form: Mapping[str, str], name: str) -> str:
    """Return a field that a step cannot do without; raises `FieldMissing`."""
    if not form.get(name):
        raise FieldMissing(f"The form has no {name}; it needs one.")
    return form[name]


def _read_encoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise RequestRefused(
            "Expected the form's text in UTF-8. Serve its page as UTF-8, or write "
            'accept-charset="utf-8" into the form.'
        ) from None
    return dict(_known(pairs))


def _read_json(body: bytes) -> Form:
    try:
        pairs = json.loads(body.decode("utf-8"), object_pairs_hook=_Pairs)
        # A lone surrogate (`\ud800`) can be read, but not written anywhere.
        json.dumps(pairs, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, _Pairs):
        raise RequestRefused(
            'Expected a JSON object of texts in UTF-8, such as {"email": "…", "password": "…"}; '
            "the body is none."
        )
    form = {}
    for name, value in _known(pairs):
        if value is not None and not isinstance(value, str):
            raise RequestRefused(f"Expected {name} to be text, found another kind of JSON value.")
        if value is not None:
            form[name] = value
    return form


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, with every member that has a name twice."""


def _known(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    known = [(name, value) for name, value in pairs if name in FIELDS]
    names = [name for name, _ in known]
    for name in names:
        if names.count(name) > 1:
            raise RequestRefused(f"The field {name} stands twice; expected it once.")
    return known
