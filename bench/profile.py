"""Tell where wixproxy spends its time on one request, or which calls it makes for it.

    python -m bench.profile api --seconds 20
    python -m bench.profile api --calls

`bench.peers.profiled` tells what is seen, and what is seen somewhere else.
"""

from __future__ import annotations

import asyncio
import os
import pstats
import signal
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import click
import uvloop

from .figures import Figures
from .installing import from_debian
from .loads.browser import Asked, asset, call, sealed_session
from .peers.peer import Task
from .peers.profiled import SEPARATOR, Profiled
from .processes import Server
from .scenarios.requests import WARM_UP_SECONDS, request_cost
from .upstreams.content import API_PATH, API_PREFIX, PAGE, SMALL, content

CASES = ("frontend", "frontend-session", "api")
CALLERS = 3
BUILT_IN = "~"

Stacks = Counter[tuple[str, ...]]
Stacked = Counter[str]
Function = tuple[str, int, str]
Counts = tuple[int, int, float, float]
"""Calls, those among them that are no recursion, own seconds, seconds with all they call."""


@click.command()
@click.argument("case", type=click.Choice(CASES))
@click.option("--calls", is_flag=True, help="Count calls instead: the same on a busy machine")
@click.option("--seconds", default=20, show_default=True, help="How long to look")
@click.option("--top", default=25, show_default=True, help="How many functions to tell")
def main(case: str, calls: bool, seconds: int, top: int) -> None:
    """Profile wixproxy while one request is asked over and over."""
    from_debian(["nginx", "wrk"], click.echo)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        seen = Path(folder) / "seen"
        peer = Profiled(seen, "calls" if calls else "stacks")
        figures = runner.run(_profiled(peer, case, seconds, Path(folder)))
        if calls:
            click.echo(told_calls(seen, figures["requests"], top))
        else:
            click.echo(told(_stacks(seen.read_text()), figures["cpu_us"], top))


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


def told_calls(seen: Path, requests: float, top: int) -> str:
    """Return the functions that are called most often for a request, and who calls them."""
    # typeshed does not tell of it, and its documentation does not either.
    stats = cast(
        "Mapping[Function, tuple[*Counts, Mapping[Function, Counts]]]",
        vars(pstats.Stats(str(seen)))["stats"],
    )
    calls = {function: found[1] for function, found in stats.items()}
    python = sum(count for function, count in calls.items() if function[0] != BUILT_IN)
    each, written = sum(calls.values()) / requests, python / requests
    lines = [f"{each:.0f} calls for each request, {written:.0f} of them of functions in Python"]
    lines += ["", f"{'calls':>10}  function"]
    for function in sorted(calls, key=lambda one: calls[one], reverse=True)[:top]:
        lines.append(f"{calls[function] / requests:>10.1f}  {_place(function)}")
        callers = stats[function][4]
        most = sorted(callers, key=lambda one: callers[one][1], reverse=True)[:CALLERS]
        if function[0] == BUILT_IN:
            lines += [f"{callers[one][1] / requests:>16.1f}  {_place(one)}" for one in most]
    return "\n".join(lines)


def _place(function: Function) -> str:
    file, line, name = function
    return name if file == BUILT_IN else f"{'/'.join(Path(file).parts[-2:])}:{line}  {name}"


async def _profiled(peer: Profiled, case: str, seconds: int, folder: Path) -> Figures:
    """Ask for so long while the peer looks at itself."""
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(content(folder))
        server = await running.enter_async_context(peer.serving(Task(upstream.port), folder))
        asked = await _asked(case, server)
        # What is imported at the first request is none of the others' cost.
        await request_cost(server, asked, seconds=WARM_UP_SECONDS, folder=folder)
        os.kill(server.pid, signal.SIGUSR1)
        figures = await request_cost(server, asked, seconds=seconds, folder=folder)
        os.kill(server.pid, signal.SIGUSR2)
        return figures


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
