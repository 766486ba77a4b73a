"""Render what we say ourselves: problems as JSON or as a page, and the small pages of login.

Every page carries a policy of its own that lets nothing in but its two nonced
elements (CSP Level 3 §6), may not be framed, and tells no other site where it
was. Source of the problem shape: RFC 9457.
"""

from __future__ import annotations

import base64
import json
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from .errors import (
    RequestRefused,
    SessionError,
    SessionTooLarge,
    SessionUnreadable,
    StoreUnavailable,
    UpstreamError,
    WixError,
    WixproxyError,
    WixRefused,
    WixUnavailable,
)
from .sansio.exchange import Fields

if TYPE_CHECKING:
    from jinja2 import Environment

# What a person can do; lines that begin with "$ " are commands.
_ADVICE: list[tuple[type[WixproxyError], list[str]]] = [
    (
        UpstreamError,
        [
            "Is the frontend running, and at this address? Its own window may say why not.",
            "This shows the configured address, and where it was set:",
            "$ wixproxy check",
        ],
    ),
    (WixUnavailable, ["Nobody was logged out. Try again in a moment."]),
    (
        WixRefused,
        ["This shows the configured client id, and where it was set:", "$ wixproxy check"],
    ),
]

SELF, NONE = "'self'", "'none'"
NO_STORE = (b"Cache-Control", b"no-store")
NO_SNIFFING = (b"X-Content-Type-Options", b"nosniff")
OWN_ORIGIN_ONLY = (b"Cross-Origin-Resource-Policy", b"same-origin")


def json_answer(values: dict[str, Any]) -> tuple[Fields, bytes]:
    """Return the fields and body of a JSON answer that nobody keeps."""
    return [
        (b"Content-Type", b"application/json"),
        NO_STORE,
        NO_SNIFFING,
        OWN_ORIGIN_ONLY,
    ], json.dumps(values, separators=(",", ":")).encode()


def problem_answer(error: WixproxyError, request_id: str, status: int) -> tuple[Fields, bytes]:
    """Return an error as `application/problem+json` (RFC 9457)."""
    fields, body = json_answer(
        {
            "status": status,
            "code": error.code,
            "title": error.title,
            "message": error.message,
            "request_id": request_id,
            **error.members,
        }
    )
    fields[0] = (b"Content-Type", b"application/problem+json")
    return [*fields, *_hints(error)], body


def problem_page(
    error: WixproxyError,
    request_id: str,
    status: int,
    *,
    posted: bool = False,
    back: str | None = None,
) -> tuple[Fields, bytes]:
    """Return an error as a page for a person.

    What was posted cannot be tried again by a link; `back` is the page it was posted from.
    """
    fields, body = page(
        "problem.html",
        status=status,
        code=error.code,
        title=error.title,
        message=error.message,
        request_id=request_id,
        side=_side(error),
        advice=_advice(error),
        actions=_actions(error, back if posted else None),
        posted=posted,
    )
    return [*fields, *_hints(error)], body


def page(
    template: str,
    *,
    form_targets: tuple[str, ...] = (SELF,),
    framed: bool = False,
    **values: Any,
) -> tuple[Fields, bytes]:
    """Render a page of `browser/pages`.

    `form_targets` are where its form may lead: browsers hold the redirects of
    a form to the policy as well. `framed` lets pages of our own origin frame it.
    """
    nonce = base64.b64encode(secrets.token_bytes(16)).decode("ascii")
    body = _environment().get_template(template).render(nonce=nonce, **values).encode()
    policy = (
        f"default-src {NONE}; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        f"img-src data:; connect-src {SELF}; form-action {' '.join(form_targets)}; "
        f"frame-ancestors {SELF if framed else NONE}; base-uri {NONE}"
    )
    return [
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Security-Policy", policy.encode("ascii")),
        (b"X-Frame-Options", b"SAMEORIGIN" if framed else b"DENY"),
        # A form posted under no-referrer comes with `Origin: null`.
        (b"Referrer-Policy", b"same-origin"),
        NO_STORE,
        NO_SNIFFING,
    ], body


@cache
def _environment() -> Environment:
    """Load Jinja2 at the first page: a sidecar that shows none never pays for it."""
    from jinja2 import Environment, PackageLoader

    return Environment(
        loader=PackageLoader("wixproxy", "browser/pages"), autoescape=True, auto_reload=False
    )


def _hints(error: WixproxyError) -> Fields:
    fields: Fields = []
    if error.retry_after is not None:
        fields.append((b"Retry-After", str(error.retry_after).encode()))
    allow = error.members.get("allow")
    if isinstance(allow, list):
        fields.append((b"Allow", ", ".join(allow).encode("ascii")))
    return fields


def _side(error: WixproxyError) -> str:
    match error:
        case UpstreamError():
            return "the frontend"
        case WixError():
            return "Wix"
        case SessionUnreadable() | SessionTooLarge() | StoreUnavailable():
            return "the proxy"
        case RequestRefused() | SessionError():
            return "your browser"
        case _:
            return "the proxy"


def _advice(error: WixproxyError) -> list[str]:
    advice = error.members.get("advice")
    if isinstance(advice, list):
        return [str(line) for line in advice]
    return next((lines for kind, lines in _ADVICE if isinstance(error, kind)), [])


def _actions(error: WixproxyError, back: str | None) -> list[dict[str, str]]:
    actions = []
    if back is not None:
        actions.append({"label": "Back to the form", "href": back})
    login_url = error.members.get("loginUrl")
    if isinstance(login_url, str):
        actions.append({"label": "Log in", "href": login_url})
    public_url = error.members.get("public_url")
    start = public_url if isinstance(public_url, str) else "/"
    actions.append({"label": "Go to the start page", "href": start})
    return actions
