"""Answer the authorize page: a code, a login page, or a refusal.

Law:
1. A client or redirect URI that is not known is told to the person, never to
   the redirect URI.
2. Every later outcome goes to the redirect URI in the mode asked for: query,
   fragment, or a message to the window that holds the frame.
3. `prompt=none` never shows a page: a session token or the cookie, or
   `login_required`.

Source: RFC 6749 §4.1.2.1; Wix "Handle Members with a Wix Login Page"; the
query names are camelCase as in Wix's redirect sessions.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from .browser import error_page, member_of_browser
from .delivery import refusal, success
from .login_pages import login_page, social_page
from .logins import CHALLENGE_METHODS, AuthorizeRequest, ResponseMode
from .redirects import AUTHORIZE_PATH
from .state import STATE, State

_MODES: dict[str, ResponseMode] = {
    "": "query",
    "query": "query",
    "fragment": "fragment",
    "web_message": "web_message",
}


class Refused(Exception):
    """A refusal that is told to the redirect URI."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


async def authorize(request: web.Request) -> web.Response:
    """Answer `GET /_api/oauth2/authorize`."""
    state, query = request.app[STATE], request.query
    wrong = _told_to_the_person(state, query)
    if wrong is not None:
        return wrong
    draft = _draft(state, query)
    try:
        _check(draft, query)
        member_id = _known_member(request)
    except Refused as refused:
        return refusal(request, draft, refused.error, refused.description)
    if member_id is not None:
        return success(request, draft, state.members[member_id])
    state.logins.pending[draft.id] = draft
    if query.get("idp"):
        return social_page(request, draft.id, query["idp"])
    return login_page(request, draft.id)


ROUTES: list[web.RouteDef] = [web.get(AUTHORIZE_PATH, authorize)]


def _told_to_the_person(state: State, query: Mapping[str, str]) -> web.Response | None:
    """Return the page for a request whose redirect URI cannot be trusted."""
    uri, mode = query.get("redirectUri"), query.get("responseMode", "")
    told: tuple[int, str, str] | None = None
    if mode not in _MODES:
        told = 400, "Invalid response mode", "Known are query, fragment and web_message."
    elif query.get("clientId") != state.project.client_id:
        told = 400, "Unknown client", "No headless client has this client id."
    elif not state.settings.published:
        told = 500, "No Public URL Found", "Verify that the site is published."
    elif uri is None and mode != "web_message":
        told = 400, "Invalid redirect URI", "The request names no redirect URI."
    elif uri is not None and uri not in state.settings.redirect_uris:
        listed = "is not on the list of allowed authorization redirect URIs"
        told = 400, "Invalid redirect URI", f"{uri} {listed}."
    return error_page(*told) if told else None


def _draft(state: State, query: Mapping[str, str]) -> AuthorizeRequest:
    session = state.logins.redirect_sessions.get(query.get("redirectSessionId", ""))
    return AuthorizeRequest(
        id=state.randomness.guid("authorize request"),
        redirect_uri=query.get("redirectUri"),
        response_mode=_MODES[query.get("responseMode", "")],
        state=query.get("state", ""),
        code_challenge=query.get("codeChallenge", ""),
        code_challenge_method=query.get("codeChallengeMethod", "S256"),
        scope=query.get("scope", ""),
        visitor_id=session.visitor_id if session else None,
    )


def _check(draft: AuthorizeRequest, query: Mapping[str, str]) -> None:
    if query.get("responseType", "code") != "code":
        raise Refused("unsupported_response_type", "responseType must be code")
    if not draft.code_challenge:
        raise Refused("invalid_request", "codeChallenge is missing")
    if draft.code_challenge_method not in CHALLENGE_METHODS:
        raise Refused("invalid_request", "codeChallengeMethod must be S256 or S512")


def _known_member(request: web.Request) -> str | None:
    """Return who is logged in already; raise Refused where no page may ask."""
    state, query = request.app[STATE], request.query
    silent = query.get("prompt") == "none"
    session_token = query.get("sessionToken")
    if session_token:
        member_id = state.logins.member_of_session_token(session_token)
        if member_id in state.members:
            return member_id
        raise Refused("access_denied", "sessionToken is not valid")
    # An explicit `login` asks again, whoever is logged in.
    known = None if query.get("prompt") == "login" else member_of_browser(request)
    if known is None and silent:
        raise Refused("login_required", "nobody is logged in")
    return known
