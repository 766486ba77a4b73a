"""Find out when the frontend takes connections for the first time.

Before it does, nobody should send traffic here: a container's frontend may
start later than its sidecar. Afterwards it is never asked again; a frontend
that falls over is told by its own answers, and taking the proxy out of
service with it would help nobody. No request is made, because a frontend may
count them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from .errors import UpstreamError

FIRST_TRY_SECONDS = 0.5
BETWEEN_TRIES_SECONDS = 0.25

log = logging.getLogger("wixproxy.server")


class FirstContact:
    """Tries to reach the frontend until it can; `reach` raises `UpstreamError`.

    `named` is what the frontend is called in what people read.
    """

    def __init__(self, named: str, reach: Callable[[], Awaitable[None]]) -> None:
        self._reach = reach
        self._waiting: asyncio.Task[None] | None = None
        self.missing: str | None = f"{named} has not taken a connection yet"

    async def start(self) -> None:
        """Try once; go on trying in the background while nobody answers."""
        try:
            async with asyncio.timeout(FIRST_TRY_SECONDS):
                await self._try()
        except TimeoutError:
            pass
        if self.missing is not None:
            log.info("waiting: %s", self.missing)
            self._waiting = asyncio.create_task(self._keep_trying())

    async def stop(self) -> None:
        """Stop trying."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)

    async def _keep_trying(self) -> None:
        while self.missing is not None:
            await asyncio.sleep(BETWEEN_TRIES_SECONDS)
            await self._try()
        log.info("the frontend takes connections")

    async def _try(self) -> None:
        try:
            await self._reach()
        except UpstreamError:
            return
        self.missing = None
