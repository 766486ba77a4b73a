"""Remember the last exchanges and count them all, for tests to ask about.

Law: the target is kept as it was received, never as a router understood it.
This is Wix's side, so `Authorization` is kept too.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT_EXCHANGES = 2_000


@dataclass(frozen=True)
class Exchange:
    """One request and how it was answered; status 0 means the connection was reset."""

    request_id: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    status: int

    @property
    def path(self) -> str:
        """The target without its query, in the bytes received."""
        return self.target.partition("?")[0]


class ExchangeLog:
    """The last exchanges, and counts of all since the last reset."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)
        self._calls: Counter[tuple[str, str]] = Counter()
        self._grants: Counter[str] = Counter()

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self._kept.append(exchange)
        self._calls[exchange.method, exchange.path] += 1

    def add_grant(self, grant_type: str) -> None:
        """Count one request to the token endpoint, whatever its outcome."""
        self._grants[grant_type] += 1

    def kept(self, path: str | None = None) -> list[Exchange]:
        """Return the kept exchanges, oldest first, or those whose path is exactly `path`."""
        return [e for e in self._kept if path is None or e.path == path]

    def calls(self, method: str, path: str) -> int:
        """Return how often this method and path were called."""
        return self._calls[method, path]

    def grants(self, grant_type: str) -> int:
        """Return how often this grant was asked for."""
        return self._grants[grant_type]

    def counts(self) -> dict[str, Any]:
        """Return all counts as JSON values."""
        calls = {f"{method} {path}": n for (method, path), n in sorted(self._calls.items())}
        return {"calls": calls, "grants": dict(sorted(self._grants.items()))}

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._calls.clear()
        self._grants.clear()


def as_json(exchange: Exchange) -> dict[str, Any]:
    """Return one exchange as JSON values."""
    return asdict(exchange)
