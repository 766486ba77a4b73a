"""Answer programs: server code of the frontend, on a listener that no browser reaches.

1. Every request carries the backend secret; one that a browser sent (it has
   `Origin` or `Sec-Fetch-Site`) is refused even with it.
2. `/_wix/api/*` runs as the session of the cookie that is handed on, whichever
   public URL it belongs to; without one it is refused, or runs as one shared
   visitor when the program says `X-Wixproxy-As: visitor`. A cookie that does
   not open is refused in any case: its browser is somebody, and not the
   shared visitor.
3. With `X-Wixproxy-Caller`, as a call below `extensions.backend_paths` brought
   it, `/_wix/api/*` runs as the caller of that call.
4. `/_wix/elevated/*` runs as the app, for the instance that
   `X-Wixproxy-Instance` names, else for the configured one.
5. No cookie is set here: what became of a session reaches its browser with
   the next answer on the public listener.
"""

from __future__ import annotations

import hmac
import logging

from .browser_session import BrowserSession
from .downstream import ClientDownstream
from .errors import (
    BackendUnauthorized,
    CrossSiteRequest,
    NoSession,
    NoSuchRoute,
    WixproxyError,
)
from .exchange import Exchange
from .pages import problem_answer
from .request_frame import RequestFrame, pass_gate
from .sansio.exchange import Fields
from .sansio.headers import get, without
from .sansio.redaction import Secret
from .sansio.session import Session
from .serve import RequestServer
from .service import Service

API = b"/_wix/api/"
ELEVATED = b"/_wix/elevated/"
SECRET_FIELD = b"x-wixproxy-backend"
AS_FIELD = b"x-wixproxy-as"
CALLER_FIELD = b"x-wixproxy-caller"


class BackendServer(RequestFrame):
    """Answers the requests of programs with the service of the public listener."""

    log = logging.getLogger("wixproxy.backend")

    def __init__(self, requests: RequestServer, secret: Secret) -> None:
        super().__init__()
        self._requests = requests
        self._secret = secret.reveal().encode()
        self._shared: Session | None = None

    def _service_now(self) -> Service:
        return self._requests.service

    async def _answer(
        self, service: Service, downstream: ClientDownstream, request_id: str
    ) -> None:
        request = downstream.request
        pass_gate(downstream, service.gate_limits)
        self._check_caller(downstream)
        front = service.fronts[service.hosts.canonical]
        fields = without(request.fields, {SECRET_FIELD, AS_FIELD})
        exchange = Exchange(
            request=request.with_fields(fields),
            downstream=downstream,
            front=front,
            session=BrowserSession(front, request.fields, may_carry=False),
            request_id=request_id,
            is_navigation=False,
            address=None,
        )
        if request.path.startswith(API) and get(request.fields, CALLER_FIELD) is not None:
            await service.handlers["as-caller"](exchange)
        elif request.path.startswith(API):
            await self._find_session(service, exchange, get(request.fields, AS_FIELD))
            await service.handlers["api"](exchange)
        elif request.path.startswith(ELEVATED):
            await service.handlers["elevated"](exchange)
        else:
            raise NoSuchRoute("The backend listener serves /_wix/api/* and /_wix/elevated/*.")

    def _check_caller(self, downstream: ClientDownstream) -> None:
        fields = downstream.request.fields
        for name in (b"origin", b"sec-fetch-site"):
            if get(fields, name) is not None:
                raise CrossSiteRequest("The backend listener is for programs, not for browsers.")
        shown = get(fields, SECRET_FIELD) or b""
        if not hmac.compare_digest(shown, self._secret):
            raise BackendUnauthorized(
                "Expected the backend secret in X-Wixproxy-Backend, as WIXPROXY_BACKEND_SECRET or "
                "backend.secret give it."
            )

    async def _find_session(
        self, service: Service, exchange: Exchange, identity: bytes | None
    ) -> None:
        """Open the cookie that is handed on at the public URL that it belongs to."""
        fronts, fields = service.fronts.values(), exchange.request.fields
        for front in fronts:
            session = BrowserSession(front, fields, may_carry=False)
            await session.open(slides=False)
            if session.is_known:
                exchange.front, exchange.session = front, session
                return
        if any(front.cookies.is_shown(fields) for front in fronts):
            raise NoSession(
                "Expected a session cookie of this proxy, found one that opens at none of its "
                "public URLs: it is expired, cut short, or another deployment's. Hand on the "
                "browser's whole Cookie header, or call without one."
            )
        if identity != b"visitor":
            raise NoSession(
                "The call carries no session cookie. Hand on the browser's Cookie header, or say "
                "X-Wixproxy-As: visitor to call as one visitor that all such calls share."
            )
        limits, now = exchange.front.limits, exchange.front.clock()
        if self._shared is None or not self._shared.is_alive(now, limits):
            self._shared = Session.visitor(now, limits)
        await exchange.session.keep(self._shared)

    def _problem(
        self, downstream: ClientDownstream, error: WixproxyError, request_id: str
    ) -> tuple[Fields, bytes]:
        """Return a problem: only programs call here, and they are told everything."""
        return problem_answer(error, request_id, error.status)
