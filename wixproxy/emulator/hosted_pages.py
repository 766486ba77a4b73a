"""Show the pages on Wix that a redirect session leads to, and finish what they are for.

Law:
1. "Complete" buys, books or reserves, once for each redirect session, for
   whoever is logged in here or else for whoever made the session.
2. It leads to `thankYouPageUrl` with what was bought, where there is such a
   page, else to `postFlowUrl`. "Leave" leads to `postFlowUrl` and does nothing.
3. Every way back says whether a member is logged in here.

Source: Wix "About the Redirects API" and the typings of the redirects package:
the parameters added to callbacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .browser import member_of_browser, page, see_other, with_parameters
from .login_pages import lost
from .logins import RedirectSession
from .purchases import FLOWS, Buyer, Flow, Impossible
from .redirects import PAGES
from .sites import site_origin
from .state import STATE, State

# Wix: pages that the site may have itself.
_OWN_PAGES = {
    "cartPageUrl": "Back to the cart",
    "bookingsServiceListUrl": "All services",
    "planListUrl": "All plans",
}


@dataclass(frozen=True)
class Visit:
    """One look at a hosted page: the session, its flow, and who is there."""

    state: State
    session: RedirectSession
    flow: Flow
    member_id: str | None
    origin: str

    @property
    def buyer(self) -> Buyer:
        """Whom the purchase belongs to."""
        if self.member_id is not None:
            return Buyer("member", self.member_id)
        return Buyer(self.session.subject_kind, self.session.subject_id)

    @property
    def receipts(self) -> dict[str, Mapping[str, str]]:
        """What each redirect session has yielded."""
        return self.state.area("receipts", dict[str, Mapping[str, str]])

    def way_back(self, receipt: Mapping[str, str] | None = None) -> str | None:
        """Return where the browser goes: with a receipt after success, without on leaving."""
        if receipt is not None and "thankYouPageUrl" in self.session.callbacks:
            return self.callback("thankYouPageUrl", receipt)
        return self.callback("postFlowUrl")

    def callback(self, name: str, more: Mapping[str, str] | None = None) -> str | None:
        """Return a callback of the session with what every callback is told, if it has one."""
        url = self.session.callbacks.get(name)
        told = {**(more or {}), "wixMemberLoggedIn": "true" if self.member_id else "false"}
        return with_parameters(url, told) if url else None


async def show_page(request: web.Request) -> web.Response:
    """Show a hosted page."""
    visit = _visit(request, request.query.get("redirectSessionId", ""))
    return _page(visit) if visit else lost()


async def complete(request: web.Request) -> web.Response:
    """Do what the page is for, and lead the browser back."""
    form = await request.post()
    visit = _visit(request, str(form.get("redirectSessionId", "")))
    if visit is None:
        return lost()
    if visit.flow.members_only and visit.member_id is None:
        return see_other(f"/signup?redirectSessionId={visit.session.id}")
    if visit.session.id not in visit.receipts:
        try:
            made = visit.flow.buy(visit.state, visit.session.detail, visit.buyer, visit.origin)
        except Impossible as reason:
            return _page(visit, str(reason), status=409)
        visit.receipts[visit.session.id] = made
    back = visit.way_back(visit.receipts[visit.session.id])
    return see_other(back) if back else _page(visit, done=True)


def _visit(request: web.Request, session_id: str) -> Visit | None:
    state = request.app[STATE]
    session = state.logins.redirect_sessions.get(session_id)
    if session is None or PAGES[session.intent][0] != request.path:
        return None
    origin = site_origin(request)
    return Visit(state, session, FLOWS[session.intent], member_of_browser(request), origin)


def _page(
    visit: Visit, message: str = "", status: int = 200, *, done: bool = False
) -> web.Response:
    values: dict[str, Any] = {
        "title": visit.flow.title,
        "site": visit.state.data.site.name,
        "session": visit.session,
        "member": visit.state.members.get(visit.member_id or ""),
        "members_only": visit.flow.members_only,
        "action": PAGES[visit.session.intent][0],
        "back": visit.way_back(),
        "login": visit.callback("loginUrl") or f"/login?redirectSessionId={visit.session.id}",
        "elsewhere": [
            (text, url) for name, text in _OWN_PAGES.items() if (url := visit.callback(name))
        ],
        "done": done or visit.session.id in visit.receipts,
        "message": message,
        "facts": {},
    }
    try:
        values["facts"] = visit.flow.facts(visit.state, visit.session.detail)
    except Impossible as reason:
        values["message"] = values["message"] or str(reason)
    values["possible"] = bool(values["facts"]) or visit.flow.is_bare
    return page("flow.html", status, **values)


ROUTES: list[web.RouteDef] = [
    route
    for intent in FLOWS
    for route in (web.get(PAGES[intent][0], show_page), web.post(PAGES[intent][0], complete))
]
