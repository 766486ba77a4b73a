"""Follow an event that was just sent, until its handler has answered once.

The file of events is read beside the proxy that owns it. Where this machine
does not have the file, the proxy's own answer is all that can be told.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...config.site import WebhookEntry
from ...emulator.clock import Clock
from ...errors import StoreUnavailable
from ...stores.event_list import Listed
from ...stores.events import EventStore
from .words import STANDINGS, later

# Long enough for a handler that works; what takes longer is looked up in the list.
SECONDS = 3.0
PAUSE_SECONDS = 0.05
UNKNOWN = 'The proxy has taken it; "wixproxy event list" tells what becomes of it.'


class Outcomes:
    """What one file tells of single events."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def standing(self, webhook: str, event_id: str) -> str | None:
        """Return how an event stands that is here already, in words; None for a new one."""
        found = asyncio.run(self._found(webhook, event_id, 0.0))
        return None if found is None else STANDINGS[found.standing]

    def after(self, entry: WebhookEntry, event_id: str) -> str:
        """Return what became of an event, once its handler has answered or time is up."""
        found = asyncio.run(self._found(entry.id, event_id, SECONDS))
        if found is None:
            return UNKNOWN
        if found.standing == "done":
            return f"The handler at {entry.path} took it."
        if not found.failure:
            return (
                f"It is {STANDINGS[found.standing]}, and the handler has not answered yet; "
                '"wixproxy event list" tells what becomes of it.'
            )
        again = later(found.due_at - Clock().now())
        return f"The handler did not take it: {found.failure}\nIt is asked again {again}."

    async def _found(self, webhook: str, event_id: str, seconds: float) -> Listed | None:
        if not self._path.is_file():
            return None
        try:
            store = EventStore(self._path, Clock().now, owns=False)
        except StoreUnavailable:
            return None
        found: Listed | None = None
        try:
            async with asyncio.timeout(seconds or None):
                while True:
                    found = next(
                        (each for each in await store.named(event_id) if each.webhook == webhook),
                        None,
                    )
                    if not seconds or (found and (found.failure or found.standing == "done")):
                        return found
                    await asyncio.sleep(PAUSE_SECONDS)
        except (TimeoutError, StoreUnavailable):
            return found
        finally:
            await store.close()
