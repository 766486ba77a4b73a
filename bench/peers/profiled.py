"""wixproxy with an eye on itself: on its stack now and then, or on each call that it makes.

    python -m bench.peers.profiled FILE CONFIG stacks|calls

It begins with SIGUSR1, ends with SIGUSR2, and writes when it is told to stop.

Stacks are looked at each time that a little CPU time is used up, so that a
function that waits, or a process that others keep from running, is not seen
more often for it. The interpreter looks between two of its instructions: what
C code takes is seen in the function that called it, and what the event loop
takes in the function that it calls next. Calls are counted by cProfile, which
slows everything down and counts the same on a busy machine.
"""

from __future__ import annotations

import cProfile
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
SEPARATOR = ";"


class Profiled(Wixproxy):
    """The product, which leaves what it saw in a file."""

    environment: ClassVar[Mapping[str, str]] = {"PYTHONPATH": str(ROOT)}

    def __init__(self, seen: Path, eye: str) -> None:
        super().__init__()
        self._seen = seen
        self._eye = eye

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Return how this module is started."""
        arguments = [str(self._seen), str(self.configuration(task, port, folder)), self._eye]
        return [sys.executable, "-m", "bench.peers.profiled", *arguments]


class StackEye:
    """Counts the stacks that it sees, innermost function last."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[CodeType, ...]] = Counter()

    def open(self, number: int, frame: FrameType | None) -> None:
        """Begin to look."""
        signal.signal(signal.SIGPROF, self.look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def close(self, number: int, frame: FrameType | None) -> None:
        """Stop looking."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def look(self, number: int, frame: FrameType | None) -> None:
        """Count the stack that is there."""
        stack = []
        while frame is not None:
            stack.append(frame.f_code)
            frame = frame.f_back
        self._seen[tuple(reversed(stack))] += 1

    def write(self, path: Path) -> None:
        """Write a line for each stack."""
        lines = [
            f"{SEPARATOR.join(map(_name, stack))} {count}" for stack, count in self._seen.items()
        ]
        path.write_text("\n".join(lines))


class CallEye:
    """Counts the calls of each function, and who makes them."""

    def __init__(self) -> None:
        self._profile = cProfile.Profile()

    def open(self, number: int, frame: FrameType | None) -> None:
        """Begin to count."""
        self._profile.enable()

    def close(self, number: int, frame: FrameType | None) -> None:
        """Stop counting."""
        self._profile.disable()

    def write(self, path: Path) -> None:
        """Write what `pstats` reads."""
        self._profile.dump_stats(path)


EYES: Mapping[str, type[StackEye] | type[CallEye]] = {"stacks": StackEye, "calls": CallEye}


def _name(code: CodeType) -> str:
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}  {code.co_qualname}"


if __name__ == "__main__":
    file, config, kind = sys.argv[1:]
    watching = EYES[kind]()
    signal.signal(signal.SIGUSR1, watching.open)
    signal.signal(signal.SIGUSR2, watching.close)
    try:
        main(["serve", "--config", config])
    finally:
        watching.write(Path(file))
