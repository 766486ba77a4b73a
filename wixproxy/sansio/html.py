"""Decide whether and where the script tag goes into a page of the frontend.

1. Only a whole, uncompressed `text/html` page is touched, and never one that
   says `X-Wixproxy-Inject: off` or `Cache-Control: no-transform`.
2. The tag stands right behind `<head …>`, before every script of the page.
   Only what may stand before a head is read past: text, comments, the
   doctype and `<html …>`. Behind any other tag the browser has opened the
   head by itself and ignores the one that is written.
3. Nothing is held back: each byte goes out when it comes in, and a page whose
   first 64 kB hold no head stays as it is.
4. The tag borrows the nonce of the page's own policy; it never loosens one.

Source: HTML §13.2.5 (tokenization) and §13.2.6.4 (before head), CSP 3 §2.3
and §6.7.3, RFC 9111 §5.2.2.6.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from . import headers
from .exchange import Fields
from .page_versions import injected_validators

SCRIPT_PATH = "/_wix/sdk.js"
OPT_OUT_FIELD = b"x-wixproxy-inject"
SEARCHED_BYTES = 64 * 1024

# What speaks of the bytes of the body, which are no longer those.
_OF_THE_BYTES = frozenset(
    {
        b"accept-ranges",
        b"content-digest",
        b"content-length",
        b"content-md5",
        b"digest",
        b"repr-digest",
    }
)
_WITHOUT_A_WHOLE_BODY = frozenset({204, 205, 206})
_CHARSET = re.compile(rb";[ \t]*charset[ \t]*=[ \t]*\"?([^\s\";]*)", re.IGNORECASE).search
# In these `<head>` is other bytes, or those bytes are other text.
_NOT_ASCII = re.compile(
    rb"utf-?(?:7|16|32)|ucs|unicode|iso-10646|csunicode|iso-2022|csiso2022|hz-", re.IGNORECASE
).match
_NONCE = re.compile(rb"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE).fullmatch
_SCRIPT_DIRECTIVES = (b"script-src-elem", b"script-src", b"default-src")


def is_page(fields: Fields) -> bool:
    """Tell whether an answer says that it is HTML."""
    kinds = headers.get_all(fields, b"content-type")
    return len(kinds) == 1 and kinds[0].partition(b";")[0].strip(b" \t").lower() == b"text/html"


def may_inject(status: int, fields: Fields) -> bool:
    """Tell whether the answer to a navigation is a page that the tag may go into.

    Navigations ask the upstream for identity, so a body that is encoded all
    the same is left alone.
    """
    if not is_page(fields):
        return False
    charset = _CHARSET(headers.get(fields, b"content-type") or b"")
    disposition = headers.get(fields, b"content-disposition") or b""
    return (
        status // 100 in (2, 4, 5)
        and status not in _WITHOUT_A_WHOLE_BODY
        and not (charset and _NOT_ASCII(charset[1]))
        and set(headers.tokens(fields, b"content-encoding")) <= {b"identity"}
        and b"no-transform" not in headers.tokens(fields, b"cache-control")
        and b"off" not in headers.tokens(fields, OPT_OUT_FIELD)
        and not disposition.lower().startswith(b"attachment")
    )


def injected_fields(fields: Fields) -> Fields:
    """Return the page's fields without those that the inserted tag makes untrue."""
    return injected_validators(headers.without(fields, _OF_THE_BYTES))


def script_tag(nonce: str | None) -> bytes:
    """Return the tag; `nonce` is one that `nonce_of` has read."""
    permission = f' nonce="{nonce}"' if nonce is not None else ""
    return f'<script src="{SCRIPT_PATH}" data-wixproxy-injected{permission}></script>'.encode()


def nonce_of(fields: Fields) -> str | None:
    """Return the nonce that the page's policies give to its scripts, or None.

    Of several policies each has to agree, so a nonce that they share comes
    first. One that is only reported on spares the page a false report.
    """
    for name in (b"content-security-policy", b"content-security-policy-report-only"):
        policies = [_nonces(one) for one in b",".join(headers.get_all(fields, name)).split(b",")]
        given = [nonces for nonces in policies if nonces]
        if given:
            shared = [nonce for nonce in given[0] if all(nonce in other for other in given)]
            return (shared or given[0])[0].decode("ascii")
    return None


