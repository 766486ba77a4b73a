"""Answer the members API: who a member is, to whom.

A visitor sees members as the site shows them; a member sees all of their own
record and may change it; the app may do everything. Nobody is anybody's
current member but a member's own token.

Wix: `members/my` is 403 for a visitor; fieldsets PUBLIC (the default),
EXTENDED and FULL; a status is APPROVED where identity says ACTIVE.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..callers import Caller, authenticate, require
from ..changes import MEMBER_DELETED, MEMBER_UPDATED, Change
from ..errors import ApplicationError, invalid, not_found, permission_denied
from ..state import SiteMember, State
from .calls import message, names, readable, state_of, timestamp
from .filters import an_object
from .query import parse, run

FIELDSETS = ("PUBLIC", "EXTENDED", "FULL")
PROFILE = ("title", "photo", "cover")
CONTACT = ("phones", "emails", "addresses", "birthdate", "company", "jobTitle", "customFields")
PRIVACY = ("PUBLIC", "PRIVATE", "UNKNOWN")
STATUSES = {"ACTIVE": "APPROVED"}
# Only the app's own permissions reach these; a member may not approve themselves.
SETTLED = frozenset({"id", "contactId", "createdDate", "updatedDate", "lastLoginDate", "status"})


def on_the_wire(member: SiteMember, fieldset: str) -> dict[str, Any]:
    """Return a member as the API shows one under a fieldset."""
    extra = member.extra
    record: dict[str, Any] = {
        "id": member.id,
        "contactId": member.id,
        "profile": {
            "nickname": member.nickname,
            "slug": slug_of(member),
            **{name: extra[name] for name in PROFILE if name in extra},
        },
        "privacyStatus": extra.get("privacyStatus", "PUBLIC"),
        "activityStatus": "ACTIVE",
        "createdDate": timestamp(member.created_at),
        "updatedDate": timestamp(member.updated_at),
    }
    if fieldset == "PUBLIC":
        return record
    record |= {
        "loginEmail": member.email,
        "loginEmailVerified": member.email_verified,
        "status": STATUSES.get(member.status, member.status),
        "contact": {"firstName": member.first_name, "lastName": member.last_name},
    }
    if fieldset == "FULL":
        record["contact"] |= {name: extra[name] for name in CONTACT if name in extra}
        record["contact"].setdefault("emails", [member.email])
    return record


def slug_of(member: SiteMember) -> str:
    """Return the path segment of a member's page, their own or from the e-mail address."""
    return str(member.extra.get("slug") or member.email.partition("@")[0].lower())


async def my_member(request: web.Request) -> web.Response:
    """Return the member who calls."""
    caller = require(authenticate(request), "member")
    fieldset = _fieldset(await message(request))
    member = _member(state_of(request), caller.subject_id)
    return web.json_response({"member": on_the_wire(member, fieldset)})


async def one_member(request: web.Request) -> web.Response:
    """Return one member, in full only to themselves and the app."""
    caller = authenticate(request)
    fieldset = _fieldset(await message(request))
    member = _member(state_of(request), request.match_info["id"])
    if not caller.is_elevated and caller.member_id != member.id:
        _public_only(fieldset)
        _visible(member)
    return web.json_response({"member": on_the_wire(member, fieldset)})


async def list_members(request: web.Request) -> web.Response:
    """Return a page of members in the order they joined."""
    asked = await message(request)
    query = {"paging": an_object(asked.get("paging"), "paging"), "sort": asked.get("sorting")}
    return _page(request, query, _fieldset(asked))


async def query_members(request: web.Request) -> web.Response:
    """Return the members that a query finds."""
    asked = await message(request)
    query = an_object(asked.get("query"), "query")
    within = query.get("fieldsets") or asked.get("fieldsets")
    return _page(request, query, _fieldset({"fieldsets": within}))


async def update_member(request: web.Request) -> web.Response:
    """Change a member's own record; the app may change anyone's."""
    caller = authenticate(request)
    state = state_of(request)
    member = _member(state, request.match_info["id"])
    _own(caller, member)
    change = an_object((await message(request)).get("member"), "member")
    for name in SETTLED & change.keys():
        if name != "id" and not caller.is_elevated:
            raise permission_denied(f"A member may not change {name}")
    _apply(state, member, change, elevated=caller.is_elevated)
    member.updated_at = state.clock.now()
    changed = on_the_wire(member, "FULL")
    state.report(Change(MEMBER_UPDATED, member.id, changed, caller.kind, caller.subject_id))
    return web.json_response({"member": changed})


async def change_slug(request: web.Request) -> web.Response:
    """Change the path segment of a member's page."""
    caller = authenticate(request)
    state = state_of(request)
    member = _member(state, request.match_info.get("id", caller.subject_id))
    _own(caller, member)
    wanted = (await message(request)).get("slug")
    member.extra["slug"] = _free_slug(state, member, wanted)
    member.updated_at = state.clock.now()
    return web.json_response({"member": on_the_wire(member, "FULL")})


