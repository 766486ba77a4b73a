"""Keep events as they come in, and tell whoever delivers them that there are some.

Among several worker processes one delivers (`deliverer`), because a lane has
one end; all of them take events in.
"""

from __future__ import annotations

import contextlib
import logging
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable

from ..sansio.deliveries import lane
from ..sansio.webhook import Event, delivery
from ..stores.events import Arrival, EventStore

log = logging.getLogger("wixproxy.extensions")


class Intake:
    """Takes events into the store; `wake` tells whoever delivers."""

    def __init__(self, store: EventStore, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake

    async def accept(self, webhook: str, event: Event) -> None:
        """Keep an event; once this returns it will be delivered. Raises `StoreUnavailable`."""
        fields, body = delivery(event)
        arrival = Arrival(
            webhook=webhook,
            event_id=event.id,
            event_type=event.type,
            lane=lane(webhook, event),
            sequence=event.sequence,
            fields=fields,
            body=body,
        )
        if await self._store.add(arrival):
            self._wake()
        else:
            log.info("event %s %s came again and is dropped", event.type, event.id)


class Doorbell:
    """A pipe between worker processes: those that take events in ring, the one that delivers hears.

    Made before the workers are forked, and never closed: a worker that takes
    the place of another hears the same bell.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def ring(self) -> None:
        """Tell that there is something; a bell that rings already is enough."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writing, b"!")

    def listen(self, loop: AbstractEventLoop, heard: Callable[[], None]) -> None:
        """Call `heard` whenever it rings."""

        def silence() -> None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reading, 4096)
            heard()

        loop.add_reader(self._reading, silence)

    def ignore(self, loop: AbstractEventLoop) -> None:
        """Listen no more."""
        loop.remove_reader(self._reading)