def _nonces(policy: bytes) -> list[bytes]:
    """Return the nonces of the directive that rules script elements."""
    directives: dict[bytes, list[bytes]] = {}
    for text in policy.split(b";"):
        name, *sources = text.split() or [b""]
        # The first of two directives with one name counts (CSP 3 §2.2.1).
        directives.setdefault(name.lower(), sources)
    ruling = next((name for name in _SCRIPT_DIRECTIVES if name in directives), None)
    sources = directives[ruling] if ruling is not None else []
    return [match[1] for source in sources if (match := _NONCE(source))]


class _State(Enum):
    """Where a tokenizer of HTML stands; the names are those of HTML §13.2.5."""

    DATA = auto()
    TAG_OPEN = auto()
    TAG_NAME = auto()
    BEFORE_ATTRIBUTE_NAME = auto()
    ATTRIBUTE_NAME = auto()
    AFTER_ATTRIBUTE_NAME = auto()
    BEFORE_ATTRIBUTE_VALUE = auto()
    DOUBLE_QUOTED = auto()
    SINGLE_QUOTED = auto()
    UNQUOTED = auto()
    MARKUP_DECLARATION = auto()
    MARKUP_DASH = auto()
    BOGUS_COMMENT = auto()
    COMMENT_START = auto()
    COMMENT_START_DASH = auto()
    COMMENT = auto()
    COMMENT_DASH = auto()
    COMMENT_END = auto()
    COMMENT_BANG = auto()
    END_TAG = auto()


def _on(spaces: _State, **others: _State) -> dict[int, _State]:
    return {**dict.fromkeys(b"\t\n\f\r ", spaces), **_at(**others)}


def _at(**others: _State) -> dict[int, _State]:
    return {_SIGNS[name]: state for name, state in others.items()}


