"""Keep each event until its handler has taken it.

1. One row for each event and webhook: what is here already is a duplicate and
   is dropped, also long after it was delivered.
2. An event is waiting, delivering, done or dead. A claim is written before
   the handler is called, so whoever finds an event delivering after a crash
   knows that the handler may have seen it, and sends it again.
3. A lane has at most one event delivering, and its lowest waiting one is next
   (see `sansio.deliveries`). The lane remembers the highest number that went
   out for as long as any of its events is here.
4. A delivered event keeps its name and loses its content; a few keep that
   too, where somebody may want to see one delivered again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..sansio.deliveries import is_late
from ..sansio.exchange import Fields
from . import event_list
from .database import Database
from .event_list import Listed, Standing

VERSION = 1
SCHEMA = """
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    webhook TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    lane TEXT NOT NULL,
    sequence INTEGER,
    standing TEXT NOT NULL CHECK (standing IN ('waiting', 'delivering', 'done', 'dead')),
    fields TEXT NOT NULL,
    body BLOB NOT NULL,
    received_at REAL NOT NULL,
    waiting_since REAL NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT '',
    settled_at REAL,
    UNIQUE (webhook, event_id)
);
CREATE INDEX events_by_lane ON events (lane, standing, sequence, number);
CREATE INDEX events_by_standing ON events (standing, settled_at);
CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    highest_sent INTEGER,
    busy INTEGER NOT NULL DEFAULT 0,
    due_at REAL
) WITHOUT ROWID;
CREATE INDEX lanes_by_due ON lanes (due_at) WHERE due_at IS NOT NULL;
"""

_WITHOUT_CONTENT = "fields = '[]', body = x''"
_NEWEST_DONE = (
    "SELECT number FROM events WHERE standing = 'done' ORDER BY settled_at DESC, number DESC"
)
# What the newest one has pushed out of those that keep their content.
_EMPTY_ONE = (
    f"UPDATE events SET {_WITHOUT_CONTENT} WHERE number = ({_NEWEST_DONE} LIMIT 1 OFFSET ?)"  # noqa: S608
)
_EMPTY_ALL = (
    f"UPDATE events SET {_WITHOUT_CONTENT} WHERE standing = 'done' AND body <> x''"  # noqa: S608
    f" AND number NOT IN ({_NEWEST_DONE} LIMIT ?)"
)
MOST_PRUNED_TOGETHER = 1_000
MAX_FAILURE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it comes in; `lane` and `sequence` say where it waits."""

    webhook: str
    event_id: str
    event_type: str
    lane: str
    sequence: int | None
    fields: Fields = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that is to be delivered now; `attempts` counts this one too."""

    number: int
    webhook: str
    event_id: str
    event_type: str
    lane: str
    fields: Fields = field(repr=False)
    body: bytes = field(repr=False)
    attempts: int
    waiting_since: float
    late: bool


class EventStore:
    """The events of one process, in one file.

    Only the owner may claim; others list and replay beside it.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        *,
        owns: bool = True,
        most_contents: int = 0,
    ) -> None:
        """Open the file; raises `StoreUnavailable`.

        `most_contents` is how many delivered events keep their content.
        """
        self._clock = clock
        self._most_contents = most_contents
        self._database = Database(path, SCHEMA, VERSION, owns=owns)

    async def recover(self) -> int:
        """Let everything wait that was being delivered when the process before this one ended."""
        now = self._clock()

        def work(connection: sqlite3.Connection) -> int:
            found = connection.execute(
                "UPDATE events SET standing = 'waiting', due_at = ? WHERE standing = 'delivering'",
                (now,),
            )
            busy = connection.execute("SELECT lane FROM lanes WHERE busy").fetchall()
            for (lane,) in busy:
                _free(connection, lane)
            connection.execute(_EMPTY_ALL, (self._most_contents,))
            return found.rowcount

        return await self._database.run(work)

    async def add(self, arrival: Arrival) -> bool:
        """Keep an event; tell whether it is new. Once this returns, it is on the disk."""
        now = self._clock()
        fields = json.dumps([[name.decode(), value.decode()] for name, value in arrival.fields])

        def work(connection: sqlite3.Connection) -> bool:
            added = connection.execute(
                "INSERT OR IGNORE INTO events (webhook, event_id, event_type, lane, sequence,"
                " standing, fields, body, received_at, waiting_since, due_at)"
                " VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
                (
                    *(arrival.webhook, arrival.event_id, arrival.event_type),
                    *(arrival.lane, arrival.sequence, fields, arrival.body, now, now, now),
                ),
            )
            if not added.rowcount:
                return False
            connection.execute("INSERT OR IGNORE INTO lanes (lane) VALUES (?)", (arrival.lane,))
            _schedule(connection, arrival.lane)
            return True

        return await self._database.run(work)

    async def claim(self, limit: int) -> tuple[list[Claim], float | None]:
        """Return what is due, at most `limit`, and when the next one will be."""
        now = self._clock()

        def work(connection: sqlite3.Connection) -> tuple[list[Claim], float | None]:
            due = connection.execute(
                "SELECT lane, highest_sent FROM lanes WHERE due_at <= ? ORDER BY due_at LIMIT ?",
                (now, limit),
            ).fetchall()
            claims = [_claim(connection, lane, highest) for lane, highest in due]
            (next_due,) = connection.execute(
                "SELECT MIN(due_at) FROM lanes WHERE due_at IS NOT NULL"
            ).fetchone()
            return claims, next_due

        return await self._database.run(work)

    async def delivered(self, claim: Claim) -> None:
        """Take note that the handler took the event."""
        settled_at = self._clock()

        def work(connection: sqlite3.Connection) -> None:
            done = "standing = 'done', settled_at = ?, failure = ''"
            if not self._most_contents:
                done += f", {_WITHOUT_CONTENT}"
            _settle(connection, claim, done, (settled_at,))
            if self._most_contents:
                connection.execute(_EMPTY_ONE, (self._most_contents,))

        await self._database.run(work)

    async def failed(self, claim: Claim, due_at: float | None, failure: str) -> None:
        """Let the event wait until `due_at`; without it, it is a dead letter."""
        told = failure[:MAX_FAILURE_CHARACTERS]
        if due_at is None:
            columns = "standing = 'dead', settled_at = ?, failure = ?"
            moment = self._clock()
        else:
            columns = "standing = 'waiting', due_at = ?, failure = ?"
            moment = due_at
        await self._database.run(
            partial(_settle, claim=claim, columns=columns, values=(moment, told))
        )

    async def listed(
        self, standing: Standing, limit: int = 100, *, newest_first: bool = False
    ) -> list[Listed]:
        """Return events of one standing, oldest first unless the newest are wanted."""
        return await self._database.run(
            partial(event_list.listed, standing=standing, limit=limit, newest_first=newest_first)
        )

    async def named(self, event_id: str) -> list[Listed]:
        """Return the event of this id, once for each webhook that has it."""
        return await self._database.run(partial(event_list.named, event_id=event_id))

    async def counts(self) -> dict[Standing, int]:
        """Return how many events there are of each standing."""
        return await self._database.run(event_list.counts)

    async def replay(self, event_ids: Sequence[str] | None = None) -> int:
        """Put the events named in line again, or every dead letter; return how many."""
        now = self._clock()

        def work(connection: sqlite3.Connection) -> int:
            lanes = event_list.replay(connection, event_ids, now)
            for lane in lanes:
                _schedule(connection, lane)
            return len(lanes)

        return await self._database.run(work)

    async def prune(self, before: float) -> int:
        """Forget events that were delivered before this time; return how many.

        It forgets a limited number at once: call it again until it returns 0.
        """

        def work(connection: sqlite3.Connection) -> int:
            rows = connection.execute(
                "SELECT number, lane FROM events WHERE standing = 'done' AND settled_at < ?"
                " LIMIT ?",
                (before, MOST_PRUNED_TOGETHER),
            ).fetchall()
            for number, lane in rows:
                connection.execute("DELETE FROM events WHERE number = ?", (number,))
                connection.execute(
                    "DELETE FROM lanes WHERE lane = :lane"
                    " AND NOT EXISTS (SELECT 1 FROM events WHERE lane = :lane)",
                    {"lane": lane},
                )
            return len(rows)

        return await self._database.run(work)

    async def close(self) -> None:
        """Finish what was asked for, and let go of the file."""
        await self._database.close()


