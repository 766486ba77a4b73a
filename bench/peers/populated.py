"""wixproxy with a memory store that holds many sessions already.

    python -m bench.peers.populated CONFIG SESSIONS

It is the product as `serve` runs it, except that the store is filled before
the listener opens: a million visits would take longer than what they are for.
The ids are known to whoever knows how many there are.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import uvloop

from wixproxy.commands import logs
from wixproxy.config import Config, load
from wixproxy.listening import listen
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.server import build

from ..processes import ROOT
from ..upstreams.content import tokens_answer
from .peer import Task
from .wixproxy import Wixproxy

LIFETIME_SECONDS = 14_400


class Populated(Wixproxy):
    """The product with so many sessions in its memory store."""

    environment: ClassVar[Mapping[str, str]] = {"PYTHONPATH": str(ROOT)}

    def __init__(self, sessions: int) -> None:
        super().__init__(store="memory", max_sessions=2 * sessions)
        self._sessions = sessions

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Return how this module is started."""
        file = self.configuration(task, port, folder)
        return [sys.executable, "-m", "bench.peers.populated", str(file), str(self._sessions)]


def session_id(number: int) -> str:
    """Return an id of the form that sessions have."""
    return f"{number:043d}"


def visitors(count: int) -> Iterator[Session]:
    """Make visitors whose tokens are each a text of its own."""
    now = time.time()
    answer = tokens_answer()
    access, refresh = str(answer["access_token"]), str(answer["refresh_token"])
    for number in range(count):
        mark = f"{number:08d}"
        tokens = Tokens(
            access[:-8] + mark, refresh[:-8] + mark, int(now) + LIFETIME_SECONDS, LIFETIME_SECONDS
        )
        begun = Session.visitor(now, Limits())
        yield replace(begun, id=session_id(number)).renewed(tokens)


async def serve(config: Config, count: int) -> None:
    """Serve with so many sessions in the store, until the process is ended."""
    proxy = build(config)
    (front,) = proxy.requests.service.fronts.values()
    for visitor in visitors(count):
        await front.store.save(visitor)
    await proxy.start(listen(config.server.host, config.server.port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    file = Path(sys.argv[1])
    configured = load({}, {}, file.parent, file)
    logs.configure(configured.log)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as running_loop:
        running_loop.run(serve(configured, int(sys.argv[2])))
