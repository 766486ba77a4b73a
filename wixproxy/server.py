"""Listen, serve until told to stop, and stop without losing an answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
import signal
import socket
import sys
import time
import webbrowser
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from . import draining
from .assembly import Clock, Process, assemble, assemble_client
from .backend import BackendServer
from .config import Config
from .errors import ConfigError
from .frontend_assembly import Locate
from .listening import listen
from .protocol import PublicServer
from .serve import RequestServer

if TYPE_CHECKING:
    from .emulator import Emulator
    from .frontend.child import Child
    from .online_check import Finding

log = logging.getLogger("wixproxy.server")


class Proxy:
    """One running proxy: its listeners and the service behind them."""

    def __init__(
        self, config: Config, *, clock: Clock = time.time, locate: Locate | None = None
    ) -> None:
        self.config = config
        self.process = Process.begin(clock, locate)
        self.requests = RequestServer(assemble(config, clock, self.process))
        self._servers: list[PublicServer] = []
        self._listeners: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._hurried = asyncio.Event()

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on these sockets."""
        loop = asyncio.get_running_loop()
        await self.requests.service.start()
        server = self._server(self.requests)
        for opened in sockets:
            self._listeners.append(await loop.create_server(server, sock=opened))
        self._sockets += sockets
        self.process.unready = None

    async def start_backend(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections of programs: on these sockets, or on the unix socket configured."""
        loop, backend = asyncio.get_running_loop(), self.config.backend
        if backend.secret is None:
            raise ConfigError(["backend.secret: the backend listener needs one"])
        server = self._server(BackendServer(self.requests, backend.secret))
        for opened in sockets:
            self._listeners.append(await loop.create_server(server, sock=opened))
        self._sockets += sockets
        if backend.socket_path is not None:
            self._listeners.append(await loop.create_unix_server(server, backend.socket_path))

    def _server(self, requests: RequestServer | BackendServer) -> PublicServer:
        server = PublicServer(
            requests.serve,
            requests.refuse,
            keepalive_seconds=self.config.server.keepalive_seconds,
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
        await draining.close_listeners(self._listeners, self._sockets)
        timeout = self.config.server.drain_timeout_seconds
        await draining.finish(self._servers, timeout, self._hurried)
        await self.requests.service.close()


def build(config: Config, *, clock: Clock = time.time, locate: Locate | None = None) -> Proxy:
    """Make the proxy that `config` describes; the only place that knows a clock.

    `locate` tells where the command listens that was started as the frontend.
    """
    return Proxy(config, clock=clock, locate=locate)


async def ask_wix(config: Config) -> AsyncIterator[Finding]:
    """Ask Wix whether it knows what is configured."""
    from .online_check import OnlineCheck

    wix = assemble_client(config, time.time)
    try:
        async for finding in OnlineCheck(config, wix, time.time).findings():
            yield finding
    finally:
        await wix.close()


def run(config: Config, *, opens_browser: bool = False) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code. Raises `CannotListen`."""
    with asyncio.Runner(loop_factory=_new_loop()) as runner:
        return runner.run(_run(config, opens_browser))


async def _run(config: Config, opens_browser: bool) -> int:
    async with AsyncExitStack() as closing:
        sockets = [
            closing.enter_context(opened)
            for opened in listen(config.server.host, config.server.port)
        ]
        child = None
        if config.upstream.command:
            from .frontend_command import listen_for_command, start_command

            config, backend_sockets = listen_for_command(config)
            child = await start_command(config)
            closing.push_async_callback(child.stop)
        else:
            address = config.backend.host_and_port
            backend_sockets = listen(*address) if address is not None else []
        for opened in backend_sockets:
            closing.enter_context(opened)
        emulator = None
        if config.emulator.enabled:
            from .emulated_site import make_emulator, with_emulator

            emulator = make_emulator(config)
            closing.push_async_callback(emulator.stop)
            await emulator.start(config.emulator.host, config.emulator.port)
            config = with_emulator(config, emulator)
        proxy = build(config, locate=child.locate if child is not None else None)
        closing.push_async_callback(proxy.stop)
        await proxy.start(sockets)
        if config.backend.listen is not None:
            await proxy.start_backend(backend_sockets)
        print(_ready_lines(config, emulator), flush=True)  # noqa: T201 - the ready block
        if opens_browser:
            webbrowser.open(config.server.public_url[0])
        return await _until_the_end(proxy, child)


async def _until_the_end(proxy: Proxy, child: Child | None) -> int:
    """Return the exit code when the process is told to end, or the frontend's command ended."""
    told = asyncio.create_task(_served_until_told(proxy, child))
    if child is None:
        await told
        return 0
    ended = asyncio.create_task(child.ended())
    await asyncio.wait([told, ended], return_when=asyncio.FIRST_COMPLETED)
    if told.done() or proxy.process.unready is not None:
        await told
        ended.cancel()
        return 0
    told.cancel()
    log.error("the frontend's command ended with exit code %d", ended.result())
    return ended.result()


async def _served_until_told(proxy: Proxy, child: Child | None) -> None:
    """Return when the process is asked to end, and the drain's delay has passed.

    SIGTERM comes from whoever runs the process and may still send requests;
    SIGINT is a person, who has no time. The second signal of any kind means now.
    """
    loop = asyncio.get_running_loop()
    first: asyncio.Future[int] = loop.create_future()

    def told(number: int) -> None:
        if first.done():
            proxy.hurry()
            if child is not None:
                child.hurry()
        else:
            first.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told, number)
    delay = proxy.config.server.drain_delay_seconds
    if await first == signal.SIGTERM and delay:
        log.info("stopping: everything is served for %g more seconds", delay)
        await proxy.announce_stop(delay)


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory where uvloop exists; it has none for Windows."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _ready_lines(config: Config, emulator: Emulator | None) -> str:
    """Say where everything is, in the one block that people read."""
    upstream, public = config.upstream, config.server.public_url[0]
    frontend, here = upstream.url or upstream.root or "the demo shop", public
    if upstream.command:
        frontend = shlex.join(upstream.command)
    if upstream.api_only:
        here = f"http://{config.server.host}:{config.server.port}"
        frontend = f"beside it at {public}, which sends paths below /_wix/ here"
    wix = config.site.api_origin
    if emulator is not None:
        wix = f"emulated at {emulator.origin}"
        for member in emulator.state.data.members[:1]:
            wix += f" (log in as {member.email}, password {member.password})"
    trusted = ", ".join(config.server.trusted_proxies) or "no proxy in front"
    if config.mode == "production" and not config.server.trusted_proxies:
        trusted += ", so limits hold for all clients together (see server.trusted_proxies)"
    return "\n".join(
        [
            f"wixproxy is ready at {here}",
            f"  frontend   {frontend}",
            f"  Wix        {wix}",
            f"  mode       {config.mode}, sessions in the {config.session.store} store",
            *([f"  backend    {config.backend.listen}"] if config.backend.listen else []),
            f"  trusts     {trusted}",
        ]
    )
