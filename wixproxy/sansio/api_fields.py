"""Decide which header fields a Wix call and its answer carry.

Wix learns nothing of the browser's origin, cookies or address, and takes no
credential from the browser: the session's token is added after everything
that could claim to be one is gone, in every spelling that a server behind
Wix might fold together. The answer brings no cookie, no CORS permission and
no promise that would bind our whole origin. Fields of one connection were
removed before (`headers.request_fields` and `headers.answer_fields`). Of a call
that runs as the app the client writes no field but those few that say which
answer it can read.

Source: Wix: the SDK sends the bare token as Authorization; the forwarding
family is RFC 7239's and its predecessors.
"""

from __future__ import annotations

import re

from .exchange import Fields
from .headers import folded, get_all
from .names import Remembered

_REQUEST_DROPPED = frozenset(
    {
        b"authorization",
        b"cookie",
        b"cookie2",
        b"host",  # the caller writes Wix's own
        b"expect",
        b"origin",
        b"referer",
        # Where the request came from, and what proxies in front said about it.
        b"forwarded",
        b"x-real-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"x-original-url",
        b"x-original-uri",
        b"x-rewrite-url",
        # A rule that permits GET must not be made to mean DELETE.
        b"x-http-method-override",
        b"x-http-method",
        b"x-method-override",
        # What we assert to frontends is nothing that a client may assert to Wix.
        b"x-wix-identity",
        b"x-wix-member-id",
        b"x-wix-instance-id",
        b"x-wix-site-id",
    }
)
# "wix-site-id" and "wix-account-id" select a site for account-wide keys.
_REQUEST_DROPPED_PREFIXES = (
    b"sec-",
    b"proxy-",
    b"x-forwarded-",
    b"access-control-",
    b"wix-",
    b"x-wixproxy-",
    b"x-wix-caller-",
)

_ELEVATED_KEPT = frozenset({b"accept", b"accept-encoding", b"accept-language", b"user-agent"})

_ANSWER_DROPPED = frozenset(
    {
        b"cache-control",  # written anew from what it said
        b"set-cookie",
        b"set-cookie2",
        b"x-wix-bi-auth-token",
        # A challenge would open the browser's password dialog over the page.
        b"www-authenticate",
        # These speak for a whole origin, and the browser would apply them to ours.
        b"alt-svc",
        b"clear-site-data",
        b"strict-transport-security",
        b"public-key-pins",
        b"expect-ct",
        b"nel",
        b"report-to",
        b"reporting-endpoints",
        b"service-worker-allowed",
        b"origin-agent-cluster",
        b"accept-ch",
        b"critical-ch",
        # These speak to a cache or server in front of us, over Cache-Control's head.
        b"surrogate-control",
        b"edge-control",
        b"x-sendfile",
        # Written anew below.
        b"x-content-type-options",
        b"cross-origin-resource-policy",
    }
)
_ANSWER_DROPPED_PREFIXES = (b"access-control-", b"proxy-", b"x-accel-")
# RFC 9213: `CDN-Cache-Control`, and the same behind the name of a vendor.
_ANSWER_DROPPED_SUFFIX = b"cdn-cache-control"

_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+").fullmatch
# A shared cache must not keep what was answered to one session. It sees no
# Authorization in the browser's request, so it may keep whatever is not
# `private` (RFC 9111 §3 and §3.5).
_SHARED_DIRECTIVES = frozenset({b"public", b"s-maxage"})
_UNSHARED_DIRECTIVES = frozenset({b"private", b"no-store"})
_OURS_IN_ANSWERS = (
    # A browser's own cache must not show one identity's answer to the next.
    (b"Vary", b"Cookie"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
)


def wix_request_fields(fields: Fields, token: str) -> Fields:
    """Return the fields of a Wix call, with the session's token as the last one.

    Raises ValueError, without the token, when no field could hold it.
    """
    if not _TOKEN_TEXT(token):
        raise ValueError("an access token holds characters that no header field can hold")
    kept = [field for field in fields if _IS_SENT[field[0]]]
    # Wix: the bare token, as the SDK sends it; this line alone knows that.
    kept.append((b"Authorization", token.encode("ascii")))
    return kept


def elevated_fields(fields: Fields) -> Fields:
    """Return what a call that runs as the app takes over of its client's fields."""
    return [(name, value) for name, value in fields if name.lower() in _ELEVATED_KEPT]


def wix_answer_fields(fields: Fields) -> Fields:
    """Return the fields of Wix's answer as the browser may see them.

    Its `Cache-Control` loses what permits shared caches and becomes
    `private`; without any the answer is not stored.
    """
    kept = [field for field in fields if _IS_ANSWERED[field[0]]]
    said = get_all(fields, b"cache-control")
    kept.append((b"Cache-Control", _UNSHARED[b",".join(said)]))
    kept += _OURS_IN_ANSWERS
    return kept


def _unshared(said: bytes) -> bytes:
    directives = [part.strip() for part in said.split(b",") if part.strip()]
    if not directives:
        return b"no-store"
    left = [
        directive
        for directive in directives
        if directive.partition(b"=")[0].strip().lower() not in _SHARED_DIRECTIVES
    ]
    # `private="set-cookie"` speaks of that field alone.
    if not any(directive.lower() in _UNSHARED_DIRECTIVES for directive in left):
        left.insert(0, b"private")
    return b", ".join(left)


_UNSHARED = Remembered(_unshared)


def _is_dropped_from_answer(name: bytes) -> bool:
    lower = name.lower()
    return (
        lower in _ANSWER_DROPPED
        or lower.startswith(_ANSWER_DROPPED_PREFIXES)
        or lower.endswith(_ANSWER_DROPPED_SUFFIX)
    )


def _is_dropped_from_request(name: bytes) -> bool:
    # "Authorization_" and "x_forwarded_for" are read like the plain names by CGI-like servers.
    plain = folded(name).strip(b"-")
    return plain in _REQUEST_DROPPED or plain.startswith(_REQUEST_DROPPED_PREFIXES)


_IS_SENT = Remembered(lambda name: not _is_dropped_from_request(name))
_IS_ANSWERED = Remembered(lambda name: not _is_dropped_from_answer(name))
