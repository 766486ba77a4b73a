"""Read the events that are kept, and put in line again those that somebody names.

1. A list shows no content: who asks what became of an event need not see it.
2. A dead letter starts over, with no attempt counted. One that waits is due
   at once. One that was delivered starts over as well, while its content is
   still here; one that is under way is left alone.
3. Whatever is put in line waits in its lane like everything else there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..sansio.deliveries import entity_in

Standing = Literal["waiting", "delivering", "done", "dead"]

# In the order of the fields of `Listed`.
_LISTED = (
    "webhook, event_id, event_type, standing, lane, sequence, received_at, attempts, failure,"
    " due_at, settled_at, body <> x''"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """An event as a list shows it.

    `due_at` counts while it waits, `settled_at` once it is done or dead.
    """

    webhook: str
    event_id: str
    event_type: str
    standing: Standing
    lane: str
    sequence: int | None
    received_at: float
    attempts: int
    failure: str
    due_at: float
    settled_at: float | None
    has_content: bool

    @property
    def entity_id(self) -> str:
        """The entity that the event is about; empty where it is in no order."""
        return entity_in(self.lane)

    @property
    def can_replay(self) -> bool:
        """Tell whether the event can be put in line again."""
        return bool(self.has_content) and self.standing != "delivering"


def listed(
    connection: sqlite3.Connection, standing: Standing, limit: int, *, newest_first: bool
) -> list[Listed]:
    """Return events of one standing, in the order they came or, settled ones, were settled."""
    order = "settled_at DESC, number DESC" if newest_first else "number"
    rows = connection.execute(
        # Both are written here, never by anybody else.
        f"SELECT {_LISTED} FROM events WHERE standing = ? ORDER BY {order} LIMIT ?",  # noqa: S608
        (standing, limit),
    )
    return [Listed(*row) for row in rows]


def named(connection: sqlite3.Connection, event_id: str) -> list[Listed]:
    """Return the event of this id, once for each webhook that has it."""
    rows = connection.execute(
        f"SELECT {_LISTED} FROM events WHERE event_id = ? ORDER BY number",  # noqa: S608
        (event_id,),
    )
    return [Listed(*row) for row in rows]


def counts(connection: sqlite3.Connection) -> dict[Standing, int]:
    """Return how many events there are of each standing."""
    found: dict[Standing, int] = {"waiting": 0, "delivering": 0, "done": 0, "dead": 0}
    found.update(connection.execute("SELECT standing, COUNT(*) FROM events GROUP BY standing"))
    return found


def replay(
    connection: sqlite3.Connection, event_ids: Sequence[str] | None, now: float
) -> list[str]:
    """Put the events named in line, or every dead letter; return the lanes they are in."""
    if event_ids is None:
        chosen = connection.execute(
            "SELECT number, lane, standing FROM events WHERE standing = 'dead'"
        ).fetchall()
    else:
        chosen = [
            row
            for event_id in dict.fromkeys(event_ids)
            for row in connection.execute(
                "SELECT number, lane, standing FROM events WHERE event_id = ?"
                " AND standing <> 'delivering' AND body <> x''",
                (event_id,),
            )
        ]
    for number, _, standing in chosen:
        connection.execute("UPDATE events SET due_at = ? WHERE number = ?", (now, number))
        if standing != "waiting":
            connection.execute(
                "UPDATE events SET standing = 'waiting', waiting_since = ?, attempts = 0,"
                " settled_at = NULL WHERE number = ?",
                (now, number),
            )
    return [lane for _, lane, _ in chosen]
