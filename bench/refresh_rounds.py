"""Play 500 siblings on an expired session for many rounds, and print what it took.

    python -m bench.refresh_rounds --rounds 200

Wix rotates its refresh tokens and ends a session whose old one comes again,
so a second refresh in any round would log the member out. In every third
round the first caller leaves. Each act of twenty rounds has a stage of its
own, which is searched for leaks when it is struck.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from tests.conftest import HandClock
from tests.siblings import SIBLINGS, STRICTLY, member, play_round, refreshes
from tests.stage import staged

STORES = ("cookie", "memory")
ROUNDS_PER_ACT = 20


@dataclass
class Figures:
    """What the rounds on one store came to."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refreshes: int = 0
    logged_out: int = 0

    @property
    def rounds(self) -> int:
        return len(self.seconds)

    @property
    def sound(self) -> bool:
        """Tell whether each round made one refresh, and everybody was answered."""
        return (
            self.refreshes == self.rounds and set(self.statuses) == {200} and self.logged_out == 0
        )

    def lines(self, store: str) -> str:
        answers = self.statuses.total()
        answered = ", ".join(
            f"{count} with {status}" for status, count in sorted(self.statuses.items())
        )
        middle, longest = statistics.median(self.seconds), max(self.seconds)
        rate = answers / sum(self.seconds)
        return "\n".join(
            [
                f"{store} store: {'sound' if self.sound else 'NOT SOUND'}",
                f"  rounds     {self.rounds}, with {SIBLINGS} siblings each",
                f"  answers    {answered}",
                f"  refreshes  {self.refreshes}; sessions lost: {self.logged_out}",
                f"  one round  {middle * 1000:.0f} ms in the middle, {longest * 1000:.0f} at most",
                f"  together   {rate:.0f} answers a second; all parts share this process",
            ]
        )


async def play(store: str, rounds: int, figures: Figures) -> None:
    """Play one act of so many rounds, and add it to the figures."""
    clock = HandClock()
    with tempfile.TemporaryDirectory() as folder:
        async with staged(clock, Path(folder), {"session.store": store}, STRICTLY) as stage:
            browser = await member(stage)
            for number in range(1, rounds + 1):
                began = time.perf_counter()
                figures.statuses += await play_round(stage, browser, first_leaves=number % 3 == 0)
                figures.seconds.append(time.perf_counter() - began)
            figures.refreshes += refreshes(stage)
            figures.logged_out += (await browser.session())["identity"] != "member"


def main() -> int:
    """Play on both stores; the exit code says whether all was sound."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=200, help="rounds on each store")
    rounds = arguments.parse_args().rounds
    sound = True
    for store in STORES:
        figures = Figures()
        for begun in range(0, rounds, ROUNDS_PER_ACT):
            act = play(store, min(ROUNDS_PER_ACT, rounds - begun), figures)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(act)
        print(figures.lines(store), flush=True)
        sound = sound and figures.sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
