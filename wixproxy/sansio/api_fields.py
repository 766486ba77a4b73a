"""Decide which header fields a Wix call and its answer carry.

Wix learns nothing of the browser's origin, cookies or address, and takes no
credential from the browser: the session's token is added after everything
that could claim to be one is gone, in every spelling that a server behind
Wix might fold together. The answer brings no cookie, no CORS permission and
no promise that would bind our whole origin. Fields of one connection were
removed before (`headers.request_fields` and `headers.answer_fields`).

Source: Wix: the SDK sends the bare token as Authorization; the forwarding
family is RFC 7239's and its predecessors.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .exchange import Fields
from .headers import folded

_REQUEST_DROPPED = frozenset(
    {
        b"authorization",
        b"cookie",
        b"cookie2",
        b"host",  # the caller writes Wix's own
        b"expect",  # the proxy itself invites the body
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
)

_ANSWER_DROPPED = frozenset(
    {
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
    }
)
_ANSWER_DROPPED_PREFIXES = (b"access-control-", b"proxy-")

_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+").fullmatch
# A shared cache must not keep what was answered to one session.
_SHARED_DIRECTIVES = frozenset({b"public", b"s-maxage"})


def wix_request_fields(fields: Fields, token: str) -> Fields:
    """Return the fields of a Wix call, with the session's token as the last one.

    Raises ValueError, without the token, when no field could hold it.
    """
    if not _TOKEN_TEXT(token):
        raise ValueError("an access token holds characters that no header field can hold")
    kept = [field for field in fields if not _is_dropped_from_request(field[0])]
    # Wix: the bare token, as the SDK sends it; this line alone knows that.
    kept.append((b"Authorization", token.encode("ascii")))
    return kept


def wix_answer_fields(fields: Fields) -> Fields:
    """Return the fields of Wix's answer as the browser may see them.

    Its `Cache-Control` loses what permits shared caches; without any the
    answer is not stored.
    """
    kept: Fields = []
    directives: list[bytes] = []
    for name, value in fields:
        lower = name.lower()
        if lower == b"cache-control":
            directives += [part.strip() for part in value.split(b",") if part.strip()]
        elif lower not in _ANSWER_DROPPED and not lower.startswith(_ANSWER_DROPPED_PREFIXES):
            kept.append((name, value))
    private = [
        directive
        for directive in directives
        if directive.partition(b"=")[0].strip().lower() not in _SHARED_DIRECTIVES
    ]
    kept.append(
        (b"Cache-Control", b", ".join(private) or (b"private" if directives else b"no-store"))
    )
    return kept


@lru_cache(maxsize=1024)
def _is_dropped_from_request(name: bytes) -> bool:
    # "Authorization_" and "x_forwarded_for" are read like the plain names by CGI-like servers.
    plain = folded(name).strip(b"-")
    return plain in _REQUEST_DROPPED or plain.startswith(_REQUEST_DROPPED_PREFIXES)
