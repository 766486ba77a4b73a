"""Run the frontend's command: a dev server, or whatever answers for its pages.

1. It runs below a watchdog (`watchdog.py`) that ends its whole process group
   when we close a pipe, or are gone. So to stop is to close the pipe, and
   nothing that happens to us leaves it behind. Whoever forks after `start`
   closes its copy of the pipe.
2. What it says is shown byte for byte as it comes, colours and all, and read
   for the address that it may name.
3. It gets our environment, but for the variables that configure us: a key
   that seals sessions is no business of the frontend's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from ..ports import ports_of_session
from ..sansio.dev_server import Lines
from ..sansio.origin import Origin
from .whereabouts import Whereabouts

OUR_PREFIX = "WIXPROXY__"
# From SIGTERM to SIGKILL.
TERM_SECONDS = 5.0
PIECE_BYTES = 64 * 1024
# For the last words, when a process that outlives the command holds the pipe.
LAST_WORDS_SECONDS = 0.5

_WATCHDOG = Path(__file__).with_name("watchdog.py")


def environment(
    inherited: Mapping[str, str], given: Mapping[str, str], *, in_colour: bool
) -> dict[str, str]:
    """Return the command's variables: ours but for our configuration, and those `given`.

    Its output goes through us and so to no terminal; where ours does
    (`in_colour`), it is told to write colours all the same.
    """
    passed = {name: text for name, text in inherited.items() if not name.startswith(OUR_PREFIX)}
    if in_colour and not {"NO_COLOR", "FORCE_COLOR"} & passed.keys():
        passed["FORCE_COLOR"] = "1"
    return {**passed, **given}


class Child:
    """The command while it runs."""

    def __init__(self, process: asyncio.subprocess.Process, pipe: int, ours: frozenset[int]):
        self._process = process
        self._pipe: int | None = pipe
        # The watchdog leads the session that the command and all of its own are in.
        self._whereabouts = Whereabouts(ours, lambda: ports_of_session(process.pid))
        self._showing: list[asyncio.Task[None]] = []
        self._looking: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        variables: Mapping[str, str],
        *,
        ours: frozenset[int] = frozenset(),
        out: BinaryIO | None = None,
        err: BinaryIO | None = None,
        term_seconds: float = TERM_SECONDS,
    ) -> Child:
        """Start the command; `ours` are the ports that are not its own, whatever it prints.

        `out` and `err` are where its output goes: to ours, if they are None.
        """
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_WATCHDOG), str(term_seconds), *command),
                stdin=reading,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(variables),
                start_new_session=True,
            )
        except BaseException:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        child = cls(process, writing, ours)
        child._show(process.stdout, out or sys.stdout.buffer)
        child._show(process.stderr, err or sys.stderr.buffer)
        return child

    def locate(self) -> Origin:
        """Return where the command listens; raises `FrontendStarting` while nobody knows."""
        return self._whereabouts.locate()

    def look(self) -> None:
        """Begin to look for where it listens."""
        self._looking = asyncio.create_task(self._whereabouts.look())

    async def ended(self) -> int:
        """Wait until the command has ended and its last words are shown; return its exit code.

        As a shell writes it: 127 when there is no such program, 128 and the
        number of the signal when one ended it.
        """
        code = await self._process.wait()
        await asyncio.wait(self._showing, timeout=LAST_WORDS_SECONDS)
        return code if code >= 0 else 128 - code

    def hurry(self) -> None:
        """End the command at once, if it is asked to end already."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    async def stop(self) -> int:
        """End the command with all that it started; return its exit code."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        code = await self.ended()
        tasks = [*self._showing, *([self._looking] if self._looking is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return code

    def _show(self, reader: asyncio.StreamReader | None, out: BinaryIO) -> None:
        if reader is not None:
            self._showing.append(asyncio.create_task(self._shown(reader, out)))

    async def _shown(self, reader: asyncio.StreamReader, out: BinaryIO) -> None:
        lines = Lines()
        while piece := await reader.read(PIECE_BYTES):
            # Nobody may be there to see it; the command goes on all the same.
            with contextlib.suppress(OSError, ValueError):
                out.write(piece)
                out.flush()
            for line in lines.add(piece):
                self._whereabouts.read(line)
