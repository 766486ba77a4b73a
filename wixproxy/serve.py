"""The story of one request, from its head to its answer.

The gate judges its grammar, the host chooses the public URL, the route table
names the handler, the cross-site guard asks who sent it, the session is found,
and the handler answers. Whatever refuses does so by raising: the frame answers
the refusal, once, as a problem for programs or as a page for people.
"""

from __future__ import annotations

import logging

from .browser_session import BrowserSession
from .downstream import ClientDownstream
from .errors import HostRefused, WixproxyError
from .exchange import Exchange
from .pages import problem_answer, problem_page
from .request_frame import RequestFrame, pass_gate
from .sansio import fetch_metadata, gate
from .sansio.exchange import Fields, Request
from .sansio.forwarded import client_address, refuse_loop
from .sansio.headers import get, is_last_hop, is_websocket_upgrade
from .sansio.public_url import Hosts, PublicURL
from .sansio.routes import API_PREFIX, BACKEND_PATH, FRONTEND, SDK, SERVER, SESSION, Route
from .service import Service


class RequestServer(RequestFrame):
    """Answers requests with one `Service`, which a reload may swap for another."""

    log = logging.getLogger("wixproxy.server")

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.service = service

    def _service_now(self) -> Service:
        return self.service

    async def _answer(
        self, service: Service, downstream: ClientDownstream, request_id: str
    ) -> None:
        pass_gate(downstream, service.gate_limits)
        authority, target = gate.effective_target(downstream.request)
        refuse_loop(downstream.request.fields, service.pseudonym)
        request = downstream.request.with_target(target)
        route = service.routes.match(request.path)
        if route is not FRONTEND:
            route.admit(request.method, request.path)
        if route.any_host:
            await service.status[route.name](downstream)
            return
        if route is SERVER or is_last_hop(request):
            await downstream.answer(
                204, [(b"Allow", ", ".join(gate.ALLOWED_METHODS).encode("ascii"))]
            )
            return
        is_ahead = fetch_metadata.is_prefetch(request.fields)
        shows_page = not is_ahead and fetch_metadata.is_for_tab(request.fields)
        is_navigation = request.method == "GET" and shows_page and route is not BACKEND_PATH
        public = service.hosts.known.get(authority)
        if public is None:
            public = await _public_url(service.hosts, downstream, authority, target, is_navigation)
        if public is None:
            return
        front = service.fronts[public]
        _guard(service, request, route, public)
        session = BrowserSession(
            front,
            request.fields,
            may_carry=not is_ahead and _may_carry(request, route, shows_page, public),
        )
        downstream.before_head = session.before_head
        if session.is_shown and route is not BACKEND_PATH:
            await session.open(slides=route is not SESSION)
        exchange = Exchange(
            request=request,
            downstream=downstream,
            front=front,
            session=session,
            request_id=request_id,
            is_navigation=is_navigation,
            address=client_address(request.peer, request.fields, service.trusted_proxies),
        )
        await service.handlers[route.name](exchange)

    def _problem(
        self, downstream: ClientDownstream, error: WixproxyError, request_id: str
    ) -> tuple[Fields, bytes]:
        """Return a page for people and a problem for programs; strangers learn no causes."""
        request = downstream.request
        shows_page = fetch_metadata.wants_page(request.fields)
        if error.status >= 500 and not self.service.tells_causes:
            error = error.without_cause()
        if shows_page:
            posted, back = request.method == "POST", fetch_metadata.page_before(request)
            fields, body = problem_page(error, request_id, error.status, posted=posted, back=back)
        else:
            fields, body = problem_answer(error, request_id, error.status)
        if request.path.startswith(API_PREFIX):
            fields += fetch_metadata.cors_fields(request, self.service.allowed_origins)
        return [*fields, (b"Vary", fetch_metadata.GUARD_VARY)], body


async def _public_url(
    hosts: Hosts,
    downstream: ClientDownstream,
    authority: bytes | None,
    target: bytes,
    is_navigation: bool,
) -> PublicURL | None:
    """Return the public URL that the request is for; None when it was sent on to it."""
    try:
        return hosts.choose(authority)
    except HostRefused:
        location = hosts.canonical_redirect(authority, target, navigation=is_navigation)
        if location is None:
            raise
        await downstream.answer(307, [(b"Location", location), (b"Cache-Control", b"no-store")])
        return None


def _guard(service: Service, request: Request, route: Route, public: PublicURL) -> None:
    allowed = service.allowed_origins
    if route.is_guarded(request.method):
        fetch_metadata.guard(request, public, allowed, navigation_ok=True)
    elif route is FRONTEND and is_websocket_upgrade(request):
        has_cookie = service.fronts[public].cookies.is_shown(request.fields)
        fetch_metadata.guard_websocket(request, public, allowed, has_session_cookie=has_cookie)


def _may_carry(request: Request, route: Route, shows_page: bool, public: PublicURL) -> bool:
    """Tell whether the answer is one that the session cookie may join."""
    if route is SDK or route is BACKEND_PATH:
        return False
    if route is not FRONTEND or shows_page:
        return True
    is_fetch = get(request.fields, b"sec-fetch-dest") == b"empty"
    return is_fetch and fetch_metadata.is_same_origin(request, public)
