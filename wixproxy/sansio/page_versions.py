"""Keep a page with the script tag, and the same page without it, apart in a browser's cache.

A page that is shown in a tab gets the tag; `fetch` and prefetch get it as it
is, under the same address. A browser keeps one of the two, so

1. an injected page's ETag ends with a mark of ours, which also says whether the
   frontend's own was weak; its Last-Modified, which can bear none, is dropped;
2. for a tab the frontend is asked with the marked tags alone, without the mark:
   any other is of the page as it is, and a 304 would show that;
3. each version says in `Vary` what decides between them, or one that is fresh, or
   fetched ahead (which Chromium shows for five minutes without asking again),
   would be taken for the other.

Source: RFC 9110 §8.8.3 (ETag), §12.5.5 (Vary), §13.1.2 (If-None-Match).
"""

from __future__ import annotations

import re

from . import headers
from .exchange import Fields

VARY = (b"Vary", b"Sec-Fetch-Dest, Sec-Fetch-Mode")

_ENTITY_TAG = re.compile(rb'((?:W/)?")([\x21\x23-\x7e\x80-\xff]*)"')
_MARKS = {b'"': b".wixproxy", b'W/"': b".wixproxy-weak"}
_VALIDATORS = frozenset({b"if-none-match", b"if-modified-since"})


def marked(tag: bytes) -> bytes | None:
    """Return the weak entity tag of an injected page; None for what is no entity tag."""
    match = _ENTITY_TAG.fullmatch(tag)
    return b'W/"%b%b"' % (match[2], _MARKS[match[1]]) if match else None


def injected_validators(fields: Fields) -> Fields:
    """Return the fields of an injected page, or of a 304 that stands for one."""
    kept: Fields = []
    for name, value in headers.without(fields, {b"last-modified"}):
        is_tag = name.lower() == b"etag"
        if not is_tag:
            kept.append((name, value))
        elif (tag := marked(value)) is not None:
            kept.append((name, tag))
    return kept


def asked_validators(fields: Fields) -> Fields:
    """Return the request's fields with those validators that are of the injected page."""
    tags = [tag for tag in map(_unmarked, _shown(fields)) if tag is not None]
    kept = headers.without(fields, _VALIDATORS)
    return [*kept, (b"If-None-Match", b", ".join(tags))] if tags else kept


def has_version(fields: Fields, tag: bytes) -> bool:
    """Tell whether a request shows that the browser has the version of this weak tag."""
    return tag in [b'W/"%b"' % opaque for _, opaque in _shown(fields)]


def _shown(fields: Fields) -> list[tuple[bytes, bytes]]:
    return _ENTITY_TAG.findall(b",".join(headers.get_all(fields, b"if-none-match")))


def _unmarked(shown: tuple[bytes, bytes]) -> bytes | None:
    for opening, mark in _MARKS.items():
        if shown[1].endswith(mark):
            return opening + shown[1].removesuffix(mark) + b'"'
    return None