_SIGNS = {
    "less": ord("<"),
    "greater": ord(">"),
    "slash": ord("/"),
    "equals": ord("="),
    "quote": ord('"'),
    "apostrophe": ord("'"),
    "dash": ord("-"),
    "bang": ord("!"),
    "question": ord("?"),
}
_S = _State
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# For each state: where some bytes lead, and where all others do.
_TABLE: dict[_State, tuple[dict[int, _State], _State]] = {
    _S.DATA: (_at(less=_S.TAG_OPEN), _S.DATA),
    _S.TAG_OPEN: (
        {
            **dict.fromkeys(_LETTERS, _S.TAG_NAME),
            **_at(
                less=_S.TAG_OPEN,
                bang=_S.MARKUP_DECLARATION,
                question=_S.BOGUS_COMMENT,
                slash=_S.END_TAG,
            ),
        },
        _S.DATA,
    ),
    _S.TAG_NAME: (
        _on(_S.BEFORE_ATTRIBUTE_NAME, slash=_S.BEFORE_ATTRIBUTE_NAME, greater=_S.DATA),
        _S.TAG_NAME,
    ),
    _S.BEFORE_ATTRIBUTE_NAME: (
        _on(_S.BEFORE_ATTRIBUTE_NAME, slash=_S.BEFORE_ATTRIBUTE_NAME, greater=_S.DATA),
        _S.ATTRIBUTE_NAME,
    ),
    _S.ATTRIBUTE_NAME: (
        _on(
            _S.AFTER_ATTRIBUTE_NAME,
            slash=_S.BEFORE_ATTRIBUTE_NAME,
            equals=_S.BEFORE_ATTRIBUTE_VALUE,
            greater=_S.DATA,
        ),
        _S.ATTRIBUTE_NAME,
    ),
    _S.AFTER_ATTRIBUTE_NAME: (
        _on(
            _S.AFTER_ATTRIBUTE_NAME,
            slash=_S.BEFORE_ATTRIBUTE_NAME,
            equals=_S.BEFORE_ATTRIBUTE_VALUE,
            greater=_S.DATA,
        ),
        _S.ATTRIBUTE_NAME,
    ),
    _S.BEFORE_ATTRIBUTE_VALUE: (
        _on(
            _S.BEFORE_ATTRIBUTE_VALUE,
            quote=_S.DOUBLE_QUOTED,
            apostrophe=_S.SINGLE_QUOTED,
            greater=_S.DATA,
        ),
        _S.UNQUOTED,
    ),
    _S.DOUBLE_QUOTED: (_at(quote=_S.BEFORE_ATTRIBUTE_NAME), _S.DOUBLE_QUOTED),
    _S.SINGLE_QUOTED: (_at(apostrophe=_S.BEFORE_ATTRIBUTE_NAME), _S.SINGLE_QUOTED),
    _S.UNQUOTED: (_on(_S.BEFORE_ATTRIBUTE_NAME, greater=_S.DATA), _S.UNQUOTED),
    _S.MARKUP_DECLARATION: (_at(dash=_S.MARKUP_DASH, greater=_S.DATA), _S.BOGUS_COMMENT),
    _S.MARKUP_DASH: (_at(dash=_S.COMMENT_START, greater=_S.DATA), _S.BOGUS_COMMENT),
    # A doctype ends at the first ">" too, even inside its quotes.
    _S.BOGUS_COMMENT: (_at(greater=_S.DATA), _S.BOGUS_COMMENT),
    _S.COMMENT_START: (_at(dash=_S.COMMENT_START_DASH, greater=_S.DATA), _S.COMMENT),
    _S.COMMENT_START_DASH: (_at(dash=_S.COMMENT_END, greater=_S.DATA), _S.COMMENT),
    _S.COMMENT: (_at(dash=_S.COMMENT_DASH), _S.COMMENT),
    _S.COMMENT_DASH: (_at(dash=_S.COMMENT_END), _S.COMMENT),
    _S.COMMENT_END: (
        _at(dash=_S.COMMENT_END, bang=_S.COMMENT_BANG, greater=_S.DATA),
        _S.COMMENT,
    ),
    _S.COMMENT_BANG: (_at(dash=_S.COMMENT_DASH, greater=_S.DATA), _S.COMMENT),
}


_IN_TAG = frozenset(
    {
        _S.TAG_NAME,
        _S.BEFORE_ATTRIBUTE_NAME,
        _S.ATTRIBUTE_NAME,
        _S.AFTER_ATTRIBUTE_NAME,
        _S.BEFORE_ATTRIBUTE_VALUE,
        _S.UNQUOTED,
    }
)


class HeadInjector:
    """Puts a tag into one page that streams past; at its end nothing is left to send."""

    def __init__(self, tag: bytes) -> None:
        self._tag = tag
        self._state = _State.DATA
        self._name = b""
        self._read = 0
        self._decided = False

    def feed(self, piece: bytes) -> bytes:
        """Return the next piece of the page, with the tag in it if its place is here."""
        if self._decided:
            return piece
        for at, byte in enumerate(piece, 1):
            found = self._step(byte)
            if found is not None:
                self._decided = True
                return piece[:at] + self._tag + piece[at:] if found else piece
        return piece

    def _step(self, byte: int) -> bool | None:
        """Read one byte; tell whether the tag belongs right behind it, or None to read on."""
        # UTF-16 begins with one of these; no other text that we could read does.
        if (self._read == 0 and byte in b"\xfe\xff") or self._read >= SEARCHED_BYTES:
            return False
        self._read += 1
        before = self._state
        some, others = _TABLE[before]
        after = self._state = some.get(byte, others)
        if after is _State.TAG_NAME:
            started = self._name if before is _State.TAG_NAME else b""
            # Longer than the names we know is long enough to be another.
            self._name = (started + bytes([byte]).lower())[:5]
        elif after is _State.END_TAG or (
            before is _State.TAG_NAME and self._name not in (b"html", b"head")
        ):
            return False
        elif after is _State.DATA and before in _IN_TAG and self._name == b"head":
            return True
        return None
