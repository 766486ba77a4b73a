"""Decide where the emulated site is, and where it may send a browser back to.

Law: redirect URIs are compared as exact strings, redirect domains as whole
origins: another port, another scheme or a subdomain is another place.

Source: Wix "Allow Redirect URIs and Domains".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from yarl import URL

from .errors import ApplicationError, invalid
from .state import STATE, State

URL_CHARACTERS = 2048
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

# Wix: the callback keys of a redirect session.
CALLBACK_KEYS = (
    "postFlowUrl",
    "thankYouPageUrl",
    "loginUrl",
    "cartPageUrl",
    "bookingsServiceListUrl",
    "planListUrl",
)


def site_origin(request: web.Request) -> str:
    """Return the origin of the emulated site, as the browser must reach it."""
    return request.app[STATE].origin or f"{request.scheme}://{request.host}"


def origin_of(text: str) -> str | None:
    """Return the origin of an http(s) URL, or None if it has none."""
    try:
        url = URL(text)
        if url.scheme not in ("http", "https") or not url.host:
            return None
        return str(url.origin())
    except ValueError:
        return None


def domain_origin(entry: str) -> str | None:
    """Return the origin that an allowed domain stands for.

    A bare name means https, a bare loopback name http.
    """
    if "://" in entry:
        return origin_of(entry)
    scheme = "http" if entry.rpartition(":")[0] in _LOOPBACK or entry in _LOOPBACK else "https"
    return origin_of(f"{scheme}://{entry}")


def allowed_origins(state: State) -> list[str]:
    """Return the origins that browsers may be sent back to."""
    found = (domain_origin(entry) for entry in state.settings.redirect_domains)
    return [origin for origin in found if origin]


def check_return(state: State, url: str) -> None:
    """Raise ApplicationError 403 unless a browser may be sent to `url`."""
    origin = origin_of(url)
    if origin is None or origin not in allowed_origins(state):
        raise ApplicationError(
            403,
            "PERMISSION_DENIED",
            f"{origin or url[:80]!r} isn't listed as an allowed redirect domain",
        )


def check_callbacks(state: State, body: Mapping[str, Any]) -> dict[str, str]:
    """Return the callbacks of a redirect session; raise WixError if one is not allowed."""
    given = body.get("callbacks") or {}
    if not isinstance(given, dict):
        raise invalid("callbacks", "must be an object", "TYPE")
    callbacks: dict[str, str] = {}
    for key, value in given.items():
        if value is None:
            continue
        if key not in CALLBACK_KEYS:
            raise invalid(f"callbacks.{key}", "is not a callback", "UNKNOWN_FIELD")
        if not isinstance(value, str) or len(value) > URL_CHARACTERS:
            raise invalid(
                f"callbacks.{key}", "must be a URL", "MAX_LENGTH", threshold=URL_CHARACTERS
            )
        check_return(state, value)
        callbacks[key] = value
    return callbacks
