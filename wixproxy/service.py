"""Everything that one configuration means: the object that a reload swaps for another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from .downstream import ClientDownstream
from .exchange import Exchange
from .front import Front
from .sansio.forwarded import TrustedProxies
from .sansio.gate import Limits as GateLimits
from .sansio.public_url import Hosts, PublicURL
from .sansio.routes import Routes

Handler = Callable[[Exchange], Awaitable[None]]
StatusHandler = Callable[[ClientDownstream], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """What `serve` decides with and whom it gives requests to.

    `handlers` and `status` are by the name of the route; `pseudonym` is our
    name in `Via`; `tells_causes` says whether clients learn what went wrong
    behind the proxy, with addresses and all; `start` begins what runs beside the
    requests, and `close` ends it with the connections of this configuration.
    """

    gate_limits: GateLimits
    hosts: Hosts
    routes: Routes
    fronts: Mapping[PublicURL, Front]
    allowed_origins: frozenset[str]
    trusted_proxies: TrustedProxies
    pseudonym: bytes
    tells_causes: bool
    handlers: Mapping[str, Handler]
    status: Mapping[str, StatusHandler]
    start: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
