"""`python -m bench.soak`: mixed load for an hour; tell whether memory and descriptors are flat.

python -m bench.soak --minutes 60 --out soak.json
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NoReturn

import click
import uvloop

from ..installing import from_debian
from ..measuring import descriptors, memory
from ..peers import OURS, PEERS
from ..peers.peer import Task
from ..processes import Server
from ..upstreams.content import content
from ..upstreams.streams import streams
from .flatness import Sample, judge
from .people import Tally, visit_until_told

MINUTE_SECONDS = 60.0
MIB = 2**20


@click.command()
@click.option("--minutes", default=60, show_default=True, help="How long")
@click.option("--people", default=20, show_default=True, help="How many visit at once")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for it all")
def main(minutes: int, people: int, out: Path | None) -> NoReturn:
    """Let people use a site through wixproxy, and look every minute at what it holds."""
    from_debian(["nginx"], click.echo)
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        samples = runner.run(_soak(minutes, people, tally, Path(folder)))
    judgement = judge(samples)
    click.echo("\ndone: " + ", ".join(f"{kind} {n:,}" for kind, n in tally.done.most_common()))
    for what, count in tally.failed.most_common():
        click.echo(f"FAILED {count:,} times: {what}")
    click.echo({True: "flat: ", False: "NOT FLAT: ", None: ""}[judgement.flat] + judgement.told)
    if out is not None:
        told: dict[str, Any] = {"samples": [dataclasses.asdict(sample) for sample in samples]}
        told |= {"done": tally.done, "failed": tally.failed, "flat": judgement.flat}
        out.write_text(json.dumps(told, indent=1) + "\n")
    sys.exit(1 if tally.failed or judgement.flat is False else 0)


async def _soak(minutes: int, people: int, tally: Tally, folder: Path) -> list[Sample]:
    async with AsyncExitStack() as running:
        wix = await running.enter_async_context(content(folder))
        frontend = await running.enter_async_context(streams(folder))
        task = Task(frontend.port, wix_port=wix.port)
        server = await running.enter_async_context(PEERS[OURS].serving(task, folder))
        stop, samples = asyncio.Event(), []
        async with asyncio.TaskGroup() as visits:
            for seed in range(people):
                visits.create_task(visit_until_told(server, stop, tally, seed))
            for minute in range(1, minutes + 1):
                await asyncio.sleep(MINUTE_SECONDS)
                samples.append(_sample(server, minute, tally))
                click.echo(_line(samples[-1]))
            # Each finishes the step that it is at, which is bounded.
            stop.set()
        return samples


def _sample(server: Server, minute: int, tally: Tally) -> Sample:
    return Sample(
        minute,
        memory(server.pid).rss_bytes / MIB,
        descriptors(server.pid),
        tally.done.total(),
        tally.failed.total(),
    )


def _line(sample: Sample) -> str:
    return (
        f"minute {sample.minute:>3}  {sample.rss_mib:7.1f} MiB  {sample.descriptors:>4} descriptors"
        f"  {sample.done:>9,} done  {sample.failed:>4,} failed"
    )


if __name__ == "__main__":
    main()
