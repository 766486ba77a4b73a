"""Run the proxy from its sockets to its end: alone, or as the parent of workers.

The sockets are opened before anything else, so that a port that is taken is
told at once, and once for all workers.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import descriptors
from .assembly import Shared
from .config import Config
from .errors import ConfigError
from .extension_assembly import EventFile
from .listening import listen, listen_unix
from .orders import Orders
from .ready_lines import ready_lines
from .server import Proxy, build

if TYPE_CHECKING:
    from .emulator import Emulator
    from .frontend.child import Child
    from .workers import Place

# Measured with bench: 12 to 19 % less CPU for each request, for 8 MiB of memory.
COLLECTOR_THRESHOLDS = (50_000, 20, 50)

ReadAgain = Callable[[], Config]

# What a worker may take beyond its drain before it is killed.
PATIENCE_SECONDS = 10.0

log = logging.getLogger("wixproxy.server")


@dataclass(frozen=True, slots=True)
class Sockets:
    """The open sockets of both listeners."""

    public: list[socket.socket]
    backend: list[socket.socket]

    def close(self) -> None:
        """Close this process's copies."""
        for opened in (*self.public, *self.backend):
            opened.close()


def run(config: Config, read_again: ReadAgain, *, opens_browser: bool = False) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code. Raises `CannotListen`.

    `read_again` reads the configuration for a SIGHUP; it raises `ConfigError`.
    """
    descriptors.allow_most()
    with ExitStack() as closing:
        config, sockets = _opened(config, closing)
        if config.server.workers > 1:
            return _run_workers(config, sockets, read_again)
        return _in_a_loop(_run_alone(config, sockets, read_again, opens_browser))


def _opened(config: Config, closing: ExitStack) -> tuple[Config, Sockets]:
    """Open the sockets; return them with the configuration that names them."""
    public = listen(config.server.host, config.server.port)
    for opened in public:
        closing.enter_context(opened)
    if config.upstream.command:
        from .frontend_command import listen_for_command

        config, backend = listen_for_command(config)
    else:
        address = config.backend.host_and_port
        backend = listen(*address) if address is not None else []
    if config.backend.socket_path is not None:
        backend.append(listen_unix(config.backend.socket_path))
    for opened in backend:
        closing.enter_context(opened)
    return config, Sockets(public, backend)


def _in_a_loop(story: Coroutine[None, None, int]) -> int:
    with asyncio.Runner(loop_factory=_new_loop()) as runner:
        return runner.run(story)


async def _run_alone(
    config: Config, sockets: Sockets, read_again: ReadAgain, opens_browser: bool
) -> int:
    async with AsyncExitStack() as closing:
        child = None
        if config.upstream.command:
            from .frontend_command import start_command

            child = await start_command(config)
            closing.push_async_callback(child.stop)
        emulator = None
        if config.emulator.enabled:
            from .emulated_site import make_emulator, with_emulator

            emulator = make_emulator(config)
            closing.push_async_callback(emulator.stop)
            await emulator.start(config.emulator.host, config.emulator.port)
            config = with_emulator(config, emulator)
            read_again = partial(_with_emulated_site, read_again, emulator)
        proxy = build(config, locate=child.locate if child is not None else None)
        orders = Orders(proxy.hurry, *([child.hurry] if child is not None else []))
        await _start(proxy, sockets, closing)
        orders.read_again(partial(_reload, proxy, read_again))
        print(ready_lines(config, emulator), flush=True)  # noqa: T201 - the ready block
        if opens_browser:
            import webbrowser

            webbrowser.open(config.server.public_url[0])
        return await _until_the_end(proxy, orders, child)


def _run_workers(config: Config, sockets: Sockets, read_again: ReadAgain) -> int:
    from .extensions.intake import Doorbell
    from .workers import Workers

    pseudonym, doorbell = Shared().pseudonym, Doorbell()

    def work(place: Place) -> int:
        events = EventFile(delivers=place.number == 0, doorbell=doorbell)
        shared = Shared(pseudonym, events)
        try:
            return _in_a_loop(_run_worker(config, sockets, read_again, shared, place))
        except ConfigError as error:
            sys.stderr.write(error.message + "\n")
            return error.exit_code

    def say_ready() -> None:
        print(ready_lines(config, None), flush=True)  # noqa: T201 - the ready block

    server = config.server
    return Workers(
        count=server.workers,
        work=work,
        when_ready=say_ready,
        when_stopping=sockets.close,
        patience_seconds=server.drain_delay_seconds
        + server.drain_timeout_seconds
        + PATIENCE_SECONDS,
    ).run()


async def _run_worker(
    config: Config, sockets: Sockets, read_again: ReadAgain, shared: Shared, place: Place
) -> int:
    async with AsyncExitStack() as closing:
        proxy = build(config, shared=shared)
        orders = Orders(proxy.hurry)
        orders.obey_end_of(place.parent_pipe)
        await _start(proxy, sockets, closing)
        orders.read_again(partial(_reload, proxy, read_again))
        place.tell_ready()
        await orders.serve_until_told(proxy)
    return 0


async def _reload(proxy: Proxy, read_again: ReadAgain) -> None:
    try:
        await proxy.reload(read_again())
    except ConfigError as error:
        log.error("the configuration cannot be used, and the one before stays: %s", error.message)
    except Exception as error:
        log.error("the configuration was not taken over", exc_info=error)
    else:
        log.info("the configuration was read again")


def _with_emulated_site(read_again: ReadAgain, emulator: Emulator) -> Config:
    from .emulated_site import with_emulator

    return with_emulator(read_again(), emulator)


async def _start(proxy: Proxy, sockets: Sockets, closing: AsyncExitStack) -> None:
    closing.push_async_callback(proxy.stop)
    await proxy.start(sockets.public)
    if sockets.backend:
        await proxy.start_backend(sockets.backend)
    _calm_the_collector()


def _calm_the_collector() -> None:
    """Have cycles collected less often, and what was loaded at the start never looked at.

    A request makes hundreds of objects, nearly all of which end with it, and
    by reference counts; Python's thresholds are for programs that make few.
    """
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def _until_the_end(proxy: Proxy, orders: Orders, child: Child | None) -> int:
    """Return the exit code when the process is told to end, or the frontend's command ended."""
    told = asyncio.create_task(orders.serve_until_told(proxy))
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


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory where uvloop exists; it has none for Windows."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