async def delete_member(request: web.Request) -> web.Response:
    """Remove a member: themselves, or anyone by the app."""
    caller = authenticate(request)
    state = state_of(request)
    if request.match_info.get("id") is None:
        require(caller, "member")
    member = _member(state, request.match_info.get("id", caller.subject_id))
    if "id" in request.match_info:
        require(caller, "app")
    del state.members[member.id]
    state.tokens.revoke_subject(member.id, access_too=True)
    gone = on_the_wire(member, "FULL")
    state.report(Change(MEMBER_DELETED, member.id, gone, caller.kind, caller.subject_id))
    return web.json_response({})


async def set_status(request: web.Request) -> web.Response:
    """Approve or block a member, as the app."""
    require(authenticate(request), "app")
    state = state_of(request)
    member = _member(state, request.match_info["id"])
    approve = request.path.endswith("/approve")
    member.status = "ACTIVE" if approve else "BLOCKED"
    if approve:
        member.pending_reasons.clear()
    else:
        state.tokens.revoke_subject(member.id, access_too=True)
    return web.json_response({})


def _page(request: web.Request, raw: dict[str, Any], fieldset: str) -> web.Response:
    caller = authenticate(request)
    if not caller.is_elevated:
        _public_only(fieldset)
    shown = [
        # Filters may name every field, whatever the answer shows of it.
        on_the_wire(member, "FULL")
        for member in state_of(request).members.values()
        if caller.is_elevated or _is_visible(member)
    ]
    page = run(parse({key: part for key, part in raw.items() if part}), shown)
    members = state_of(request).members
    found = [on_the_wire(members[entity["id"]], fieldset) for entity in page.entities]
    return web.json_response({"members": found, "metadata": page.offsets})


def _apply(state: State, member: SiteMember, change: dict[str, Any], *, elevated: bool) -> None:
    """Change a member's record, all or nothing; raise WixError."""
    contact = an_object(change.get("contact"), "member.contact")
    profile = an_object(change.get("profile"), "member.profile")
    first = _text(contact, "firstName", member.first_name)
    last = _text(contact, "lastName", member.last_name)
    nickname = _text(profile, "nickname", member.nickname)
    extra = {name: contact[name] for name in CONTACT if name in contact}
    extra |= {name: profile[name] for name in PROFILE if name in profile}
    if "slug" in profile:
        extra["slug"] = _free_slug(state, member, profile["slug"])
    if "privacyStatus" in change:
        if change["privacyStatus"] not in PRIVACY:
            raise invalid("member.privacyStatus", "is not known", "ENUM", allowed=list(PRIVACY))
        extra["privacyStatus"] = change["privacyStatus"]
    email = _text(change, "loginEmail", member.email) if elevated else member.email
    if state.member_by_email(email) not in (None, member):
        raise ApplicationError(409, "ALREADY_EXISTS", "Another member has this e-mail address")
    member.first_name, member.last_name, member.nickname = first, last, nickname
    member.email = email
    member.extra |= extra


def _text(record: dict[str, Any], name: str, present: str) -> str:
    value = record.get(name, present)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(name, "must be a text", "TYPE")
    return value


def _free_slug(state: State, member: SiteMember, wanted: object) -> str:
    if not isinstance(wanted, str) or not wanted:
        raise invalid("slug", "must be a text", "TYPE")
    if any(slug_of(other) == wanted for other in state.members.values() if other is not member):
        raise ApplicationError(409, "SLUG_ALREADY_EXISTS", "Another member has this slug")
    return wanted


def _fieldset(asked: dict[str, Any]) -> str:
    given = names(asked.get("fieldsets") or asked.get("fieldSet"), "fieldsets")
    for name in given:
        if name not in FIELDSETS:
            raise invalid("fieldsets", f"has {name!r}", "ENUM", allowed=list(FIELDSETS))
    return max(given, key=FIELDSETS.index, default="PUBLIC")


def _member(state: State, member_id: str) -> SiteMember:
    member = state.members.get(member_id)
    if member is None:
        raise not_found("Member not found")
    return member


def _own(caller: Caller, member: SiteMember) -> None:
    if not caller.is_elevated and caller.member_id != member.id:
        raise permission_denied()


def _public_only(fieldset: str) -> None:
    if fieldset != "PUBLIC":
        raise permission_denied(f"The fieldset {fieldset} needs the app's permissions")


def _is_visible(member: SiteMember) -> bool:
    return member.status == "ACTIVE" and member.extra.get("privacyStatus") != "PRIVATE"


def _visible(member: SiteMember) -> None:
    if not _is_visible(member):
        raise not_found("Member not found")


BASE = "/members/v1/members"
ROUTES: list[web.RouteDef] = [
    web.get(f"{BASE}/my", my_member),
    web.delete(f"{BASE}/my", delete_member),
    web.post(f"{BASE}/my/slug", change_slug),
    web.get(BASE, list_members),
    *readable(f"{BASE}/query", query_members),
    web.get(f"{BASE}/{{id}}", one_member),
    web.patch(f"{BASE}/{{id}}", update_member),
    web.delete(f"{BASE}/{{id}}", delete_member),
    web.post(f"{BASE}/{{id}}/slug", change_slug),
    web.post(f"{BASE}/{{id}}/approve", set_status),
    web.post(f"{BASE}/{{id}}/block", set_status),
]
