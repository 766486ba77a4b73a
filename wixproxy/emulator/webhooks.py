"""Send events to the app as Wix does: signed, at least once, again until it answers 200.

Law:
1. An event is signed once; a retry carries the same bytes. Anything but 200
   within the answer time is a failure, a redirect and a 204 too.
2. Waits between attempts pass by the emulator's clock; the answer time is real.
3. Events of one entity are numbered in the order they were made. They are sent
   side by side, so they may well arrive in another.
4. Ids never come again and numbers go on rising after a reset or a restart:
   whoever receives events remembers them for longer than the emulator lives,
   and drops what has come before.

Source: Wix "About Webhooks": 200 within 1250 ms, retries for 48 hours,
duplicates and wrong order are normal; the body is text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

import aiohttp

from .changes import Change
from .envelopes import (
    Event,
    Flaws,
    Installation,
    Kind,
    domain_event,
    event_claims,
    identity,
    named,
    signed,
)
from .settings import Subscription
from .state import State

Standing = Literal["waiting", "delivered", "given up", "not sent"]

SIDE_BY_SIDE = 20
TEXT = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "wixproxy-emulator"}


@dataclass(frozen=True)
class Attempt:
    """One try to deliver an event."""

    at: float
    status: int | None
    elapsed_ms: float
    error: str = ""

    @property
    def has_succeeded(self) -> bool:
        """Tell whether Wix would call this delivered."""
        return self.status == 200


@dataclass
class Delivery:
    """An event on its way, or where its way has ended."""

    event: Event
    url: str
    host: str | None = None
    flaws: Flaws | None = None
    text: str = field(default="", repr=False)
    """The signed bytes; made at the first attempt, since signing takes a while."""
    standing: Standing = "waiting"
    attempts: list[Attempt] = field(default_factory=list)
    next_at: float | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set after the first attempt."""


class Webhooks:
    """The events of one site, and how far each has come."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._began = state.clock.now()
        self._sequences: dict[str, int] = {}
        self._slots = asyncio.Semaphore(SIDE_BY_SIDE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.deliveries: list[Delivery] = []

    @classmethod
    def of(cls, state: State) -> Webhooks:
        """Return the site's one sender of events."""
        return state.area("webhooks", lambda: cls(state))

    def made(
        self,
        event_type: str,
        entity_id: str,
        entity: Mapping[str, Any],
        *,
        kind: Kind | None = None,
        fqdn: str | None = None,
        slug: str | None = None,
        sequence: int | None = None,
        who: Mapping[str, str] | None = None,
        modified_fields: Mapping[str, Any] | None = None,
    ) -> Event:
        """Return a new event, numbered after the last one of its entity."""
        own_fqdn, own_slug, own_kind = named(event_type)
        if sequence is None:
            # In milliseconds, because no entity changes more often than that for long.
            sequence = self._sequences.get(entity_id, int(self._began * 1000)) + 1
        self._sequences[entity_id] = sequence
        return Event(
            id=self._state.randomness.guid(f"event since {self._began!r}"),
            type=event_type,
            kind=kind or own_kind,
            fqdn=own_fqdn if fqdn is None else fqdn,
            slug=own_slug if slug is None else slug,
            entity_id=entity_id,
            entity=entity,
            sequence=sequence,
            happened_at=self._state.clock.now(),
            identity=who,
            modified_fields=modified_fields or {},
        )

    def send(
        self,
        event: Event,
        addresses: Sequence[Subscription],
        flaws: Flaws | None = None,
        copies: int = 1,
    ) -> list[Delivery]:
        """Start to deliver an event to each address; without one it is only kept."""
        if not addresses:
            kept = Delivery(event, "", standing="not sent")
            kept.tried.set()
            self.deliveries.append(kept)
            return [kept]
        started = []
        for address in addresses:
            url = address.url.replace("{type}", event.type)
            delivery = Delivery(event, url, address.host, flaws)
            started.append(delivery)
            for _ in range(copies):
                task = asyncio.get_running_loop().create_task(self._deliver(delivery))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        self.deliveries += started
        return started

    def tell(self, change: Change) -> None:
        """Send the event of a real change."""
        event = self.made(
            change.event_type,
            change.entity_id,
            change.entity,
            who=identity(change.actor_kind, change.actor_id),
            modified_fields=change.modified_fields,
        )
        self.send(event, self._state.settings.subscribed(event.type))

    def end(self) -> None:
        """Send nothing any more."""
        for task in self._tasks:
            task.cancel()

    async def _deliver(self, delivery: Delivery) -> None:
        settings, clock = self._state.settings, self._state.clock
        waits = [wait * settings.webhook_time_scale for wait in settings.webhook_retry_seconds]
        for wait in (*waits, None):
            async with self._slots:
                attempt = await self._attempt(delivery)
            delivery.attempts.append(attempt)
            if attempt.has_succeeded:
                delivery.standing = "delivered"
            delivery.next_at = None if wait is None else clock.now() + wait
            if attempt.has_succeeded or delivery.next_at is None:
                break
            delivery.tried.set()
            await clock.wait_until(delivery.next_at)
        if delivery.standing != "delivered":
            delivery.standing = "given up"
        delivery.next_at = None
        delivery.tried.set()

    async def _attempt(self, delivery: Delivery) -> Attempt:
        state, loop = self._state, asyncio.get_running_loop()
        if state.outgoing is None:
            return Attempt(state.clock.now(), None, 0.0, "the emulator is not running")
        delivery.text = delivery.text or self._text(delivery.event, delivery.flaws)
        began_at, began = state.clock.now(), loop.time()
        status, error = None, ""
        try:
            async with asyncio.timeout(state.settings.webhook_answer_ms / 1000):
                status = await posted(state.outgoing, delivery)
        except TimeoutError:
            error = f"no answer within {state.settings.webhook_answer_ms} ms"
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"[:200]
        return Attempt(began_at, status, round((loop.time() - began) * 1000, 1), error)

    def _text(self, event: Event, flaws: Flaws | None) -> str:
        project = self._state.project
        origin = Installation(project.instance_id, project.site_id, project.account_id)
        claims = event_claims(event, origin, self._state.clock.now())
        return signed(claims, project.private_key, flaws)


def as_text(host: str | None) -> dict[str, str]:
    """Return the header fields of a post, for this Host in place of the URL's own."""
    return TEXT if host is None else {**TEXT, "Host": host}


async def posted(session: aiohttp.ClientSession, delivery: Delivery) -> int:
    """Post an event and return the status, once the answer has been read whole."""
    async with session.post(
        delivery.url,
        data=BytesIO(delivery.text.encode()),
        headers=as_text(delivery.host),
        allow_redirects=False,
    ) as response:
        await response.read()
        return response.status


def as_json(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as JSON values, without what was signed."""
    event = delivery.event
    return {
        "id": event.id,
        "type": event.type,
        "entityId": event.entity_id,
        "sequence": event.sequence,
        "url": delivery.url,
        "standing": delivery.standing,
        "nextAt": delivery.next_at,
        "attempts": [
            {"at": each.at, "status": each.status, "elapsedMs": each.elapsed_ms}
            | ({"error": each.error} if each.error else {})
            for each in delivery.attempts
        ],
        "event": domain_event(event),
    }
