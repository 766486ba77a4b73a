"""wixproxy with an eye on its own stack, each time that it has used up a little CPU time.

    python -m bench.peers.profiled STACKS CONFIG

It looks from SIGUSR1 on and writes what it saw when it ends. The timer counts
CPU time, so that a function that waits, or a process that others keep from
running, is not seen more often for it. The interpreter looks between two of
its instructions: what C code takes is seen in the function that called it,
and what the event loop takes in the function that it calls next.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import ClassVar

from wixproxy.cli import main

from ..processes import ROOT
from .peer import Task
from .wixproxy import Wixproxy

# The kernel's clock may tick less often.
EVERY_SECONDS = 0.001
STACKS = "stacks.txt"
SEPARATOR = ";"


class Profiled(Wixproxy):
    """The product, which keeps its stacks in its folder."""

    environment: ClassVar[Mapping[str, str]] = {"PYTHONPATH": str(ROOT)}

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Return how this module is started."""
        self.stacks = folder / STACKS
        file = self.configuration(task, port, folder)
        return [sys.executable, "-m", "bench.peers.profiled", str(self.stacks), str(file)]


class Eye:
    """Counts the stacks that it sees, innermost function last."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[CodeType, ...]] = Counter()

    def open(self, number: int, frame: FrameType | None) -> None:
        """Begin to look."""
        signal.signal(signal.SIGPROF, self.look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def look(self, number: int, frame: FrameType | None) -> None:
        """Count the stack that is there."""
        stack = []
        while frame is not None:
            stack.append(frame.f_code)
            frame = frame.f_back
        self._seen[tuple(reversed(stack))] += 1

    def write(self, path: Path) -> None:
        """Stop looking, and write a line for each stack."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        lines = [
            f"{SEPARATOR.join(map(_name, stack))} {count}" for stack, count in self._seen.items()
        ]
        path.write_text("\n".join(lines))


def _name(code: CodeType) -> str:
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}  {code.co_qualname}"


if __name__ == "__main__":
    eye = Eye()
    signal.signal(signal.SIGUSR1, eye.open)
    try:
        main(["serve", "--config", sys.argv[2]])
    finally:
        eye.write(Path(sys.argv[1]))