def _claim(connection: sqlite3.Connection, lane: str, highest_sent: int | None) -> Claim:
    """Take the next event of a lane that is due."""
    row = connection.execute(
        "SELECT number, webhook, event_id, event_type, fields, body, attempts, waiting_since,"
        " sequence FROM events WHERE lane = ? AND standing = 'waiting'"
        " ORDER BY sequence, number LIMIT 1",
        (lane,),
    ).fetchone()
    number, webhook, event_id, event_type, fields, body, attempts, waiting_since, sequence = row
    connection.execute(
        "UPDATE events SET standing = 'delivering', attempts = ? WHERE number = ?",
        (attempts + 1, number),
    )
    connection.execute(
        "UPDATE lanes SET busy = 1, due_at = NULL,"
        " highest_sent = MAX(COALESCE(highest_sent, :sent), :sent) WHERE lane = :lane",
        {"sent": sequence, "lane": lane},
    )
    return Claim(
        number=number,
        webhook=webhook,
        event_id=event_id,
        event_type=event_type,
        lane=lane,
        fields=[(name.encode(), value.encode()) for name, value in json.loads(fields)],
        body=body,
        attempts=attempts + 1,
        waiting_since=waiting_since,
        late=is_late(sequence, highest_sent),
    )


def _settle(
    connection: sqlite3.Connection, claim: Claim, columns: str, values: Sequence[float | str]
) -> None:
    """Write what became of a claim, and let the next event of its lane go."""
    connection.execute(
        # The columns are written above, never by anybody else.
        f"UPDATE events SET {columns} WHERE number = ? AND standing = 'delivering'",  # noqa: S608
        (*values, claim.number),
    )
    _free(connection, claim.lane)


def _free(connection: sqlite3.Connection, lane: str) -> None:
    connection.execute("UPDATE lanes SET busy = 0 WHERE lane = ?", (lane,))
    _schedule(connection, lane)


def _schedule(connection: sqlite3.Connection, lane: str) -> None:
    """Note when the next event of a lane is due, unless one is under way."""
    connection.execute(
        "UPDATE lanes SET due_at ="
        " (SELECT due_at FROM events WHERE lane = :lane AND standing = 'waiting'"
        "  ORDER BY sequence, number LIMIT 1)"
        " WHERE lane = :lane AND NOT busy",
        {"lane": lane},
    )
