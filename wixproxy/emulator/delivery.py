"""Deliver the outcome of an authorization request to whoever asked.

Law: a code goes to the redirect URI of the request, or as a message to an
allowed origin; nowhere else. The refusal of an origin may go to any window,
since it holds no secret.

Source: RFC 6749 §4.1.2; the message shapes that Wix's client waits for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

from .browser import page, remember_member, see_other, with_parameters
from .logins import AuthorizeRequest
from .sites import allowed_origins, origin_of
from .state import STATE, SiteMember


def success(request: web.Request, wanted: AuthorizeRequest, member: SiteMember) -> web.Response:
    """Send a code for this member to the redirect URI, and keep the member logged in here."""
    code = request.app[STATE].logins.issue_code(wanted, member.id)
    response = _deliver(request, wanted, {"code": code.text, "state": wanted.state})
    remember_member(request, response, member)
    return response


def refusal(
    request: web.Request, wanted: AuthorizeRequest, error: str, description: str
) -> web.Response:
    """Send an error to the redirect URI."""
    told = {"error": error, "error_description": description, "state": wanted.state}
    return _deliver(request, wanted, told)


def _deliver(
    request: web.Request, wanted: AuthorizeRequest, told: Mapping[str, str]
) -> web.Response:
    if wanted.response_mode == "web_message":
        return _message_page(request, wanted, told)
    if wanted.redirect_uri is None:
        raise AssertionError("a request without redirect URI passed the check")
    location = with_parameters(wanted.redirect_uri, told, wanted.response_mode)
    if request.method == "POST":
        return see_other(location)
    headers = {"Location": location, "Cache-Control": "no-store"}
    return web.Response(status=302, headers=headers)


def _message_page(
    request: web.Request, wanted: AuthorizeRequest, told: Mapping[str, str]
) -> web.Response:
    """Return the page that posts the outcome to the parent window."""
    state = request.app[STATE]
    holder = origin_of(request.headers.get("Referer", ""))
    origins = allowed_origins(state)
    if wanted.redirect_uri is not None:
        origins = [o for o in (origin_of(wanted.redirect_uri),) if o]
    message: dict[str, str] = dict(told)
    own = f"{request.scheme}://{request.host}"
    if holder is not None and holder not in origins and holder not in (own, state.origin):
        message = {
            "state": wanted.state,
            "error": "redirect_uri_not_allowed",
            "rejectedOrigin": holder,
            "metaSiteId": state.project.site_id,
        }
        origins = ["*"]
    # "<" would end the script element early.
    values = json.dumps({"message": message, "origins": origins}).replace("<", "\\u003c")
    return page("web_message.html", values=values)
