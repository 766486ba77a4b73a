"""Take events from the store to their handlers, until each has been taken.

1. An event is claimed in the store before its handler is called, and settled
   after: what is lost between the two is sent again, never forgotten.
2. A bounded number is under way at once; the store keeps each lane in order.
3. Any 2xx means that the handler took the event. All else is tried again at
   the pace of `sansio.deliveries`, and in the end is a dead letter.
4. To stop, nothing more is claimed; what is under way gets some time, and
   what is cut off waits again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import StoreUnavailable, UpstreamError
from ..sansio.deliveries import Pace
from ..sansio.webhook import Event
from ..stores.events import Claim, EventStore
from .frontend_handler import FrontendHandler
from .intake import Intake

_CHANCE = secrets.SystemRandom()

log = logging.getLogger("wixproxy.extensions")


@dataclass(frozen=True, slots=True)
class DelivererOptions:
    """How events are delivered; times are in seconds.

    `poll_seconds` is how long it may take until a replay by another process
    is seen, `kept_seconds` how long the name of a delivered event is kept to
    know its duplicates by.
    """

    pace: Pace = field(default_factory=Pace)
    most_at_once: int = 16
    handler_seconds: float = 30.0
    stop_seconds: float = 5.0
    poll_seconds: float = 2.0
    retry_store_seconds: float = 1.0
    kept_seconds: float = 7 * 86_400.0
    prune_seconds: float = 3_600.0


class Deliverer:
    """Delivers the events of one store; `paths` are the handlers by webhook."""

    def __init__(
        self,
        store: EventStore,
        handler: FrontendHandler,
        paths: Mapping[str, str],
        clock: Callable[[], float],
        options: DelivererOptions | None = None,
        *,
        jitter: Callable[[], float] = _CHANCE.random,
    ) -> None:
        self._store = store
        self._intake = Intake(store, self.wake)
        self._handler = handler
        self._paths = dict(paths)
        self._clock = clock
        self._options = options or DelivererOptions()
        self._jitter = jitter
        self._under_way: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._stopping = False
        self._runner: asyncio.Task[None] | None = None

    async def accept(self, webhook: str, event: Event) -> None:
        """Keep an event; once this returns it will be delivered. Raises `StoreUnavailable`."""
        await self._intake.accept(webhook, event)

    async def start(self) -> None:
        """Begin with what the process before this one left behind."""
        self._stopping = False
        left = await self._store.recover()
        if left:
            log.info("%d events were under way when the proxy ended; they are sent again", left)
        self._runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Deliver no more, and close the store."""
        await self.pause()
        await self._store.close()

    async def pause(self) -> None:
        """Claim nothing more, and let what is under way finish or wait again."""
        self._stopping = True
        self.wake()
        if self._runner is not None:
            await self._runner
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=self._options.stop_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def wake(self) -> None:
        """Look for due events now."""
        self._news.set()

    async def _run(self) -> None:
        prune_at = self._clock()
        while not self._stopping:
            self._news.clear()
            wait = self._options.poll_seconds
            try:
                if self._clock() >= prune_at:
                    prune_at = self._clock() + self._options.prune_seconds
                    await self._prune()
                wait = min(wait, await self._claim())
            except StoreUnavailable as error:
                log.error("events cannot be read: %s", error.message)
                wait = self._options.retry_store_seconds
            if wait > 0:
                try:
                    async with asyncio.timeout(wait):
                        await self._news.wait()
                except TimeoutError:
                    continue

    async def _claim(self) -> float:
        """Start what is due and has room; return the seconds until more may be."""
        room = self._options.most_at_once - len(self._under_way)
        if room <= 0:
            return self._options.poll_seconds
        claims, next_due = await self._store.claim(room)
        for claim in claims:
            task = asyncio.create_task(self._deliver(claim))
            self._under_way.add(task)
            task.add_done_callback(self._finished)
        if next_due is None or len(claims) == room:
            return self._options.poll_seconds
        return next_due - self._clock()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery failed", exc_info=error)

    async def _deliver(self, claim: Claim) -> None:
        try:
            failure = await self._attempt(claim)
        except asyncio.CancelledError:
            await self._settle(claim, self._clock(), "the proxy was stopped")
            raise
        if failure is None:
            await self._settle(claim, None, None)
            return
        due_at = self._options.pace.next_at(
            claim.attempts, claim.waiting_since, self._clock(), self._jitter()
        )
        what = (claim.event_type, claim.event_id, claim.attempts, failure)
        if due_at is None:
            log.error("event %s %s is a dead letter after %d attempts: %s", *what)
        else:
            log.warning("event %s %s failed at attempt %d: %s", *what)
        await self._settle(claim, due_at, failure)

    async def _attempt(self, claim: Claim) -> str | None:
        """Call the handler once; return why it did not take the event, or None."""
        path = self._paths.get(claim.webhook)
        if path is None:
            return f"no path is configured for the webhook {claim.webhook}"
        fields = [*claim.fields, (b"X-Wix-Event-Attempt", str(claim.attempts).encode())]
        if claim.late:
            fields.append((b"X-Wix-Event-Late", b"true"))
        try:
            status, _ = await self._handler.post(
                path, fields, claim.body, self._options.handler_seconds
            )
        except UpstreamError as error:
            return error.message
        return None if 200 <= status < 300 else f"the handler at {path} answered {status}"

    async def _settle(self, claim: Claim, due_at: float | None, failure: str | None) -> None:
        """Write what became of a claim, as often as it takes while the proxy runs."""
        while True:
            try:
                if failure is None:
                    await self._store.delivered(claim)
                else:
                    await self._store.failed(claim, due_at, failure)
            except StoreUnavailable as error:
                log.error("event %s cannot be settled: %s", claim.event_id, error.message)
                if self._stopping:
                    return
                await asyncio.sleep(self._options.retry_store_seconds)
            else:
                return

    async def _prune(self) -> None:
        before = self._clock() - self._options.kept_seconds
        while not self._stopping and await self._store.prune(before):
            pass
