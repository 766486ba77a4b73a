"""Decide when an event goes to its handler, in which order, when again, and when no more.

1. Events of one entity share a lane. In a lane one event is under way at a
   time, and of those that wait the one with the lowest number is next; what
   fails holds the lane until it succeeds or is given up.
2. An event whose number is below one that went out before it is late. It
   went out when its first attempt began, because a handler that failed may
   have done its work.
3. Waits grow by a factor up to a bound, and each is shortened by chance, so
   that what failed together does not come back together.
4. After two days, the time that Wix itself would try, an event is a dead
   letter: kept, listed, and sent again only when somebody says so.

Source: Wix "About Webhooks": duplicates and wrong order are normal; order by
`entityEventSequence`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .webhook import Event

GIVE_UP_SECONDS = 48 * 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait after a failed attempt; all in seconds."""

    first_seconds: float = 1.0
    factor: float = 3.0
    most_seconds: float = 3600.0
    give_up_seconds: float = GIVE_UP_SECONDS

    def next_at(
        self, attempts: int, waiting_since: float, now: float, jitter: float
    ) -> float | None:
        """Return when the next attempt is due, or None to give up.

        `attempts` have failed; `jitter` from 0 to 1 takes up to half of the wait away.
        """
        # An exponent without bound would overflow long after the bound is reached.
        wait = min(self.most_seconds, self.first_seconds * self.factor ** min(attempts - 1, 60))
        due = now + wait * (1 - jitter / 2)
        return due if due < waiting_since + self.give_up_seconds else None


def lane(webhook: str, event: Event) -> str:
    """Return the name of the lane in which an event waits.

    Without an entity or a number nothing can be said about the order, and the
    event has a lane of its own.
    """
    if event.sequence is None or not event.entity_id:
        return json.dumps([webhook, event.id])
    return json.dumps([webhook, event.instance_id, event.fqdn, event.entity_id])


def entity_in(lane: str) -> str:
    """Return the id of the entity whose lane this is; empty for a lane of one event."""
    name = json.loads(lane)
    return str(name[3]) if len(name) == 4 else ""


def is_late(sequence: int | None, highest_sent: int | None) -> bool:
    """Tell whether an event with a higher number of the same lane went out before."""
    return sequence is not None and highest_sent is not None and sequence < highest_sent
