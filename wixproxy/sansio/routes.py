"""Say which route a raw path belongs to.

The table is read with the bytes that came: nothing is decoded, folded or
collapsed first. `/_wix/` is reserved whole, so a path below it that is no
route is a 404 of ours and never the frontend's. A path that would only
decode to `/_wix/` (`/%5Fwix/`, `/_WIX/`, `//_wix/`) is refused: it is not
ours, and a frontend that decodes it must not believe that it came from us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import MethodRefused, NoSuchRoute, PathRefused, quoted
from . import wix_pages
from .backend_paths import BackendPaths
from .delivery_paths import DeliveryPaths

PREFIX = b"/_wix/"
API_PREFIX = b"/_wix/api"
WEBHOOKS_PREFIX = b"/_wix/extensions/webhooks/"
SERVICE_PLUGINS_PREFIX = b"/_wix/extensions/service-plugins/"
DEFAULT_CALLBACK_PATH = "/_wix/callback"

FRONTEND_NAME = "frontend"
UNKNOWN_NAME = "unknown"
DISGUISED_NAME = "disguised"
DELIVERY_NAME = "delivery"
BESIDE_NAME = "beside"
BACKEND_PATH_NAME = "backend-path"
AMBIGUOUS_NAME = "ambiguous"

# What the 404 problem lists; {callback} is configuration, the testing route is not advertised.
ROUTE_LIST = (
    "GET, POST /_wix/login",
    "POST /_wix/register",
    "POST /_wix/verify",
    "POST /_wix/recover",
    "GET, POST {callback}",
    "GET, POST /_wix/logout",
    "GET /_wix/logout-callback",
    "GET /_wix/session",
    "GET /_wix/sdk.js",
    "* /_wix/api/{path of a Wix API call}",
    "POST /_wix/extensions/webhooks/{id}",
    "POST /_wix/extensions/service-plugins/{id}/{path of a method}",
    "GET /_wix/healthz",
    "GET /_wix/readyz",
)

_DISGUISED = re.compile(
    rb"/+(?:_|%5f)(?:w|%[57]7)(?:i|%[46]9)(?:x|%[57]8)(?:[/\\;]|%2f|%5c|%3b|$)", re.IGNORECASE
).match


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table.

    `methods` is empty where any is served. `open_methods` are those that the
    cross-site guard does not judge, `any_host` says that the route answers
    under every Host, `listed` is what its 404 problem lists, and `beside` is
    where the frontend is that its requests were meant for.
    """

    name: str
    methods: tuple[str, ...] = ()
    open_methods: frozenset[str] = frozenset()
    any_host: bool = False
    listed: tuple[str, ...] = ()
    beside: str | None = None

    @property
    def is_frontend(self) -> bool:
        """Tell whether the request goes to the frontend."""
        return self.name == FRONTEND_NAME

    def is_guarded(self, method: str) -> bool:
        """Tell whether the cross-site guard judges this method here."""
        # A backend path has a guard of its own, because pages at Wix may call it.
        frontends = (FRONTEND_NAME, BACKEND_PATH_NAME)
        return self.name not in frontends and method not in self.open_methods

    def admit(self, method: str, path: bytes) -> None:
        """Refuse what the table has no place for.

        Raises `MethodRefused`, whose `allow` lists the methods; `NoSuchRoute`
        below the prefix; `PathRefused` for a disguise of the prefix, and for a
        path that some server would read as one that takes verified calls alone.
        """
        if self.name == UNKNOWN_NAME:
            raise NoSuchRoute(
                f"There is no route {quoted(path)}. Paths below /_wix/ belong to the proxy "
                "and never reach the frontend.",
                routes=list(self.listed),
            )
        if self.name == DISGUISED_NAME:
            raise PathRefused(
                f"{quoted(path)} is another spelling of a path below /_wix/; "
                "write the prefix exactly so."
            )
        if self.name == BESIDE_NAME:
            raise NoSuchRoute(
                f"This proxy serves paths below /_wix/ alone (upstream.api_only), and "
                f"{quoted(path)} is none. The frontend answers all others, at {self.beside}.",
                routes=list(self.listed),
                public_url=self.beside,
            )
        if self.name == AMBIGUOUS_NAME:
            raise PathRefused(
                f"{quoted(path)} could be read as two paths, one of which takes verified calls "
                "alone; write it plainly."
            )
        if self.name == DELIVERY_NAME:
            raise NoSuchRoute("There is nothing here for a client.")
        if self.methods and method not in self.methods:
            raise MethodRefused(
                f"{quoted(path)} is served for {' and '.join(self.methods)}, not for {method}.",
                allow=list(self.methods),
            )


_GET = frozenset({"GET"})
_READ = frozenset({"GET", "HEAD"})

