"""Run programs beside the benchmark, and end each of them by its id, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from .measuring import is_running, started_at, tree

HOST = "127.0.0.1"
# Where our own modules are run from.
ROOT = Path(__file__).parents[1]
START_SECONDS = 120.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.02
TOLD_CHARACTERS = 1_000


class DidNotStart(Exception):
    """A program could not be started, or ended before it listened."""


@dataclass(frozen=True, slots=True)
class Server:
    """A program that listens on the loopback: its port, and the process that it began with."""

    name: str
    port: int
    pid: int

    @property
    def origin(self) -> str:
        """Where it is reached."""
        return f"http://{HOST}:{self.port}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Server]:
    """Run the program until the block ends; raises `DidNotStart` with what it said."""
    said = folder / f"{name}.log"
    async with child(command, folder=folder, output=said, environment=environment) as process:
        await _listening(name, process, port, said)
        yield Server(name, port, process.pid)


@asynccontextmanager
async def child(
    command: Sequence[str],
    *,
    folder: Path,
    output: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program until the block ends; its output goes to a file, or comes by a pipe."""
    opened = output.open("wb") if output else contextlib.nullcontext(asyncio.subprocess.PIPE)
    with opened as stdout:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env={**_environment(folder), **(environment or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=asyncio.subprocess.STDOUT,
                # Ctrl-C is ours to hand on.
                start_new_session=True,
            )
        except OSError as error:
            raise DidNotStart(f"{command[0]}: {error.strerror}") from error
        try:
            yield process
        finally:
            await _end(process)


async def _listening(name: str, process: asyncio.subprocess.Process, port: int, said: Path) -> None:
    """Return when the port takes connections."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _takes_connections(port):
                if process.returncode is not None:
                    break
                await asyncio.sleep(POLL_SECONDS)
            else:
                return
    except TimeoutError:
        pass
    raise DidNotStart(f"{name} did not listen on port {port}. It said: {_end_of(said)}")


def _end_of(said: Path) -> str:
    return said.read_text("utf-8", "replace").strip()[-TOLD_CHARACTERS:] or "nothing"


async def _takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and what it started: politely, then for good."""
    begun = {pid: started_at(pid) for pid in tree(process.pid)}
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
    finally:
        for pid, since in begun.items():
            if is_running(pid, since):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    await process.wait()
    # Nobody tells of the end of a grandchild.
    while any(is_running(pid, since) for pid, since in begun.items()):  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)


def _environment(folder: Path) -> dict[str, str]:
    """Return this process's variables, with nothing in them that leads the programs elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.upper().startswith("WIX")
    }
    homes = {f"XDG_{what}_HOME": str(folder) for what in ("CONFIG", "DATA", "STATE")}
    return {**kept, **homes, "NO_COLOR": "1"}
