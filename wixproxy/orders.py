"""Hear what the process is told by signals.

SIGTERM comes from whoever runs the process and may still send requests; SIGINT
is a person, who has no time. The second signal of either kind means now. SIGHUP
asks for the configuration to be read again. They are heard from the moment
that an `Orders` is made.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine

from .server import Proxy

log = logging.getLogger("wixproxy.server")


class Orders:
    """The signals that a process got; `hurries` are called for the second one."""

    def __init__(self, *hurries: Callable[[], None]) -> None:
        self._hurries = hurries
        self._loop = asyncio.get_running_loop()
        self._reloading: set[asyncio.Task[None]] = set()
        self._first: asyncio.Future[int] = self._loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._told, number)

    def obey_end_of(self, pipe: int) -> None:
        """Take the end of a pipe for a SIGTERM: whoever held its other end is gone."""
        self._loop.add_reader(pipe, self._orphaned, pipe)

    def read_again(self, reload: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run `reload` for each SIGHUP, one after the other; Windows has none."""

        def asked() -> None:
            task = self._loop.create_task(reload())
            self._reloading.add(task)
            task.add_done_callback(self._reloading.discard)

        if hasattr(signal, "SIGHUP"):
            self._loop.add_signal_handler(signal.SIGHUP, asked)

    async def serve_until_told(self, proxy: Proxy) -> None:
        """Return when the process is asked to end, and the drain's delay has passed."""
        delay = proxy.config.server.drain_delay_seconds
        if await self._first == signal.SIGTERM and delay:
            log.info("stopping: everything is served for %g more seconds", delay)
            await proxy.announce_stop(delay)

    def _told(self, number: int) -> None:
        if not self._first.done():
            self._first.set_result(number)
            return
        for hurry in self._hurries:
            hurry()

    def _orphaned(self, pipe: int) -> None:
        self._loop.remove_reader(pipe)
        os.close(pipe)
        self._told(signal.SIGTERM)
