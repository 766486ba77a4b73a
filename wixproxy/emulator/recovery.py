"""Give a member a new password by a link in a mail: recovery and activation.

Law: a recovery token works once and for a few hours. It proves that the mail
was read, so it settles the address; only an activation settles the owner's
approval. Where the person goes afterwards was checked when the mail was asked
for. Whether an unknown address is told apart is a setting.

Source: Wix: recovery package (send-email, activation-email, recover); the mail
leads to a page on Wix, which needs a published site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from yarl import URL

from .browser import error_page, page, see_other
from .callers import authenticate, require
from .errors import ApplicationError, ValidationError, invalid, json_object, not_found
from .iam import machine_state, text_of
from .identities import NO_SUCH_EMAIL, Outcome, admit, check_password, standing
from .mailbox import send_mail
from .sites import check_return
from .state import STATE, SiteMember, State

PAGE_PATH = "/password-reset"


@dataclass(frozen=True)
class Recovery:
    """What one link in a mail is good for."""

    member_id: str
    expires_at: float
    return_url: str
    activates: bool


class Recoveries:
    """The links that were mailed and not used, by their tokens."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: dict[str, Recovery] = {}

    @classmethod
    def of(cls, state: State) -> Recoveries:
        """Return the site's one book of links."""
        return state.area("recoveries", lambda: cls(state))

    def mail(
        self, member: SiteMember, request: web.Request, return_url: str, *, activates: bool
    ) -> None:
        """Mail a link to a member."""
        now = self._state.clock.now()
        token = self._state.randomness.text(f"recovery token at {now:.6f}", 48)
        self._state.record_issued("recovery token", token)
        expires_at = now + self._state.settings.recovery_token_seconds
        self._open[token] = Recovery(member.id, expires_at, return_url, activates)
        origin = self._state.origin or f"{request.scheme}://{request.host}"
        link = str((URL(origin) / PAGE_PATH[1:]).with_query(recoveryToken=token))
        subject = "Activate your account" if activates else "Reset your password"
        send_mail(self._state, member, subject, link=link)

    def found(self, token: str) -> Recovery | None:
        """Return what a token is good for, if it is good for anything now."""
        recovery = self._open.get(token)
        if recovery is None or recovery.expires_at <= self._state.clock.now():
            return None
        return recovery if recovery.member_id in self._state.members else None

    def use(self, token: str, password: str) -> tuple[Outcome, Recovery]:
        """Set the password and spend the token; raise WixError."""
        recovery = self.found(token)
        if recovery is None:
            raise ApplicationError(400, "INVALID_RECOVERY_TOKEN", "The recovery token is not valid")
        check_password(password)
        del self._open[token]
        member = self._state.members[recovery.member_id]
        member.password, member.must_reset_password = password, False
        member.updated_at = self._state.clock.now()
        admit(member, verified=True, approved=recovery.activates)
        return Outcome(standing(member), member), recovery


async def send_recovery(request: web.Request) -> web.Response:
    """Answer `POST .../v1/send-email`."""
    state = request.app[STATE]
    require(authenticate(request), "visitor", "member", "app")
    body = await json_object(request)
    email, return_url = text_of(body, "email"), _return_url(state, body)
    _require_published(state)
    member = state.member_by_email(email)
    if member is not None:
        Recoveries.of(state).mail(member, request, return_url, activates=False)
    elif state.settings.unknown_recovery == "refuse":
        raise ApplicationError(404, NO_SUCH_EMAIL, "Identity not found")
    return web.json_response({})


async def send_activation(request: web.Request) -> web.Response:
    """Answer `POST .../v1/activation-email`, for the app."""
    state = request.app[STATE]
    require(authenticate(request), "app")
    body = await json_object(request)
    options = body.get("emailOptions") or {}
    if not isinstance(options, dict):
        raise invalid("emailOptions", "must be an object", "TYPE")
    return_url = _return_url(state, options)
    _require_published(state)
    member = state.members.get(text_of(body, "identityId"))
    if member is None:
        raise not_found("Identity not found")
    Recoveries.of(state).mail(member, request, return_url, activates=True)
    return web.json_response({})


async def recover(request: web.Request) -> web.Response:
    """Answer `POST .../v1/recover`: a new password, and where that leaves the member."""
    state = request.app[STATE]
    require(authenticate(request), "visitor", "member", "app")
    body = await json_object(request)
    token, password = text_of(body, "recoveryToken"), text_of(body, "password")
    outcome, _ = Recoveries.of(state).use(token, password)
    return web.json_response(machine_state(state, outcome))


async def show_reset(request: web.Request) -> web.Response:
    """Show the page that a mail leads to."""
    token = request.query.get("recoveryToken", "")
    recovery = Recoveries.of(request.app[STATE]).found(token)
    return _form(request, token, recovery) if recovery else _spent()


async def submit_reset(request: web.Request) -> web.Response:
    """Set the password typed into that page and send the person on."""
    state, form = request.app[STATE], await request.post()
    token, password = str(form.get("recoveryToken", "")), str(form.get("password", ""))
    recovery = Recoveries.of(state).found(token)
    if recovery is None:
        return _spent()
    try:
        outcome, _ = Recoveries.of(state).use(token, password)
    except ValidationError as error:
        return _form(request, token, recovery, error.message, status=400)
    if recovery.return_url:
        return see_other(recovery.return_url)
    return page("password_set.html", member=outcome.member)


def _form(
    request: web.Request, token: str, recovery: Recovery, message: str = "", status: int = 200
) -> web.Response:
    state = request.app[STATE]
    member = state.members[recovery.member_id]
    site = state.data.site.name
    values = {"token": token, "member": member, "site": site, "message": message}
    return page("password_reset.html", status, **values)


def _spent() -> web.Response:
    return error_page(400, "This link is no longer valid", "Ask for a new mail on the site.")


def _return_url(state: State, body: Mapping[str, Any]) -> str:
    """Return where the person goes afterwards; raise WixError if that is not allowed."""
    redirect = body.get("redirect") or {}
    if not isinstance(redirect, dict):
        raise invalid("redirect", "must be an object", "TYPE")
    client_id = redirect.get("clientId")
    if client_id and client_id != state.project.client_id:
        raise ApplicationError(403, "PERMISSION_DENIED", "No headless client has this client id")
    url = redirect.get("url") or ""
    if not isinstance(url, str):
        raise invalid("redirect.url", "must be a URL", "TYPE")
    if url:
        check_return(state, url)
    return url


def _require_published(state: State) -> None:
    if not state.settings.published:
        raise ApplicationError(500, "500", "No Public URL Found - verify that site is published")


BASE = "/_api/iam/recovery"
ROUTES: list[web.RouteDef] = [
    web.post(f"{BASE}/v1/send-email", send_recovery),
    web.post(f"{BASE}/v1/activation-email", send_activation),
    web.post(f"{BASE}/v1/recover", recover),
    web.get(PAGE_PATH, show_reset),
    web.post(PAGE_PATH, submit_reset),
]
