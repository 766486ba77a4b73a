"""`python -m bench.soak.stops`: a hundred thousand requests, with SIGHUP and SIGTERM among them.

    python -m bench.soak.stops --requests 100000 --workers 2

A crowd keeps asking while the configuration is read again, and while the proxy
stops and another takes its place. Once a connection stands, the kernel has
accepted its request: it must be answered whole. Whom the kernel refuses after
the close has not been failed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import click
import uvloop

from tests.load import Crowd

from ..installing import from_debian
from ..peers.peer import Task
from ..peers.wixproxy import Wixproxy
from ..processes import HOST, child, free_port
from ..upstreams.content import SMALL, content

CLIENTS = 50
REQUESTS_PER_LIFE = 10_000
RELOADS_PER_LIFE = 10
READY_SECONDS, STOP_SECONDS = 60.0, 60.0
POLL_SECONDS = 0.02
ENVIRONMENT = {"WIXPROXY__SERVER__DRAIN_DELAY_SECONDS": "0.5"}


@dataclass
class Seen:
    """What came of all lives together."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    reloads: int = 0
    stops: int = 0

    @property
    def served(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()


@click.command()
@click.option("--requests", default=100_000, show_default=True, help="How many are asked")
@click.option("--workers", default=2, show_default=True, help="Processes of wixproxy")
def main(requests: int, workers: int) -> NoReturn:
    """Ask, reload and stop, over and over; tell what was not answered."""
    from_debian(["nginx"], click.echo)
    seen = Seen()
    with (
        tempfile.TemporaryDirectory(prefix="stops-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_all_lives(requests, workers, Path(folder), seen))
    click.echo(
        f"{seen.served:,} answers {dict(seen.statuses)}, {seen.reloads} reloads, "
        f"{seen.stops} stops, {len(seen.faults)} faults"
    )
    for fault in seen.faults[:10]:
        click.echo(f"FAILED {fault}")
    sys.exit(1 if seen.faults or set(seen.statuses) != {200} else 0)


async def _all_lives(requests: int, workers: int, folder: Path, seen: Seen) -> None:
    in_a_life = min(requests, REQUESTS_PER_LIFE)
    async with content(folder) as upstream:
        while seen.served < requests and not seen.faults:
            home = folder / f"life-{seen.stops}"
            home.mkdir()
            await _one_life(Task(upstream.port), workers, in_a_life, home, seen)


async def _one_life(task: Task, workers: int, requests: int, folder: Path, seen: Seen) -> None:
    """Serve so many requests, reload among them, and stop under load."""
    port = free_port()
    command = [*Wixproxy().command(task, port, folder), "--workers", str(workers)]
    said = folder / "said.log"
    async with child(command, folder=folder, output=said, environment=ENVIRONMENT) as process:
        await _ready(said)
        crowd = Crowd(port, path=SMALL, host=HOST)
        asking = asyncio.create_task(crowd.ask(CLIENTS, sys.maxsize))
        while crowd.served < requests:
            await crowd.until(crowd.served + requests // RELOADS_PER_LIFE)
            process.send_signal(signal.SIGHUP)
            seen.reloads += 1
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            await asking
            code = await process.wait()
    seen.stops += 1
    seen.statuses += crowd.statuses
    seen.faults += crowd.failures
    if code != 0:
        seen.faults.append(f"it ended with exit code {code}: {said.read_text()[-500:]}")


async def _ready(said: Path) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while "is ready at" not in said.read_text():  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
