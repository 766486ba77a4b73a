"""Find out where the command listens, while it starts.

`sansio.dev_server` decides; this gathers what it decides by: the lines of
output as they come, and the ports that the command's processes hold. Nothing
is asked of a server but whether it takes a connection, and that only where
no port is known to be the command's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from ..errors import FrontendStarting, UpstreamError
from ..sansio.dev_server import Search
from ..sansio.origin import Origin
from ..wire.dial import dial

BETWEEN_LOOKS_SECONDS = 0.25
KNOCK_SECONDS = 1.0
RETRY_SECONDS = 1

Ports = Callable[[], frozenset[int] | None]

log = logging.getLogger("wixproxy.frontend")


class Whereabouts:
    """Where the command listens, once that is known.

    `ours` are the ports of the proxy itself, `ports` tells which ones the
    command's processes hold, or None where nobody tells.
    """

    def __init__(self, ours: frozenset[int], ports: Ports) -> None:
        self._search = Search(ours)
        self._ports = ports
        self._origin: Origin | None = None
        self._undecided: list[int] = []
        self._heard = asyncio.Event()

    def locate(self) -> Origin:
        """Return where it listens; raises `FrontendStarting` while nobody knows."""
        if self._origin is not None:
            return self._origin
        message = "The frontend's command has not opened a port yet."
        if self._undecided:
            message = _choose(self._undecided)
        raise FrontendStarting(message, retry_after=RETRY_SECONDS)

    def read(self, line: str) -> None:
        """Take note of a line of output."""
        if self._origin is None:
            self._search.read(line, asyncio.get_running_loop().time())
            self._heard.set()

    async def look(self) -> None:
        """Look until it is found."""
        loop = asyncio.get_running_loop()
        while self._origin is None:
            self._heard.clear()
            self._search.hold(self._ports(), loop.time())
            self._origin = self._search.found(loop.time()) or await self._tried(loop.time())
            self._complain(self._search.undecided(loop.time()))
            if self._origin is None:
                await self._next_look()
        log.info("the frontend listens at %s", self._origin)

    async def _tried(self, now: float) -> Origin | None:
        for origin in self._search.unproved(now):
            try:
                # A connection is enough; whose certificate it has is seen later.
                plain = Origin("http", origin.host, origin.port)
                knock = await dial(plain, _Knock, None, KNOCK_SECONDS)
            except UpstreamError:
                continue
            knock.leave()
            return origin
        return None

    def _complain(self, ports: list[int]) -> None:
        if ports and ports != self._undecided and self._origin is None:
            log.warning(_choose(ports))
        self._undecided = ports

    async def _next_look(self) -> None:
        try:
            async with asyncio.timeout(BETWEEN_LOOKS_SECONDS):
                await self._heard.wait()
        except TimeoutError:
            pass


class _Knock(asyncio.Protocol):
    """A connection that is opened to be closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def leave(self) -> None:
        """Close the connection."""
        self._transport.abort()


def _choose(ports: list[int]) -> str:
    *others, last = map(str, ports)
    return (
        f"The frontend's command listens on the ports {', '.join(others)} and {last}. Say which "
        f"of them the pages come from, for example --upstream http://localhost:{ports[0]}."
    )
