"""Tell where wixproxy spends its time on one request: each function's share, in µs.

    python -m bench.profile api --seconds 20

`bench.peers.profiled` tells how the stacks are come by, and what of C code
and of the event loop is seen where.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import click
import uvloop

from .installing import from_debian
from .loads.browser import Asked, asset, call, sealed_session
from .peers.peer import Task
from .peers.profiled import SEPARATOR, Profiled
from .processes import Server
from .scenarios.requests import WARM_UP_SECONDS, request_cost
from .upstreams.content import API_PATH, API_PREFIX, PAGE, SMALL, content

CASES = ("frontend", "frontend-session", "api")

Stacks = Counter[tuple[str, ...]]
Stacked = Counter[str]


@click.command()
@click.argument("case", type=click.Choice(CASES))
@click.option("--seconds", default=20, show_default=True, help="How long to look")
@click.option("--top", default=25, show_default=True, help="How many functions to tell")
def main(case: str, seconds: int, top: int) -> None:
    """Profile wixproxy while one request is asked over and over."""
    from_debian(["nginx", "wrk"], click.echo)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        cpu_us, stacks = runner.run(_profiled(case, seconds, Path(folder)))
    click.echo(told(stacks, cpu_us, top))


def told(stacks: Stacks, cpu_us: float, top: int) -> str:
    """Return what files and functions take themselves, and functions with all that they call."""
    files: Stacked = Counter()
    own: Stacked = Counter()
    whole: Stacked = Counter()
    for stack, count in stacks.items():
        own[stack[-1]] += count
        files[stack[-1].partition("  ")[0]] += count
        for frame in set(stack):
            whole[frame] += count
    seen = stacks.total()
    for frame in [frame for frame, count in whole.items() if count == seen]:
        # What starts the program is below everything.
        del whole[frame]
    lines = [f"{cpu_us:.0f} µs for each request, seen {seen} times"]
    for heading, counted in (("file", files), ("function", own), ("with all it calls", whole)):
        lines += ["", f"{'µs':>10}  {heading}"]
        for frame, count in counted.most_common(top):
            lines.append(f"{cpu_us * count / seen:>10.1f}  {frame}")
    return "\n".join(lines)


async def _profiled(case: str, seconds: int, folder: Path) -> tuple[float, Stacks]:
    """Return the CPU time of a request, and how often each stack was seen."""
    peer = Profiled()
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(content(folder))
        server = await running.enter_async_context(peer.serving(Task(upstream.port), folder))
        asked = await _asked(case, server)
        # What is imported at the first request is none of the others' cost.
        await request_cost(server, asked, seconds=WARM_UP_SECONDS, folder=folder)
        os.kill(server.pid, signal.SIGUSR1)
        figures = await request_cost(server, asked, seconds=seconds, folder=folder)
    return figures["cpu_us"], _stacks(peer.stacks.read_text())


async def _asked(case: str, server: Server) -> Asked:
    api_path = API_PREFIX + API_PATH
    cookie = None if case == "frontend" else await sealed_session(server, PAGE, api_path)
    if case == "api":
        return call(api_path, server.origin, cookie)
    return asset(SMALL, server.origin, cookie)


def _stacks(written: str) -> Stacks:
    stacks: Stacks = Counter()
    for line in written.splitlines():
        frames, _, count = line.rpartition(" ")
        stacks[tuple(frames.split(SEPARATOR))] += int(count)
    return stacks


if __name__ == "__main__":
    main()
