"""List the events that a proxy keeps, and put some of them in line again.

The file of events is read and written beside the proxy that owns it, so both
work while the proxy runs and while none does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ...emulator.clock import Clock
from ...errors import ConfigError, StoreUnavailable
from ...stores.event_list import Listed, Standing
from ...stores.events import EventStore
from ..complaints import EXIT_MACHINE, refuse_configuration
from .options import beside_a_proxy, file_of_events
from .words import STANDINGS, counted, earlier, later

T = TypeVar("T")
ORDER: Sequence[Standing] = ("done", "delivering", "waiting", "dead")
CHOICES: Mapping[str, Sequence[Standing]] = {
    "delivered": ("done",),
    "waiting": ("delivering", "waiting"),
    "dead": ("dead",),
}
NO_FILE = (
    "There is no file of events at {path}. A proxy with a webhook makes it when it starts; "
    "site.extensions.state_file names another place."
)
KEEPS_NONE = (
    'With site.extensions.webhooks_mode = "through" the proxy keeps no events: Wix itself tries '
    "again what the handler did not take."
)
HEADINGS: Mapping[Standing, str] = {
    "done": "Delivered lately",
    "delivering": "Under way",
    "waiting": "Waiting",
    "dead": "Dead letters",
}


@dataclass(frozen=True)
class Shelf:
    """The first events of one standing, and how many there are in all."""

    standing: Standing
    count: int
    events: Sequence[Listed]


def show(
    flags: Mapping[str, object],
    config_file: Path | None,
    *,
    only: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """Print the events by standing; return the exit code."""
    wanted = ORDER if only is None else CHOICES[only]

    async def look(store: EventStore) -> list[Shelf]:
        counts = await store.counts()
        return [
            Shelf(
                standing,
                counts[standing],
                await store.listed(standing, limit, newest_first=standing == "done"),
            )
            for standing in wanted
        ]

    def told(shelves: list[Shelf]) -> int:
        if as_json:
            click.echo(json.dumps([_values(each) for shelf in shelves for each in shelf.events]))
        else:
            click.echo(_report(shelves, Clock().now()))
        return 0

    return _opened(flags, config_file, look, told)


def replay(
    event_ids: Sequence[str], flags: Mapping[str, object], config_file: Path | None, *, dead: bool
) -> int:
    """Put events in line again, and say which; return the exit code."""

    async def put(store: EventStore) -> tuple[int, list[str]]:
        if dead:
            return await store.replay(), []
        hopeless: list[str] = []
        for event_id in dict.fromkeys(event_ids):
            found = await store.named(event_id)
            if not any(each.can_replay for each in found):
                hopeless.append(_why_not(event_id, found))
        return await store.replay(event_ids), hopeless

    def told(result: tuple[int, list[str]]) -> int:
        count, hopeless = result
        for line in hopeless:
            click.echo(line, err=True)
        if count or dead:
            click.echo(
                f"{counted(count, 'event is', 'events are')} in line again; a proxy that runs "
                "takes what is due within seconds."
                if count
                else "There is no dead letter."
            )
        return EXIT_MACHINE if hopeless else 0

    return _opened(flags, config_file, put, told)


def _opened(
    flags: Mapping[str, object],
    config_file: Path | None,
    work: Callable[[EventStore], Awaitable[T]],
    told: Callable[[T], int],
) -> int:
    """Work with the file of events and tell what came of it; return the exit code."""
    try:
        config = beside_a_proxy(flags, config_file)
        path = file_of_events(config)
        if not path.is_file():
            through = config.site.extensions.webhooks_mode == "through"
            click.echo(KEEPS_NONE if through else NO_FILE.format(path=path), err=True)
            return EXIT_MACHINE
        return told(asyncio.run(_worked(path, work)))
    except ConfigError as error:
        return refuse_configuration(error.problems)
    except StoreUnavailable as error:
        click.echo(error.message, err=True)
        return EXIT_MACHINE


async def _worked(path: Path, work: Callable[[EventStore], Awaitable[T]]) -> T:
    store = EventStore(path, Clock().now, owns=False)
    try:
        return await work(store)
    finally:
        await store.close()


def _report(shelves: Sequence[Shelf], now: float) -> str:
    """Return the shelves that hold something, with what can be done about dead letters."""
    full = [shelf for shelf in shelves if shelf.count]
    parts = ["\n".join(_shelf_lines(shelf, now)) for shelf in full]
    if any(shelf.standing == "dead" for shelf in full):
        parts.append("Send dead letters again with: wixproxy event replay ID, or --dead for all")
    return "\n\n".join(parts) or "No events."


def _shelf_lines(shelf: Shelf, now: float) -> list[str]:
    lines = [f"{HEADINGS[shelf.standing]} ({shelf.count})"]
    lines += [line for event in shelf.events for line in _lines(event, now)]
    if shelf.count > len(shelf.events):
        lines.append(f"  and {shelf.count - len(shelf.events)} more; see --limit")
    return lines


def _lines(event: Listed, now: float) -> list[str]:
    about = f"webhook {event.webhook}"
    if event.entity_id:
        about += f", entity {event.entity_id}, number {event.sequence}"
    return [f"  {event.event_id}  {event.event_type}", f"    {about}", f"    {_state(event, now)}"]


def _state(event: Listed, now: float) -> str:
    """Say how far an event has come."""
    attempts = counted(event.attempts, "attempt", "attempts")
    failure = f": {event.failure}" if event.failure else ""
    match event.standing:
        case "done":
            return f"delivered {earlier(now - (event.settled_at or now))}, {attempts}"
        case "delivering":
            return f"attempt {event.attempts} is under way"
        case "dead":
            return f"given up {earlier(now - (event.settled_at or now))}, {attempts}{failure}"
        case _:
            return f"{attempts}, the next {later(event.due_at - now)}{failure}"


def _why_not(event_id: str, found: Sequence[Listed]) -> str:
    """Say why an event cannot be put in line."""
    if not found:
        return f"{event_id}: there is no such event."
    if any(each.standing == "delivering" for each in found):
        return f"{event_id}: its handler has it just now."
    return (
        f"{event_id}: it was delivered, and its content is gone. In dev the newest keep theirs, "
        "in production none does."
    )


def _values(event: Listed) -> dict[str, Any]:
    """Return an event as JSON values; times are in epoch seconds."""
    waits = event.standing == "waiting"
    return {
        "id": event.event_id,
        "type": event.event_type,
        "webhook": event.webhook,
        "standing": STANDINGS[event.standing],
        "entityId": event.entity_id or None,
        "sequence": event.sequence,
        "attempts": event.attempts,
        "failure": event.failure or None,
        "receivedAt": event.received_at,
        "nextAt": event.due_at if waits else None,
        "settledAt": event.settled_at,
    }
