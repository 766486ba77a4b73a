"""Make up the event that somebody asks for: what is not said follows from the type.

Without data the emulated site is asked what it would tell; see
`emulator.sample_events`. Numbers are the time in milliseconds, as the
emulator numbers, so that events of both go on rising.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from ...emulator.changes import Change
from ...emulator.clock import Clock
from ...emulator.data import Data
from ...emulator.envelopes import Event, identity, named
from ...emulator.project import Project
from ...emulator.sample_events import TYPES, plain, sample
from .data import Unusable, json_object


@dataclass(frozen=True)
class Wish:
    """The event that is asked for; what is None is made up."""

    event_type: str
    data: str | None = None
    entity_id: str | None = None
    event_id: str | None = None
    sequence: int | None = None
    instance_id: str | None = None
    webhook: str | None = None


def made(wish: Wish, project: Project, data: Data) -> Event:
    """Return the event; raise `Unusable` where the wish is not to be understood."""
    _check_type(wish.event_type)
    clock = Clock()
    change = _change(wish, project, data, clock)
    fqdn, slug, kind = named(change.event_type)
    if kind == "legacy" and wish.event_id is not None:
        raise Unusable(
            f"--id: {change.event_type} is an event of the old kind, which has no id; its content "
            "stands for it."
        )
    now = clock.now()
    return Event(
        id=wish.event_id or str(uuid.uuid4()),
        type=change.event_type,
        kind=kind,
        fqdn=fqdn,
        slug=slug,
        entity_id=wish.entity_id or change.entity_id,
        entity=change.entity,
        sequence=int(now * 1000) if wish.sequence is None else wish.sequence,
        happened_at=now,
        identity=identity(change.actor_kind, change.actor_id),
        modified_fields=change.modified_fields,
    )


def _check_type(event_type: str) -> None:
    """Refuse the tail of a type that stands for more."""
    meant = [known for known in TYPES if known.endswith(f".{event_type}")]
    if meant:
        raise Unusable(f'Expected a whole type of event; did you mean "{meant[0]}"?')


def _change(wish: Wish, project: Project, data: Data, clock: Clock) -> Change:
    if wish.data is None:
        made = sample(wish.event_type, project, data, clock)
        if made is not None:
            return made
        click.echo(
            f"No sample of {wish.event_type} is known; a small entity is sent. Give another with "
            "--data.",
            err=True,
        )
        return plain(wish.event_type, project, clock)
    given = json_object(wish.data)
    entity_id = _id_in(given) or str(uuid.uuid4())
    return Change(wish.event_type, entity_id, given, "user", project.account_id)


def _id_in(entity: Mapping[str, Any]) -> str | None:
    """Return the id of an entity, or that of the one entity in it: {"order": {"id": …}}."""
    for name in ("id", "_id"):
        if isinstance(entity.get(name), str):
            return str(entity[name])
    inner = [value for value in entity.values() if isinstance(value, dict)]
    return _id_in(inner[0]) if len(entity) == len(inner) == 1 else None
