"""Decide where a dev server listens, by what it prints and by the ports that it holds.

What it prints is a hint, because it may name other servers as well; which
ports its processes hold is certain, but not which of several is the page's.
So, in this order:

1. an address that was printed, on a port that they hold;
2. the only port that they hold, once it has been the only one for a second;
3. where no port is known to be theirs (another system, a container that they
   started), an address that was printed and takes a connection.

Ports of our own are never meant. `now` is in seconds, on any clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .origin import Origin

SETTLED_SECONDS = 1.0
# Longer than the table of sockets takes to show a port that was just printed.
UNPROVED_SECONDS = 2.0
MAX_LINE_BYTES = 8 * 1024
MAX_PRINTED = 32

# ECMA-48 §5.4 (colours, cursor), and titles and links of terminals.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_URL = re.compile(
    r"(https?)://(localhost|[a-z0-9-]+\.localhost|127(?:\.[0-9]{1,3}){3}|0\.0\.0\.0|\[::1?\])"
    r":([0-9]{2,5})(?![0-9])",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"\b(?:listening|running|started|ready) (?:on|at) (?:port:? |:|\*:)([0-9]{2,5})(?![0-9.])",
    re.IGNORECASE,
)
# Addresses to listen on, of which none can be connected to everywhere.
_EVERYWHERE = ("0.0.0.0", "[::]")  # noqa: S104


def printed_in(line: str) -> list[Origin]:
    """Return the addresses of this machine that a line of output names."""
    plain = _ESCAPES.sub("", line)
    found = [
        f"{scheme}://{'localhost' if host in _EVERYWHERE else host}:{port}"
        for scheme, host, port in _URL.findall(plain)
    ]
    found += [f"http://localhost:{port}" for port in _SENTENCE.findall(plain)]
    return [Origin.parse(text) for text in found if 0 < int(text.rpartition(":")[2]) < 65_536]


class Lines:
    """Cuts pieces of one output into lines; what is too long for a line is let go."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, piece: bytes) -> list[str]:
        """Return the lines that this piece ends."""
        # A bar of progress ends its lines with a carriage return.
        *ended, rest = re.split(rb"[\r\n]+", self._rest + piece)
        self._rest = rest if len(rest) <= MAX_LINE_BYTES else b""
        return [line.decode("utf-8", "replace") for line in ended]


@dataclass
class Search:
    """What is known so far; `ours` are the ports of the proxy itself."""

    ours: frozenset[int]
    held: frozenset[int] | None = None
    _printed: dict[Origin, float] = field(default_factory=dict)
    _held_since: float = 0.0

    def read(self, line: str, now: float) -> None:
        """Take note of a line of output."""
        for origin in printed_in(line):
            if origin.port not in self.ours and len(self._printed) < MAX_PRINTED:
                self._printed.setdefault(origin, now)

    def hold(self, ports: Iterable[int] | None, now: float) -> None:
        """Take note of the ports that its processes hold; None where nobody tells."""
        held = frozenset(ports) - self.ours if ports is not None else None
        if held != self.held:
            self.held, self._held_since = held, now

    def found(self, now: float) -> Origin | None:
        """Return where it listens, as soon as that is certain."""
        held = self.held or frozenset()
        for origin in self._printed:
            if origin.port in held:
                return origin
        if len(held) == 1 and now - self._held_since >= SETTLED_SECONDS:
            (port,) = held
            return Origin("http", "localhost", port)
        return None

    def unproved(self, now: float) -> list[Origin]:
        """Return what was printed and should be tried, where no port is known to be its."""
        if self.held:
            return []
        wait = 0.0 if self.held is None else UNPROVED_SECONDS
        return [origin for origin, since in self._printed.items() if now - since >= wait]

    def undecided(self, now: float) -> list[int]:
        """Return the ports of which one must be named, when several have been held for a while."""
        held = self.held or frozenset()
        settled = len(held) > 1 and now - self._held_since >= SETTLED_SECONDS
        return sorted(held) if settled else []
