"""Decide which pages may call with a token of Wix, and whether they may read the answer.

The pages of dashboard extensions and site widgets live on origins of Wix, and
call the frontend across origins (CORS). No cookie counts in such a call and no
credentials are permitted, so a page cannot act with what a browser keeps; it
acts with the token that Wix gave it. Only the configured origins are answered,
and what the frontend itself says about CORS does not count on these paths.

Source: the Fetch standard (CORS protocol).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from ..errors import CrossSiteRequest, quoted
from .exchange import Fields, Request
from .fetch_metadata import asked_permissions, is_listed
from .headers import get_all
from .public_url import PublicURL

VARY = (b"Vary", b"Origin")
_PERMITS = b"access-control-allow-"
_OWN_OR_NO_PAGE: tuple[list[bytes], ...] = ([], [b"same-origin"], [b"none"])


def guard(request: Request, public: PublicURL, origins: AbstractSet[str]) -> None:
    """Refuse a call that a page of another origin made. Raises `CrossSiteRequest`.

    Without `Origin` it is our own page or no browser that asks: a browser
    names the origin of each page that calls across origins.
    """
    named = get_all(request.fields, b"origin")
    if named and is_listed(named, origins | {public.origin}):
        return
    sites = get_all(request.fields, b"sec-fetch-site")
    if not named and sites in _OWN_OR_NO_PAGE:
        return
    found = f"Origin: {quoted(b', '.join(named))}" if named else "another site"
    raise _refusal(f"the browser says {found}")


def preflight_fields(request: Request, origins: AbstractSet[str]) -> Fields:
    """Return the fields of a preflight's 204.

    Raises `CrossSiteRequest` unless the origin is listed.
    """
    asked = asked_permissions(request)
    if asked is None or not is_listed(get_all(request.fields, b"origin"), origins):
        raise _refusal("this page's is not among them")
    return [*readable([], request, origins), *asked]


def readable(answer: Fields, request: Request, origins: AbstractSet[str]) -> Fields:
    """Return an answer's fields with our word on who may read it in place of any other."""
    kept = [field for field in answer if not field[0].lower().startswith(_PERMITS)]
    named = get_all(request.fields, b"origin")
    if is_listed(named, origins):
        kept.append((b"Access-Control-Allow-Origin", named[0]))
    return [*kept, VARY]


def _refusal(found: str) -> CrossSiteRequest:
    return CrossSiteRequest(
        f"Calls with a token of Wix are taken from the pages that "
        f"site.extensions.dashboard_origins lists; {found}."
    )
