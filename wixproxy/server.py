"""Serve on open sockets, and stop without losing an answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from . import draining
from .assembly import Clock, Process, Shared, assemble, assemble_client
from .backend import BackendServer
from .config import Config
from .config.reloading import taken_over
from .descriptors import most_clients
from .errors import ConfigError
from .frontend_assembly import Locate
from .listening import BACKLOG
from .protocol import PublicServer
from .serve import RequestServer
from .service import Service

if TYPE_CHECKING:
    from .online_check import Finding

log = logging.getLogger("wixproxy.server")


class Proxy:
    """One running proxy: its listeners and the service behind them."""

    def __init__(self, config: Config, clock: Clock, process: Process) -> None:
        self.config = config
        self.process = process
        self.requests = RequestServer(assemble(config, clock, self.process))
        self._servers: list[PublicServer] = []
        self._listeners: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._hurried = asyncio.Event()
        self._clock = clock
        self._changing = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on these sockets."""
        loop = asyncio.get_running_loop()
        await self.requests.service.start()
        server = self._server(self.requests)
        for opened in sockets:
            listener = await loop.create_server(server, sock=opened, backlog=BACKLOG)
            self._listeners.append(listener)
        self._sockets += sockets
        self.process.unready = None

    async def start_backend(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections of programs on these sockets, which may be unix sockets."""
        loop, backend = asyncio.get_running_loop(), self.config.backend
        if backend.secret is None:
            raise ConfigError(["backend.secret: the backend listener needs one"])
        server = self._server(BackendServer(self.requests, backend.secret))
        for opened in sockets:
            if opened.family in (socket.AF_INET, socket.AF_INET6):
                listener = await loop.create_server(server, sock=opened, backlog=BACKLOG)
            else:
                listener = await loop.create_unix_server(server, sock=opened, backlog=BACKLOG)
            self._listeners.append(listener)
        self._sockets += sockets

    async def reload(self, config: Config) -> None:
        """Go on with another configuration; raises `ConfigError` with nothing changed.

        What is under way ends under the configuration it began with.
        """
        async with self._changing:
            await self._change(config)

    async def _change(self, config: Config) -> None:
        config, held = taken_over(self.config, config)
        service = assemble(config, self._clock, self.process)
        before = self.requests.service
        await before.retire()
        try:
            await service.start()
        except Exception:
            await before.start()
            raise
        self.requests.service, self.config = service, config
        for name in held:
            log.warning("%s has changed, which takes a restart; it stays as it was", name)
        retiring = asyncio.create_task(_close_unused(before))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    def _server(self, requests: RequestServer | BackendServer) -> PublicServer:
        server = PublicServer(
            requests.serve,
            requests.refuse,
            keepalive_seconds=self.config.server.keepalive_seconds,
            max_connections=self.config.server.max_connections or most_clients(),
        )
        self._servers.append(server)
        return server

    async def announce_stop(self, seconds: float) -> None:
        """Say that this process will stop, and serve everything for so long."""
        self.process.unready = "stopping"
        draining.announce(self._servers)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurried.wait()

    def hurry(self) -> None:
        """Stop now: wait for nothing more."""
        self._hurried.set()

    async def stop(self) -> None:
        """Stop accepting, let what is under way finish, and close everything."""
        self.process.unready = "stopping"
        draining.announce(self._servers)
        timeout = self.config.server.drain_timeout_seconds
        await draining.close_listeners(self._listeners, self._sockets, timeout)
        await draining.finish(self._servers, timeout, self._hurried)
        service = self.requests.service
        await service.retire()
        await service.close()
        await asyncio.gather(*self._retiring)
        await self.process.close()


async def _close_unused(service: Service) -> None:
    """Close a service once the last of its exchanges has ended."""
    await service.in_use.ended()
    await service.close()


def build(
    config: Config,
    *,
    clock: Clock = time.time,
    locate: Locate | None = None,
    shared: Shared | None = None,
) -> Proxy:
    """Make the proxy that `config` describes; the only place that knows a clock.

    `locate` tells where the command listens that was started as the frontend;
    `shared` is what this process has in common with other workers.
    """
    return Proxy(config, clock, Process.begin(clock, locate, shared))


async def ask_wix(config: Config) -> AsyncIterator[Finding]:
    """Ask Wix whether it knows what is configured."""
    from .online_check import OnlineCheck

    wix = assemble_client(config, time.time)
    try:
        async for finding in OnlineCheck(config, wix, time.time).findings():
            yield finding
    finally:
        await wix.close()