# The logout page is open to a link from anywhere: it only shows a button then.
LOGIN = Route("login", ("GET", "POST"), open_methods=_GET)
REGISTER = Route("register", ("POST",))
VERIFY = Route("verify", ("POST",))
RECOVER = Route("recover", ("POST",))
CALLBACK = Route("callback", ("GET", "POST"), open_methods=_GET)
LOGOUT = Route("logout", ("GET", "POST"), open_methods=_GET)
LOGOUT_CALLBACK = Route("logout-callback", ("GET",), open_methods=_GET)
# The frame in which the client's own direct login ends (see credential_calls).
DIRECT_LOGIN = Route("direct-login", ("GET",))
# A script that holds nothing; a page of any origin may load it and gains nothing.
SDK = Route("sdk.js", ("GET", "HEAD"), open_methods=_READ)
SESSION = Route("session", ("GET", "HEAD"))
API = Route("api")
# Wix itself calls these, and a signature says so.
WEBHOOK = Route("webhook", ("POST",), open_methods=frozenset({"POST"}))
SERVICE_PLUGIN = Route("service-plugin", ("POST",), open_methods=frozenset({"POST"}))
HEALTHZ = Route("healthz", ("GET", "HEAD"), open_methods=_READ, any_host=True)
READYZ = Route("readyz", ("GET", "HEAD"), open_methods=_READ, any_host=True)
TESTING_SESSION = Route("testing/session", ("POST",))
# `OPTIONS *` asks about the server, not about a path (RFC 9110 §9.3.7).
SERVER = Route("server", ("OPTIONS",), open_methods=frozenset({"OPTIONS"}))
DISGUISED = Route(DISGUISED_NAME)
# Where the frontend handles what the two above verified: no client gets there.
DELIVERY = Route(DELIVERY_NAME)
# Where pages at Wix call the frontend with a token of Wix, and what might be such a path.
BACKEND_PATH = Route(BACKEND_PATH_NAME)
AMBIGUOUS = Route(AMBIGUOUS_NAME)
# These lead on to the site's own pages at Wix.
WIX_PAGE = Route("wix-page", ("GET", "HEAD"), open_methods=_READ)
WIX_SITE_API = Route("wix-site-api", open_methods=_READ)
FRONTEND = Route(FRONTEND_NAME)

# The login routes of Wix's Astro integration.
ASTRO_ROUTES = {
    "/api/auth/login": LOGIN,
    "/api/auth/callback": CALLBACK,
    "/api/auth/logout": LOGOUT,
    "/api/auth/logout-callback": LOGOUT_CALLBACK,
}


class Routes:
    """The table of one configuration."""

    def __init__(
        self,
        *,
        callback_path: str = DEFAULT_CALLBACK_PATH,
        testing: bool = False,
        delivery_paths: DeliveryPaths | None = None,
        beside: str | None = None,
        backend_paths: BackendPaths | None = None,
        astro_routes: bool = False,
        wix_pages: bool = False,
    ) -> None:
        self._delivery_paths = delivery_paths or DeliveryPaths()
        self._backend_paths = backend_paths or BackendPaths()
        self._wix_pages = wix_pages
        # Almost every path is the frontend's, and most sites have no others.
        self._has_no_others = not delivery_paths and not backend_paths
        self._exact = {
            b"/_wix/login": LOGIN,
            b"/_wix/register": REGISTER,
            b"/_wix/verify": VERIFY,
            b"/_wix/recover": RECOVER,
            b"/_wix/logout": LOGOUT,
            b"/_wix/logout-callback": LOGOUT_CALLBACK,
            b"/_wix/direct-login": DIRECT_LOGIN,
            b"/_wix/sdk.js": SDK,
            b"/_wix/session": SESSION,
            b"/_wix/healthz": HEALTHZ,
            b"/_wix/readyz": READYZ,
            API_PREFIX: API,
            b"*": SERVER,
            callback_path.encode("ascii"): CALLBACK,
        }
        listed = tuple(line.replace("{callback}", callback_path) for line in ROUTE_LIST)
        self.unknown = Route(UNKNOWN_NAME, listed=listed)
        # Where the frontend stands beside the proxy, its requests lead nowhere.
        self._rest = Route(BESIDE_NAME, listed=listed, beside=beside) if beside else FRONTEND
        if astro_routes:
            self._exact |= {path.encode("ascii"): route for path, route in ASTRO_ROUTES.items()}
        if testing:
            self._exact[b"/_wix/testing/session"] = TESTING_SESSION

    def match(self, path: bytes) -> Route:
        """Return the route of a raw path, without its query."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        if path.startswith(PREFIX):
            return self._below_prefix(path)
        if _DISGUISED(path):
            return self.unknown if path == b"/_wix" else DISGUISED
        if self._wix_pages and wix_pages.is_page(path):
            return WIX_PAGE
        if self._wix_pages and wix_pages.is_site_api(path):
            return WIX_SITE_API
        return self._rest if self._has_no_others else self._frontends(path)

    def _frontends(self, path: bytes) -> Route:
        if self._delivery_paths.cover(path):
            return DELIVERY
        return {"none": self._rest, "plain": BACKEND_PATH, "ambiguous": AMBIGUOUS}[
            self._backend_paths.meaning(path)
        ]

    def _below_prefix(self, path: bytes) -> Route:
        if path.startswith(b"/_wix/api/"):
            return API
        if path.startswith(WEBHOOKS_PREFIX):
            return WEBHOOK
        return SERVICE_PLUGIN if path.startswith(SERVICE_PLUGINS_PREFIX) else self.unknown
