"""Make redirect sessions: links that lead from the site to a page on Wix.

Law: exactly one intent; made by a visitor or a member, never by the app or a
user of the dashboard; only while the site is published; callbacks only to
allowed domains. An unlisted redirect URI is not noticed here but by the page
behind the link, as on Wix.

Source: Wix "About the Redirects API", typings of the redirects package;
reports of the 403 for app tokens and of "No Public URL Found".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from yarl import URL

from .callers import Caller, authenticate
from .errors import ApplicationError, ValidationError, Violation, invalid, json_object
from .logins import CHALLENGE_METHODS, RedirectSession
from .sites import URL_CHARACTERS, check_callbacks, site_origin
from .state import STATE, State

AUTHORIZE_PATH = "/_api/oauth2/authorize"
LOGOUT_PATH = "/_api/iam/authentication/v1/logout"

# Where each intent leads, and the members of its body that must be there.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "auth": (AUTHORIZE_PATH, ("authRequest",)),
    "login": ("/login", ()),
    "logout": (LOGOUT_PATH, ("clientId",)),
    "ecomCheckout": ("/__ecom/checkout", ("checkoutId",)),
    "bookingsCheckout": ("/bookings-checkout", ("slotAvailability",)),
    "bookingsBook": ("/book", ()),
    "eventsCheckout": ("/event-checkout", ("reservationId", "eventSlug")),
    "paidPlansCheckout": ("/plan-checkout", ("planId",)),
    "storesProduct": ("/product-page", ("productSlug",)),
    "ecomOrderPaymentRequest": ("/payment-request", ("paymentRequestId",)),
}
_BESIDE_INTENTS = frozenset({"callbacks", "preferences", "origin"})
AUTH_FIELDS = (
    "clientId",
    "responseType",
    "redirectUri",
    "scope",
    "state",
    "responseMode",
    "codeChallenge",
    "codeChallengeMethod",
    "sessionToken",
    "idp",
    "nonce",
)
_PROMPTS = ("login", "none", "consent", "select_account")


async def create_redirect_session(request: web.Request) -> web.Response:
    """Answer `POST .../redirect-session`."""
    state = request.app[STATE]
    caller = authenticate(request)
    if caller.kind in ("app", "user"):
        raise ApplicationError(
            403,
            "PERMISSION_DENIED",
            "The client id of the token does not correspond to a headless OAuth app",
        )
    body = await json_object(request)
    intent = _intent(body)
    detail = _detail(intent, body)
    callbacks = check_callbacks(state, body)
    if not state.settings.published:
        raise ApplicationError(500, "500", "No Public URL Found - verify that site is published")
    session_id = state.randomness.guid("redirect session")
    endpoint = site_origin(request) + PAGES[intent][0]
    query = _additional(body, request) | _query(state, intent, detail, session_id)
    session = RedirectSession(
        id=session_id,
        intent=intent,
        full_url=str(URL(endpoint).with_query(query)),
        subject_kind=caller.kind,
        subject_id=caller.subject_id,
        family=caller.family,
        detail=detail,
        callbacks=callbacks,
    )
    state.logins.redirect_sessions[session_id] = session
    return web.json_response({"redirectSession": _as_json(state, session, caller, endpoint, query)})


async def short_link(request: web.Request) -> web.Response:
    """Send the browser from a short link to the full one."""
    session = request.app[STATE].logins.redirect_sessions.get(request.match_info["id"])
    if session is None:
        raise ApplicationError(404, "NOT_FOUND", "There is no such redirect session")
    return web.Response(status=302, headers={"Location": session.full_url})


ROUTES: list[web.RouteDef] = [
    web.post("/_api/redirects-api/v1/redirect-session", create_redirect_session),
    web.post("/headless/v1/redirect-session", create_redirect_session),
    web.get("/r/{id}", short_link),
]


def _intent(body: Mapping[str, Any]) -> str:
    """Return the one intent of a request; raise ValidationError for none, two or unknown ones."""
    unknown = [key for key in body if key not in PAGES and key not in _BESIDE_INTENTS]
    if unknown:
        raise ValidationError([Violation(k, "is not a field", "UNKNOWN_FIELD") for k in unknown])
    intents = [key for key in body if key in PAGES and body[key] is not None]
    if len(intents) != 1:
        found = ", ".join(intents) or "none"
        raise invalid("intent", f"exactly one intent is needed, found {found}", "ONE_OF")
    return intents[0]


def _detail(intent: str, body: Mapping[str, Any]) -> dict[str, Any]:
    detail = body[intent]
    if not isinstance(detail, dict):
        raise invalid(intent, "must be an object", "TYPE")
    for name in PAGES[intent][1]:
        if not detail.get(name):
            raise invalid(f"{intent}.{name}", "is required", "REQUIRED_FIELD")
    return detail


def _query(state: State, intent: str, detail: Mapping[str, Any], session_id: str) -> dict[str, str]:
    query = {"redirectSessionId": session_id}
    if intent == "auth":
        return _authorize_query(state, detail) | query
    if intent == "logout":
        _check_client(state, detail["clientId"], "logout.clientId")
        return {"clientId": str(detail["clientId"])} | query
    simple = {k: v for k, v in detail.items() if isinstance(v, str)}
    return simple | query


def _authorize_query(state: State, detail: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters for the authorize page; raise WixError for an unsound request."""
    wanted = detail["authRequest"]
    if not isinstance(wanted, dict):
        raise invalid("auth.authRequest", "must be an object", "TYPE")
    prefix = "auth.authRequest"
    _check_client(state, wanted.get("clientId"), f"{prefix}.clientId")
    if wanted.get("responseType", "code") != "code":
        raise invalid(f"{prefix}.responseType", "must be code", "ENUM")
    if wanted.get("codeChallengeMethod", "S256") not in CHALLENGE_METHODS:
        raise invalid(f"{prefix}.codeChallengeMethod", "must be S256 or S512", "ENUM")
    prompt = detail.get("prompt") or wanted.get("prompt") or "login"
    if prompt not in _PROMPTS:
        raise invalid("auth.prompt", f"must be one of {', '.join(_PROMPTS)}", "ENUM")
    uri = wanted.get("redirectUri")
    early = state.settings.unlisted_redirect_uri == "refuse"
    if uri and early and uri not in state.settings.redirect_uris:
        raise ApplicationError(403, "PERMISSION_DENIED", f"Invalid redirect URI: {str(uri)[:200]}")
    query = {name: str(wanted[name]) for name in AUTH_FIELDS if wanted.get(name) is not None}
    return query | {"prompt": str(prompt)}


