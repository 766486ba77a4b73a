"""Decide what kind of request a browser made, and whether our own pages made it.

The cross-site guard stands before every route of ours:

1. `Sec-Fetch-Site` decides where it is sent: `same-origin` passes, `none`
   passes for a page opened by hand, `same-site` only with a listed Origin,
   anything else is refused.
2. Without it `Origin` must be the public origin, or a listed one.
3. Without both no browser asks, and the request passes: it carries no
   cookies that somebody else's page could make it carry.

Nothing else is looked at, so no header, path or query can switch it off. A
WebSocket is judged by `Origin` alone: Chromium sends no `Sec-Fetch-*` there.

Source: W3C Fetch Metadata, the Fetch standard (Origin, CORS), and the rule
of Go's net/http.CrossOriginProtection.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from ..errors import CrossSiteRequest, quoted
from .exchange import Fields, Request
from .headers import get, get_all, has_any
from .public_url import PublicURL

_PLAIN_PATH = re.compile(rb"/(?:[\x21-\x2e\x30-\x5b\x5d-\x7e][\x21-\x5b\x5d-\x7e]*)?").fullmatch

SAFE_METHODS = frozenset({"GET", "HEAD"})
# A cache must not hand one site's verdict to another.
GUARD_VARY = b"Sec-Fetch-Site, Origin"
PREFLIGHT_SECONDS = 600

_PURPOSE_FIELDS = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})
_AHEAD_OF_TIME = re.compile(rb"prefetch|prerender|preview", re.IGNORECASE).search
_PAGE_DESTINATIONS = frozenset(
    {b"document", b"iframe", b"frame", b"fencedframe", b"object", b"embed"}
)
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch


def is_navigation(fields: Fields) -> bool:
    """Tell whether the browser is about to show the answer as a page in a tab.

    A page fetched ahead of time is not shown yet, and a frame is no tab. A
    client without `Sec-Fetch-*` is judged by its wish for HTML.
    """
    return not is_prefetch(fields) and is_for_tab(fields)


def is_for_tab(fields: Fields) -> bool:
    """Tell whether the answer is a page for a tab, shown now or fetched ahead to be shown later."""
    mode, destination = get(fields, b"sec-fetch-mode"), get(fields, b"sec-fetch-dest")
    if mode is not None or destination is not None:
        return mode == b"navigate" and destination == b"document"
    return _accepts_html(fields)


def is_prefetch(fields: Fields) -> bool:
    """Tell whether the browser fetches ahead of time what may never be shown."""
    if not has_any(fields, _PURPOSE_FIELDS):
        return False
    purposes = [get(fields, name) for name in _PURPOSE_FIELDS]
    return any(_AHEAD_OF_TIME(purpose) for purpose in purposes if purpose is not None)


def wants_page(fields: Fields) -> bool:
    """Tell whether a refusal is better told by a page than by problem+json."""
    destination = get(fields, b"sec-fetch-dest")
    if destination is not None:
        return destination in _PAGE_DESTINATIONS
    return _accepts_html(fields)


def is_same_origin(request: Request, public: PublicURL) -> bool:
    """Tell whether a page of the public origin is known to have made the request."""
    sites = get_all(request.fields, b"sec-fetch-site")
    if sites:
        return sites == [b"same-origin"]
    return get_all(request.fields, b"origin") == [public.origin.encode("ascii")]


def page_before(request: Request) -> str | None:
    """Return the page of this origin that the request came from, as a path; None if unknown."""
    referers = get_all(request.fields, b"referer")
    if len(referers) != 1 or get_all(request.fields, b"sec-fetch-site") != [b"same-origin"]:
        return None
    authority = referers[0].partition(b"://")[2]
    path = b"/" + authority.partition(b"/")[2].partition(b"#")[0]
    # "//host" and "/\\host" would be another origin's.
    return path.decode("ascii") if _PLAIN_PATH(path) else None


def is_led_from_elsewhere(request: Request) -> bool:
    """Tell whether a page of another origin is known to have led the browser here."""
    sites = get_all(request.fields, b"sec-fetch-site")
    return bool(sites) and sites not in ([b"same-origin"], [b"none"])


def guard(
    request: Request,
    public: PublicURL,
    allowed_origins: AbstractSet[str] = frozenset(),
    *,
    navigation_ok: bool,
) -> None:
    """Refuse a request that a page of another origin made.

    `navigation_ok` lets a page pass that the person opened by hand, from the
    address bar or a bookmark. Raises `CrossSiteRequest`.
    """
    sites = get_all(request.fields, b"sec-fetch-site")
    if sites == [b"same-origin"]:
        return
    origins = get_all(request.fields, b"origin")
    if not sites:
        if origins and not is_listed(origins, allowed_origins | {public.origin}):
            raise _refusal(b"Origin", origins, public)
        return
    if sites == [b"none"] and navigation_ok and request.method in SAFE_METHODS:
        if is_navigation(request.fields):
            return
    elif sites == [b"same-site"] and is_listed(origins, allowed_origins):
        return
    raise _refusal(b"Sec-Fetch-Site", sites, public)


def guard_websocket(
    request: Request,
    public: PublicURL,
    allowed_origins: AbstractSet[str] = frozenset(),
    *,
    has_session_cookie: bool,
) -> None:
    """Refuse a WebSocket that a page of another origin opens.

    Without `Origin` no browser asks; then it passes unless it carries a
    session of ours. Raises `CrossSiteRequest`.
    """
    origins = get_all(request.fields, b"origin")
    if not origins:
        if has_session_cookie:
            raise CrossSiteRequest(
                "A WebSocket with a session cookie needs an Origin header; there is none."
            )
        return
    if not is_listed(origins, allowed_origins | {public.origin}):
        raise _refusal(b"Origin", origins, public)


def is_preflight(request: Request) -> bool:
    """Tell whether the browser asks beforehand whether another origin may call."""
    return (
        request.method == "OPTIONS"
        and get(request.fields, b"origin") is not None
        and get(request.fields, b"access-control-request-method") is not None
    )


def cors_fields(request: Request, allowed_origins: AbstractSet[str]) -> Fields:
    """Return the fields that let a listed origin read the answer; none for any other."""
    origins = get_all(request.fields, b"origin") if allowed_origins else []
    if not is_listed(origins, allowed_origins):
        return []
    return [
        (b"Access-Control-Allow-Origin", origins[0]),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Access-Control-Expose-Headers", b"Retry-After, X-Wix-Request-Id, X-Wix-Consistent"),
    ]


def preflight_fields(request: Request, allowed_origins: AbstractSet[str]) -> Fields:
    """Return the fields of a preflight's 204.

    Raises `CrossSiteRequest` unless `api.allowed_origins` lists the origin.
    """
    fields = cors_fields(request, allowed_origins)
    asked = asked_permissions(request)
    if not fields or asked is None:
        raise CrossSiteRequest(
            "Pages of other origins may not call this proxy; "
            "api.allowed_origins lists those that may."
        )
    return [*fields[:2], *asked]


def asked_permissions(request: Request) -> Fields | None:
    """Return the fields that permit what a preflight asks for; None where it asks for nonsense."""
    method = get(request.fields, b"access-control-request-method") or b""
    wanted = get(request.fields, b"access-control-request-headers")
    names = [name.strip(b" \t") for name in wanted.split(b",")] if wanted else []
    if not _TOKEN(method) or not all(map(_TOKEN, names)):
        return None
    answer = [
        (b"Access-Control-Allow-Methods", method),
        (b"Access-Control-Max-Age", str(PREFLIGHT_SECONDS).encode()),
    ]
    if names:
        answer.append((b"Access-Control-Allow-Headers", b", ".join(names)))
    return answer


def is_listed(origins: list[bytes], listed: AbstractSet[str]) -> bool:
    """Tell whether a request names one origin, and a listed one."""
    # Equality of the whole origin: browsers write it in one way only, and
    # "evilshop.example" must not pass for "shop.example".
    return len(origins) == 1 and origins[0].decode("latin-1") in listed


def _accepts_html(fields: Fields) -> bool:
    accepted = get(fields, b"accept")
    if accepted is None or b"text/html" not in accepted.lower():
        return False
    return get(fields, b"x-requested-with") is None


def _refusal(name: bytes, found: list[bytes], public: PublicURL) -> CrossSiteRequest:
    return CrossSiteRequest(
        f"This address answers pages of {public.origin} only; the browser says "
        f"{name.decode()}: {quoted(b', '.join(found))}. Another origin of the same site can be "
        "listed in api.allowed_origins."
    )
