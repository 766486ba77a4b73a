"""Answer the calls that prove an e-mail address: start, and verify or resend during a login.

Law: the code is checked together with the state token of the login it belongs
to. A right code settles the address and nothing else, so a member may still
have to wait for the owner's approval. Whatever is wrong is VERIFICATION_FAILED.

Source: Wix "About the Authentication API", typings of the verification package; it names
the path of resend and not its body, which is taken to be that of verify without the code.
"""

from __future__ import annotations

from aiohttp import web

from .callers import authenticate, require
from .errors import ApplicationError, invalid, json_object, not_found
from .iam import machine_state, text_of
from .identities import Outcome, admit, standing
from .state import STATE, SiteMember, State
from .verification_codes import VerificationCodes

TARGETS = ("EMAIL", "UNKNOWN_TARGET")


async def start(request: web.Request) -> web.Response:
    """Answer `POST .../v1/start`: mail a code to an identity, a member's own unless named."""
    state = request.app[STATE]
    caller = require(authenticate(request), "visitor", "member", "app")
    body = await json_object(request)
    if body.get("target", "EMAIL") not in TARGETS:
        raise invalid("target", "must be EMAIL", "ENUM", allowed=list(TARGETS))
    if caller.member_id is not None:
        body = {"identityId": caller.member_id} | body
    member = state.members.get(text_of(body, "identityId"))
    if member is None:
        raise not_found("Identity not found")
    VerificationCodes.of(state).send(member)
    return web.json_response({"verificationId": state.randomness.guid("verification")})


async def verify(request: web.Request) -> web.Response:
    """Answer `POST .../v1/auth/verify`: go on with a login by its code."""
    state = request.app[STATE]
    require(authenticate(request), "visitor", "member")
    body = await json_object(request)
    outcome = verified(state, text_of(body, "stateToken"), text_of(body, "code"))
    return web.json_response(machine_state(state, outcome))


async def resend(request: web.Request) -> web.Response:
    """Answer `POST .../v1/auth/resend`: mail another code for a login that waits for one."""
    state = request.app[STATE]
    require(authenticate(request), "visitor", "member")
    member = _waiting(state, text_of(await json_object(request), "stateToken"))
    if member is None:
        raise ApplicationError(400, "VERIFICATION_FAILED", "No login waits for a code")
    VerificationCodes.of(state).send(member)
    return web.json_response({})


def verified(state: State, state_token: str, code: str) -> Outcome:
    """Return where a login stands after its code; raise ApplicationError 400."""
    member = _waiting(state, state_token)
    if member is None or not VerificationCodes.of(state).is_right(member, code):
        raise ApplicationError(400, "VERIFICATION_FAILED", "The code could not be verified")
    state.logins.spend_state_token(state_token)
    admit(member, verified=True)
    member.updated_at = state.clock.now()
    return Outcome(standing(member), member)


def _waiting(state: State, state_token: str) -> SiteMember | None:
    member_id = state.logins.member_of_state_token(state_token)
    return state.members.get(member_id) if member_id else None


BASE = "/_api/iam/verification"
ROUTES: list[web.RouteDef] = [
    web.post(f"{BASE}/v1/start", start),
    web.post(f"{BASE}/v1/auth/verify", verify),
    web.post(f"{BASE}/v1/auth/resend", resend),
]
