"""Send pages to a browser, and know it again by the emulator's own cookie.

Law: the cookie lives on the emulator's origin and says who logged in on the
Wix side; the site behind the proxy never sees it. Pages load nothing from
elsewhere, and what a caller sent is escaped.

Source: Wix keeps such a cookie on its pages' domain; RFC 6749 §4.1.2 for the
parameters added to a redirect URI.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from .state import STATE, SiteMember

if TYPE_CHECKING:
    from jinja2 import Environment

COOKIE = "wixEmulatorSession"
COOKIE_SECONDS = 14 * 24 * 3600

_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # No form-action: Chromium would apply it to the redirect that ends a login.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "img-src 'self' data:; base-uri 'none'"
    ),
}


@cache
def _templates() -> Environment:
    """Load Jinja2 at the first page, and not while everybody waits for the start."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("wixproxy.emulator", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, status: int = 200, **values: object) -> web.Response:
    """Return a rendered page."""
    text = _templates().get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=_PAGE_HEADERS)


def error_page(status: int, title: str, message: str) -> web.Response:
    """Return the page that ends a journey which cannot go back to the site."""
    return page("error.html", status, title=title, message=message)


def member_of_browser(request: web.Request) -> str | None:
    """Return the member whom this browser's cookie speaks for."""
    state = request.app[STATE]
    member_id = state.logins.member_of_cookie(request.cookies.get(COOKIE, ""))
    return member_id if member_id in state.members else None


def remember_member(request: web.Request, response: web.Response, member: SiteMember) -> None:
    """Log this browser in on the Wix side."""
    response.set_cookie(
        COOKIE,
        request.app[STATE].logins.issue_cookie(member.id),
        max_age=COOKIE_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
    )


def forget_member(response: web.Response) -> None:
    """Log this browser out on the Wix side."""
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax")


def see_other(location: str) -> web.Response:
    """Return a redirect that is followed with GET."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def with_parameters(url: str, parameters: Mapping[str, str], mode: str = "query") -> str:
    """Return `url` with parameters added to its query, or set as its fragment."""
    if not parameters:
        return url
    base, _, fragment = url.partition("#")
    added = urlencode(parameters)
    if mode == "fragment":
        return f"{base}#{added}"
    joined = f"{base}{'&' if '?' in base else '?'}{added}"
    return f"{joined}#{fragment}" if fragment else joined
