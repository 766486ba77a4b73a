"""Ask as a browser does: its header fields, and the session that it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from yarl import URL

from ..processes import Server

# What Chromium sends on Linux, in its order.
_AGENT = {
    "sec-ch-ua-platform": '"Linux"',
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/148.0.0.0 Safari/537.36",
    "sec-ch-ua": '"Chromium";v="148", "Not.A/Brand";v="8"',
    "sec-ch-ua-mobile": "?0",
}
_NEGOTIATED = {
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
}
# What other programs leave in a jar.
OTHER_COOKIES = "theme=dark; consent=2026-01-05; _ga=GA1.1.1234567890.1767225600"


class Asked(NamedTuple):
    """One kind of request: where to, and what it says."""

    path: str
    headers: Mapping[str, str]


def asset(path: str, origin: str, cookie: str | None = None) -> Asked:
    """Ask for a file that a page needs."""
    return Asked(path, _fields("*/*", ("same-origin", "no-cors", "script"), origin, cookie))


def call(path: str, origin: str, cookie: str | None = None) -> Asked:
    """Call an API from a page's script."""
    return Asked(
        path,
        _fields(
            "application/json, text/plain, */*", ("same-origin", "cors", "empty"), origin, cookie
        ),
    )


def navigation(path: str) -> Asked:
    """Open a page from the address bar."""
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    return Asked(path, _fields(accept, ("none", "navigate", "document"), None, None))


async def sealed_session(server: Server, page: str, api_path: str) -> str:
    """Visit a page through wixproxy and call Wix once; return the `Cookie` that came of it."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(server.origin, cookie_jar=jar) as http:
        for path, headers in (navigation(page), call(api_path, server.origin)):
            # The jar brings the cookies.
            async with http.get(path, headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{path} through {server.name} answered {answer.status}")
    held = jar.filter_cookies(URL(server.origin))
    if not any(name.startswith("wixproxy-") for name in held):
        raise RuntimeError(f"no session cookie came of {page} and {api_path}")
    return "; ".join(f"{name}={morsel.value}" for name, morsel in held.items())


def _fields(
    accept: str, fetch: tuple[str, str, str], origin: str | None, cookie: str | None
) -> dict[str, str]:
    site, mode, destination = fetch
    cookies = "; ".join(filter(None, [OTHER_COOKIES, cookie]))
    return {
        **_AGENT,
        "Accept": accept,
        "Sec-Fetch-Site": site,
        "Sec-Fetch-Mode": mode,
        "Sec-Fetch-Dest": destination,
        **({"Referer": f"{origin}/products/field-tote"} if origin else {}),
        **_NEGOTIATED,
        "Cookie": cookies,
    }
