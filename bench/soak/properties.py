"""`python -m bench.soak.properties`: what the tests show of the wire a thousand times, more often.

    python -m bench.soak.properties --times 10000

Clients that leave at any moment, messages that are cut off at any byte,
connections that close under a request, heads full of what ends at a hop, and
sessions that share connections. The proxy and both its neighbours share this
process, so the seconds say little about its speed.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn

import click
import uvloop

from tests.properties.closing import closing_rounds
from tests.properties.departures import departures
from tests.properties.hops import exchange_heads
from tests.properties.interleaving import interleaving
from tests.properties.wholeness import cut_answers, cut_uploads
from tests.vectors.scene import Scene, scene

MOST_TOLD = 5

OnScene = Callable[[Scene, int, int], Coroutine[Any, Any, list[str]]]
Play = Callable[[Path, int, int], Coroutine[Any, Any, list[str]]]


async def _departures(running: Scene, times: int, seed: int) -> list[str]:
    left = await departures(running, times, seed)
    grown = [f"{more} more {kind}" for kind, more in left.grown.items()]
    return ([] if left.nothing else [str(left)]) + grown


async def _closing(running: Scene, times: int, seed: int) -> list[str]:
    return (await closing_rounds(running, times, seed)).wrong


def _on_scene(play: OnScene) -> Play:
    async def on_scene(folder: Path, times: int, seed: int) -> list[str]:
        async with scene(folder) as running:
            return await play(running, times, seed)

    return on_scene


def _interleaving(*, one_connection: bool) -> Play:
    async def play(folder: Path, times: int, seed: int) -> list[str]:
        async with interleaving(folder, one_connection=one_connection) as call:
            return (await call(times, seed)).mixed_up()

    return play


PROPERTIES = {
    "clients that leave at any moment leave nothing": _on_scene(_departures),
    "a request that is cut off is never delivered as a whole one": _on_scene(cut_uploads),
    "an answer that is cut off never looks whole": _on_scene(cut_answers),
    "no GET fails and no POST comes twice when connections close": _on_scene(_closing),
    "no hop-by-hop field survives": _on_scene(exchange_heads),
    "sessions never see each other's token": _interleaving(one_connection=False),
    "nor with a pool of one connection": _interleaving(one_connection=True),
}


@click.command()
@click.option("--times", default=10_000, show_default=True, help="How often each is tried")
@click.option("--seed", default=1, show_default=True, help="Where the dice begin")
@click.option("--only", default="", help="Those alone whose names hold this text")
def main(times: int, seed: int, only: str) -> NoReturn:
    """Try each property so many times; the exit code says whether all held."""
    chosen = {name: play for name, play in PROPERTIES.items() if only in name}
    if not chosen:
        raise click.UsageError(f"--only {only!r}: expected a part of one of {list(PROPERTIES)}")
    # Thousands of refusals are meant.
    logging.disable(logging.WARNING)
    held = [_holds(name, play, times, seed) for name, play in chosen.items()]
    sys.exit(0 if all(held) else 1)


def _holds(name: str, play: Play, times: int, seed: int) -> bool:
    """Try one property, and tell what came of it."""
    began = time.perf_counter()
    found = _played(play, times, seed)
    seconds = time.perf_counter() - began
    click.echo(f"{'held  ' if not found else 'BROKEN'}  {name}: {times:,} in {seconds:.0f} s")
    for what in found[:MOST_TOLD]:
        click.echo(f"        {what}")
    return not found


def _played(play: Play, times: int, seed: int) -> list[str]:
    with (
        tempfile.TemporaryDirectory(prefix="properties-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(play(Path(folder), times, seed))


if __name__ == "__main__":
    main()
