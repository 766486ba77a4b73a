"""Decide which redirect session a page may ask for, and what it learns of the answer.

1. No session token goes in: it would log this browser in as whoever it was
   made for. None comes out: the address alone is needed.
2. Every callback leads back to where the browser's session is: to the public
   origin the call came to, or to one that `api.allowed_origins` lists. Another
   public URL of the same proxy is another session, so it is elsewhere, too.
3. What cannot be read here is refused, because Wix might read it: two members
   of one name, another spelling of a name, text that is no JSON in UTF-8.

Source: Wix "About the Redirects API" (callbacks, each up to 2048 characters),
"Allow Redirect URIs and Domains"; WHATWG URL (how browsers read an address).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ..errors import CallRefused, UnsafeReturnURL, WixUnavailable, quoted
from .call_rules import folded_path
from .public_url import PublicURL
from .return_url import is_visible

REDIRECT_SESSION = b"redirect-session"
MAX_CALLBACK_CHARACTERS = 2048

_ABSOLUTE = re.compile(r"(https?)://([^/?#]*).*", re.IGNORECASE | re.DOTALL).fullmatch

PUBLISH = "Publish the site: Wix gives a login page to published sites only."

# What Wix says when something is set up wrongly, and the one thing to do.
_ADVICE = (
    ("No Public URL Found", PUBLISH),
    (
        "redirect domain",
        "Add the domain under Headless Settings, Allowed redirect domains; scheme and port count.",
    ),
    (
        "redirect uri",
        "Add the redirect URI under Headless Settings, Allowed authorization redirect URIs.",
    ),
)


@dataclass(frozen=True, slots=True)
class AskedLogout:
    """A redirect session that ends Wix's own session: its body, and where the page goes then."""

    body: dict[str, Any]
    post_flow_url: str | None


class _Object(list[tuple[str, object]]):
    """A JSON object as it was written, with every member that has a name twice."""


def is_redirect_session(target: bytes) -> bool:
    """Tell whether the call asks Wix for a redirect session, in any of its spellings."""
    return folded_path(target.partition(b"?")[0]).endswith(b"/" + REDIRECT_SESSION)


def check_redirect_session(
    body: bytes, public: PublicURL, allowed_origins: AbstractSet[str] = frozenset()
) -> bool:
    """Tell whether the session leads back to the site by a callback; refuse what it may not hold.

    Raises `CallRefused` for a session token and for a body that cannot be
    read, `UnsafeReturnURL` for a callback that leaves the site.
    """
    if not body.strip():
        return False
    try:
        read = json.loads(body.decode("utf-8"), object_pairs_hook=_without_session_token)
    except (ValueError, RecursionError):
        raise CallRefused("The body of a redirect session must be JSON in UTF-8.") from None
    leads_back = False
    for name, value in _callbacks(read):
        fault = _fault(value, {public.origin, *allowed_origins})
        if fault is not None:
            raise _refusal(name, value, fault, public)
        leads_back = True
    return leads_back


def asked_logout(body: bytes) -> AskedLogout | None:
    """Return the logout that a body asks for which `check_redirect_session` took, else None."""
    read = json.loads(body, object_pairs_hook=_Object) if body.strip() else None
    if not isinstance(read, _Object) or not any(
        _folded(name) == "logout" and value is not None for name, value in read
    ):
        return None
    after = (url for name, url in _callbacks(read) if _folded(name) == "callbacks.postflowurl")
    return AskedLogout(json.loads(body), str(url) if (url := next(after, None)) else None)


def answer_with(full_url: str, session_id: str) -> dict[str, Any]:
    """Return the answer to a redirect session that the proxy itself makes, in Wix's form."""
    endpoint, _, query = full_url.partition("?")
    details = {"endpoint": endpoint, "searchParams": dict(parse_qsl(query))}
    made = {"id": session_id, "fullUrl": full_url, "urlDetails": details}
    return {"redirectSession": made}


def without_session_token(answer: bytes) -> bytes:
    """Return Wix's answer without the session token beside the address.

    Raises `WixUnavailable` for an answer of another form.
    """
    try:
        values = json.loads(answer)
        values["redirectSession"].pop("sessionToken", None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise WixUnavailable("Wix answered a redirect session in an unknown form.") from None
    return json.dumps(values, separators=(",", ":")).encode()


def advice(refusal: str) -> str | None:
    """Return the one thing to do about Wix's refusal of a redirect session, where it is known."""
    text = refusal.lower()
    return next((say for mark, say in _ADVICE if mark.lower() in text), None)


def _without_session_token(pairs: list[tuple[str, object]]) -> _Object:
    for name, _ in pairs:
        if _folded(name) == "sessiontoken":
            raise CallRefused(
                "A redirect session with a sessionToken never passes the proxy. "
                "Log in through /_wix/login."
            )
    return _Object(pairs)


def _callbacks(read: object) -> Iterator[tuple[str, object]]:
    """Yield every callback of the body, those that hide behind a twin too."""
    for name, value in read if isinstance(read, _Object) else ():
        if _folded(name) != "callbacks" or value is None:
            continue
        if not isinstance(value, _Object):
            raise CallRefused("The callbacks of a redirect session must be an object of addresses.")
        yield from ((f"{name}.{key}", each) for key, each in value if each is not None)


def _folded(name: str) -> str:
    # Wix's JSON readers take the snake_case spelling of a field too.
    return name.replace("_", "").replace("-", "").casefold()


def _fault(value: object, homes: AbstractSet[str]) -> str | None:
    if not isinstance(value, str):
        return "is no text"
    if len(value) > MAX_CALLBACK_CHARACTERS:
        return f"is longer than {MAX_CALLBACK_CHARACTERS} characters"
    if not is_visible(value):
        return "holds a backslash, whitespace, or a character that cannot be seen"
    absolute = _ABSOLUTE(value)
    if absolute is None:
        return "is no absolute http or https address"
    try:
        origin = PublicURL.parse(f"{absolute[1]}://{absolute[2]}").origin
    except ValueError:
        return "names no plain host and port"
    return None if origin in homes else "leads to another origin"


def _refusal(name: str, value: object, fault: str, public: PublicURL) -> UnsafeReturnURL:
    return UnsafeReturnURL(
        f"{quoted(name)} of the redirect session {fault}: {quoted(str(value))}. Expected an "
        f"address of {public.origin}, where this browser's session is, such as "
        f"{public.join('/thank-you')}; scripts take new URL('/thank-you', location.origin).href. "
        "Another origin of the same site can be listed in api.allowed_origins.",
        field=name[:80],
    )
