"""Show the pages on which a person becomes a member.

Law: each form carries the id of what it continues: an authorization request,
or a redirect session. Sample members need no password, because this is a Wix
for trying things out; the page says so.

Source: Wix "Handle Members with a Wix Login Page"; idp connection ids of Google
and Facebook from Wix's client.
"""

from __future__ import annotations

from aiohttp import web

from .browser import (
    error_page,
    page,
    remember_member,
    see_other,
    with_parameters,
)
from .delivery import success
from .errors import WixError
from .identities import Outcome, log_in, register, standing
from .state import STATE, SiteMember, State
from .verification import verified
from .verification_codes import VerificationCodes

# Wix: connection ids that every project has.
SOCIAL = {
    "0e6a50f5-b523-4e29-990d-f37fa2ffdd69": "Google",
    "3ecad13f-52c3-483d-911f-31dbcf2a6d23": "Facebook",
}
_REFUSALS = {
    "STATUS_CHECK": "This member is blocked.",
    "REQUIRE_OWNER_APPROVAL": "Your membership is waiting for the site owner's approval.",
}


def login_page(
    request: web.Request, continued: str, message: str = "", email: str = "", status: int = 200
) -> web.Response:
    """Return the login page for what is continued."""
    state = request.app[STATE]
    return page(
        "login.html",
        status,
        continued=continued,
        message=message,
        email=email,
        members=[m for m in state.members.values() if standing(m) == "SUCCESS"][:6],
        site=state.data.site.name,
        social=SOCIAL,
    )


def signup_page(
    request: web.Request, continued: str, message: str = "", email: str = "", status: int = 200
) -> web.Response:
    """Return the sign-up page for what is continued."""
    site = request.app[STATE].data.site.name
    return page("signup.html", status, continued=continued, message=message, email=email, site=site)


def social_page(request: web.Request, continued: str, idp: str) -> web.Response:
    """Return the emulated identity provider's page."""
    members = [m for m in request.app[STATE].members.values() if standing(m) == "SUCCESS"][:6]
    provider = SOCIAL.get(idp, "Your identity provider")
    return page("social.html", continued=continued, idp=idp, provider=provider, members=members)


async def show_login(request: web.Request) -> web.Response:
    """Answer `GET /login` and its two sisters."""
    continued = request.query.get("continue") or request.query.get("redirectSessionId", "")
    if not is_known(request.app[STATE], continued):
        return lost()
    if request.path == "/signup":
        return signup_page(request, continued)
    if request.path == "/social":
        return social_page(request, continued, request.query.get("idp", ""))
    return login_page(request, continued)


async def submit_login(request: web.Request) -> web.Response:
    """Answer `POST /login`: a sample member, or an e-mail address and a password."""
    state, form = request.app[STATE], await _form(request)
    continued, email = form.get("continue", ""), form.get("email", "")
    if not is_known(state, continued):
        return lost()
    try:
        if "member" in form:
            outcome = _sample(state, form["member"])
        else:
            outcome = log_in(state, email, form.get("password", ""))
    except WixError:
        # One text for both: which addresses have an account is nobody's business.
        return login_page(
            request, continued, "This email and password do not fit.", email, status=401
        )
    return _next(request, continued, outcome)


async def submit_signup(request: web.Request) -> web.Response:
    """Answer `POST /signup`."""
    state, form = request.app[STATE], await _form(request)
    continued, email = form.get("continue", ""), form.get("email", "")
    if not is_known(state, continued):
        return lost()
    profile = {name: form.get(name, "") for name in ("firstName", "lastName")}
    try:
        outcome = register(state, email, form.get("password", ""), profile)
    except WixError as error:
        return signup_page(request, continued, error.message, email, status=error.status)
    return _next(request, continued, outcome)


async def submit_social(request: web.Request) -> web.Response:
    """Answer `POST /social`: the provider vouches for a member, or the person turns back."""
    state, form = request.app[STATE], await _form(request)
    continued = form.get("continue", "")
    if not is_known(state, continued):
        return lost()
    if "member" not in form:
        return login_page(request, continued)
    try:
        outcome = _sample(state, form["member"])
    except WixError as error:
        return login_page(request, continued, error.message, status=error.status)
    return _next(request, continued, outcome)


async def submit_code(request: web.Request) -> web.Response:
    """Answer `POST /verify`: the code that a login or sign-up has asked for."""
    state, form = request.app[STATE], await _form(request)
    continued, state_token = form.get("continue", ""), form.get("stateToken", "")
    member = state.members.get(state.logins.member_of_state_token(state_token) or "")
    if not is_known(state, continued) or member is None:
        return lost()
    try:
        outcome = verified(state, state_token, form.get("code", ""))
    except WixError:
        message = "This is not the code, or it is too old."
        return _verify_page(continued, state_token, member, message, status=401)
    return _next(request, continued, outcome)


def finish(request: web.Request, continued: str, member: SiteMember) -> web.Response:
    """Continue as this member: a code for the site, or back to the page that asked."""
    logins = request.app[STATE].logins
    wanted = logins.pending.pop(continued, None)
    if wanted is not None:
        return success(request, wanted, member)
    session = logins.redirect_sessions[continued]
    if session.intent != "login":
        response = see_other(session.full_url)
    elif back := session.callbacks.get("postFlowUrl"):
        response = see_other(with_parameters(back, {"wixMemberLoggedIn": "true"}))
    else:
        response = page("done.html", member=member)
    remember_member(request, response, member)
    return response


def _next(request: web.Request, continued: str, outcome: Outcome) -> web.Response:
    """Return what follows a login: the site, the code, or why not."""
    state, member = request.app[STATE], outcome.member
    if outcome.state == "SUCCESS":
        return finish(request, continued, member)
    if outcome.state == "REQUIRE_EMAIL_VERIFICATION":
        VerificationCodes.of(state).send(member)
        return _verify_page(continued, state.logins.issue_state_token(member.id), member)
    return login_page(request, continued, _REFUSALS[outcome.state], member.email, status=403)


def _verify_page(
    continued: str, state_token: str, member: SiteMember, message: str = "", status: int = 200
) -> web.Response:
    values = {"continued": continued, "state_token": state_token, "email": member.email}
    return page("verify.html", status, message=message, **values)


def _sample(state: State, member_id: str) -> Outcome:
    member = state.members.get(member_id)
    if member is None:
        raise WixError(404, "There is no such member.")
    return Outcome(standing(member), member)


def is_known(state: State, continued: str) -> bool:
    """Tell whether there is something to continue under this id."""
    return continued in state.logins.pending or continued in state.logins.redirect_sessions


def lost() -> web.Response:
    """Return the page for a link that leads nowhere."""
    return error_page(
        400, "This link is no longer valid", "Go back to the site and start again from there."
    )


async def _form(request: web.Request) -> dict[str, str]:
    return {k: v for k, v in (await request.post()).items() if isinstance(v, str)}


ROUTES: list[web.RouteDef] = [
    web.get("/login", show_login),
    web.get("/signup", show_login),
    web.get("/social", show_login),
    web.post("/login", submit_login),
    web.post("/signup", submit_signup),
    web.post("/social", submit_social),
    web.post("/verify", submit_code),
]
