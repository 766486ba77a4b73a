"""Everything that one configuration means: the object that a reload swaps for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from .downstream import ClientDownstream
from .exchange import Exchange
from .front import Front
from .sansio.forwarded import TrustedProxies
from .sansio.gate import Limits as GateLimits
from .sansio.public_url import Hosts, PublicURL
from .sansio.routes import Routes

Handler = Callable[[Exchange], Awaitable[None]]
StatusHandler = Callable[[ClientDownstream], Awaitable[None]]


class InUse:
    """Counts the exchanges that are under way, so that nothing is closed under them."""

    __slots__ = ("_count", "_ended")

    def __init__(self) -> None:
        self._count = 0
        self._ended: asyncio.Future[None] | None = None

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(self, *exc: object) -> None:
        self._count -= 1
        if self._count == 0 and self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    async def ended(self) -> None:
        """Return when none is under way."""
        if self._count:
            self._ended = asyncio.get_running_loop().create_future()
            await self._ended


@dataclass(frozen=True, slots=True)
class Service:
    """What `serve` decides with and whom it gives requests to.

    `handlers` and `status` are by the name of the route; `pseudonym` is our
    name in `Via`; `tells_causes` says whether clients learn what went wrong
    behind the proxy, with addresses and all; `start` begins what runs beside the
    requests, `retire` ends that when another takes its place, and `close` ends the
    connections of this configuration once none of its exchanges is `in_use`.
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
    retire: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
    in_use: InUse = field(default_factory=InUse)
