"""Let the handler itself decide what Wix is told, for a proxy without a disk.

Wix gets 200 after the handler took the event, and an error otherwise, so that
Wix tries again. A handler that takes longer than Wix waits is not called a
second time meanwhile: whoever comes with the same event waits for the same
call. What was taken lately is known by its name, in this process alone; there
is no order, and no event is marked late.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from ..errors import UpstreamError
from ..sansio.webhook import Event, delivery
from .frontend_handler import FrontendHandler

MAX_REMEMBERED = 10_000


class PassingThrough:
    """Gives each event to its handler before Wix is answered; `paths` are by webhook."""

    def __init__(
        self, handler: FrontendHandler, paths: Mapping[str, str], *, handler_seconds: float = 30.0
    ) -> None:
        self._handler = handler
        self._paths = dict(paths)
        self._handler_seconds = handler_seconds
        self._calls: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._taken: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def accept(self, webhook: str, event: Event) -> None:
        """Return once the handler took the event; raises an `UpstreamError` if it did not."""
        name = (webhook, event.id)
        if name in self._taken:
            return
        call = self._calls.get(name)
        if call is None:
            call = asyncio.create_task(self._call(name, event))
            self._calls[name] = call
            call.add_done_callback(lambda done: self._ended(name, done))
        await asyncio.shield(call)

    async def start(self) -> None:
        """Do nothing: no event was left behind."""

    async def stop(self) -> None:
        """Give up what is under way: Wix was not told that it succeeded."""
        calls = list(self._calls.values())
        for call in calls:
            call.cancel()
        if calls:
            await asyncio.wait(calls)

    async def _call(self, name: tuple[str, str], event: Event) -> None:
        fields, body = delivery(event)
        path = self._paths[name[0]]
        status, _ = await self._handler.post(path, fields, body, self._handler_seconds)
        if not 200 <= status < 300:
            raise UpstreamError(f"The frontend's handler at {path} answered {status}.")
        self._taken[name] = None
        if len(self._taken) > MAX_REMEMBERED:
            self._taken.popitem(last=False)

    def _ended(self, name: tuple[str, str], call: asyncio.Task[None]) -> None:
        del self._calls[name]
        # Read, so that a failure nobody waits for any more is not an unseen one.
        if not call.cancelled():
            call.exception()
