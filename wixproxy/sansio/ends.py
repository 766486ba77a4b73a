"""Say what is left of a session that ended: whose it was, and for a while what took its place.

Requests may be under way with the old cookie, and a page may be read, so all
of its requests are led to one and the same new visitor. After ten minutes the
old cookie is worth nothing at all: wherever it was kept, it must not open
what its browser has become.
"""

from __future__ import annotations

from dataclasses import dataclass

from .session import Identity, Session

SUCCEEDED_SECONDS = 600


@dataclass(frozen=True, slots=True)
class End:
    """The end of one session; `successor` is as it was when it began."""

    identity: Identity
    successor: Session | None = None

    def successor_at(self, now: float) -> Session | None:
        """Return what took the session's place, unless that is long ago."""
        successor = self.successor
        if successor is None or now - successor.created_at >= SUCCEEDED_SECONDS:
            return None
        return successor