def _check_client(state: State, client_id: object, field: str) -> None:
    if not isinstance(client_id, str) or not client_id:
        raise invalid(field, "is required", "REQUIRED_FIELD")
    if client_id != state.project.client_id:
        raise ApplicationError(
            403,
            "PERMISSION_DENIED",
            f"The client id {client_id[:80]!r} does not correspond to a headless OAuth app",
        )


def _additional(body: Mapping[str, Any], request: web.Request) -> dict[str, str]:
    """Return what preferences and the language header add to the link."""
    preferences = body.get("preferences") or {}
    added = preferences.get("additionalQueryParameters") if isinstance(preferences, dict) else {}
    query = {str(k): str(v) for k, v in added.items()} if isinstance(added, dict) else {}
    linguist = request.headers.get("x-wix-linguist", "")
    if linguist:
        query.setdefault("lang", linguist.partition("|")[0])
    return query


def _as_json(
    state: State, session: RedirectSession, caller: Caller, endpoint: str, query: dict[str, str]
) -> dict[str, Any]:
    if len(session.full_url) > URL_CHARACTERS:
        raise invalid("", "the link would be too long", "MAX_LENGTH", threshold=URL_CHARACTERS)
    origin = str(URL(endpoint).origin())
    token = state.logins.issue_session_token(caller.subject_id)
    return {
        "id": session.id,
        "fullUrl": session.full_url,
        "urlDetails": {"endpoint": endpoint, "searchParams": query},
        "sessionToken": token,
        "shortUrl": f"{origin}/r/{session.id}",
    }
