"""What a proxy must tell to be measured: how it is started, and what it needs.

Each forwards everything to one upstream over connections that are kept, as a
single worker where it can be told so, and writes no line for a request.
Where a session's token is to be compared with, it attaches one fixed
`Authorization` field instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..processes import HOST, Server, free_port, running

MAX_CONNECTIONS = 8_192


@dataclass(frozen=True, slots=True)
class Task:
    """What a proxy is to do: forward to this port, with this `Authorization` if there is one.

    `wix_port` is where Wix is played, where it is not the upstream that does it.
    """

    upstream_port: int
    authorization: str | None = None
    wix_port: int | None = None

    @property
    def upstream(self) -> str:
        """The upstream's host and port."""
        return f"{HOST}:{self.upstream_port}"

    @property
    def wix(self) -> str:
        """Wix's host and port."""
        return f"{HOST}:{self.wix_port or self.upstream_port}"


class Peer:
    """A proxy by its name; `debian` and `pypi` are the packages that it comes in."""

    name: str
    debian: tuple[str, ...] = ()
    uses_npm = False
    pypi: tuple[str, ...] = ()
    environment: ClassVar[Mapping[str, str]] = {}

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Write what the proxy reads into the folder, and return how it is started."""
        raise NotImplementedError

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        raise NotImplementedError

    @asynccontextmanager
    async def serving(self, task: Task, folder: Path) -> AsyncIterator[Server]:
        """Run the proxy until the block ends; raises `DidNotStart`."""
        port = free_port()
        home = folder / f"{self.name}-{port}"
        home.mkdir()
        async with running(
            self.name,
            self.command(task, port, home),
            port=port,
            folder=home,
            environment=self.environment,
        ) as server:
            yield server
