"""The story of one request, from its head to its answer.

The gate judges its grammar, the host chooses the public URL, the route table
names the handler, the cross-site guard asks who sent it, the session is found,
and the handler answers. Whatever refuses does so by raising: the refusal is
answered here, once, as a problem for programs or as a page for people.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import replace

from .browser_session import BrowserSession
from .downstream import ClientDownstream
from .errors import BodyTooSlow, ClientGone, HostRefused, MalformedRequest, WixproxyError
from .exchange import Exchange
from .pages import problem_answer, problem_page
from .sansio import fetch_metadata, gate
from .sansio.exchange import Fields, Request
from .sansio.forwarded import client_address, refuse_loop
from .sansio.headers import get, is_last_hop, is_websocket_upgrade
from .sansio.public_url import Hosts, PublicURL
from .sansio.routes import BACKEND_PATH, FRONTEND, SDK, SERVER, SESSION, Route
from .service import Service

log = logging.getLogger("wixproxy.server")
requests_log = logging.getLogger("wixproxy.requests")


class RequestServer:
    """Answers requests with one `Service`, which a reload may swap for another."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def serve(self, downstream: ClientDownstream) -> None:
        """Answer one request; raises `ClientGone` when there is nobody to answer."""
        began = time.perf_counter()
        request_id = secrets.token_hex(8)
        service = self.service
        try:
            with service.in_use:
                await self._answer(service, downstream, request_id)
        except ClientGone:
            raise
        except WixproxyError as error:
            await self._refuse(downstream, error, request_id)
        except Exception as error:
            # The cause goes to the log; the client learns the id that finds it there.
            log.error("request %s failed", request_id, exc_info=error)
            await self._refuse(downstream, WixproxyError(), request_id)
        finally:
            log_request(downstream, request_id, time.perf_counter() - began)

    async def refuse(self, downstream: ClientDownstream, error: WixproxyError) -> None:
        """Answer a request that could not even be parsed."""
        request_id = secrets.token_hex(8)
        await self._refuse(downstream, error, request_id)
        log_request(downstream, request_id, 0.0)

    async def _answer(
        self, service: Service, downstream: ClientDownstream, request_id: str
    ) -> None:
        pass_gate(downstream, service.gate_limits)
        authority, target = gate.effective_target(downstream.request)
        refuse_loop(downstream.request.fields, service.pseudonym)
        request = replace(downstream.request, target=target)
        route = service.routes.match(request.path)
        route.admit(request.method, request.path)
        if route.any_host:
            await service.status[route.name](downstream)
            return
        if route is SERVER or is_last_hop(request):
            await downstream.answer(204, [(b"Allow", b", ".join(_SERVED))])
            return
        shows_page = fetch_metadata.is_navigation(request.fields)
        is_navigation = request.method == "GET" and shows_page and route is not BACKEND_PATH
        public = await _public_url(service.hosts, downstream, authority, target, is_navigation)
        if public is None:
            return
        front = service.fronts[public]
        _guard(service, request, route, public)
        session = BrowserSession(
            front, request.fields, may_carry=_may_carry(request, route, shows_page, public)
        )
        downstream.before_head = session.before_head
        if route is not BACKEND_PATH:
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

    async def _refuse(
        self, downstream: ClientDownstream, error: WixproxyError, request_id: str
    ) -> None:
        if downstream.head_sent:
            # Too late for another answer: an incomplete one must look so.
            log.warning("request %s was cut short: %s", request_id, error.message)
            downstream.abort()
            return
        if isinstance(error, (MalformedRequest, BodyTooSlow)):
            downstream.close_after()
        if error.status >= 500:
            log.warning("request %s: %s: %s", request_id, error.code, error.message)
        shows_page = fetch_metadata.wants_page(downstream.request.fields)
        if error.status >= 500 and not self.service.tells_causes:
            error = error.without_cause()
        render = problem_page if shows_page else problem_answer
        fields, body = render(error, request_id, error.status)
        await downstream.answer(error.status, _varying(fields), body)


def pass_gate(downstream: ClientDownstream, limits: gate.Limits) -> None:
    """Let the gate judge the head; where it refuses, the connection ends with the answer."""
    try:
        gate.check(downstream.request, limits)
    except WixproxyError:
        # Nobody knows where the next request begins (RFC 9112 §9.6).
        downstream.close_after()
        raise


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


_SERVED = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")


def _may_carry(request: Request, route: Route, shows_page: bool, public: PublicURL) -> bool:
    """Tell whether the answer is one that the session cookie may join."""
    if route in (SDK, BACKEND_PATH) or fetch_metadata.is_prefetch(request.fields):
        return False
    if route is not FRONTEND or shows_page:
        return True
    is_fetch = get(request.fields, b"sec-fetch-dest") == b"empty"
    return is_fetch and fetch_metadata.is_same_origin(request, public)


def _varying(fields: Fields) -> Fields:
    return [*fields, (b"Vary", fetch_metadata.GUARD_VARY)]


def log_request(downstream: ClientDownstream, request_id: str, seconds: float) -> None:
    """Write one line; never the query, which may hold a code."""
    if not requests_log.isEnabledFor(logging.INFO):
        return
    request = downstream.request
    requests_log.info(
        "%s %s %s %d B %.1f ms %s",
        request.method[:32],
        request.path[:200].decode("ascii", "backslashreplace"),
        _outcome(downstream),
        downstream.bytes_sent,
        seconds * 1000,
        request_id,
    )


def _outcome(downstream: ClientDownstream) -> str:
    """Return the status; "cut" stands behind it where the answer was not sent to its end."""
    if downstream.ended:
        return str(downstream.status)
    return f"{downstream.status} cut" if downstream.head_sent else "cut"
