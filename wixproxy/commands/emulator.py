"""`wixproxy emulator`: the offline Wix alone, until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import signal
from pathlib import Path

import click

from ..emulator import Emulator, EmulatorConfig
from ..emulator.admin import BASE
from ..emulator.data import DEFAULT, DataError, load
from ..emulator.project import DEFAULT_SEED
from ..errors import ConfigError
from .ports import taken


def emulate(
    host: str, port: int | None, *, public_url: str | None, data: Path | None, seed: str | None
) -> int:
    """Run the emulator until SIGINT or SIGTERM; return the exit code.

    Raises `ConfigError` for data that cannot be used, and
    `click.ClickException` when the address is not to be had.
    """
    try:
        loaded = load(data) if data is not None else DEFAULT
    except DataError as error:
        raise ConfigError([f"--data {problem}" for problem in error.problems]) from error
    config = EmulatorConfig(seed=seed or DEFAULT_SEED, data=loaded, public_url=public_url)
    asyncio.run(_run(Emulator(config), host, port))
    return 0


async def _run(emulator: Emulator, host: str, port: int | None) -> None:
    try:
        await emulator.start(host, port)
    except OSError as error:
        raise click.ClickException(_reason(error, host, port)) from error
    try:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        click.echo(ready_lines(emulator))
        await stop.wait()
    finally:
        await emulator.stop()


def _reason(error: OSError, host: str, port: int | None) -> str:
    if error.errno == errno.EADDRINUSE and port is not None:
        return taken(host, port)
    return f"cannot listen on {host}: {error.strerror}."


def ready_lines(emulator: Emulator) -> str:
    """Say where the emulator is and what a client needs to know of it."""
    lines = [
        f"The Wix emulator is ready at {emulator.origin}",
        f"  client id  {emulator.client_id}",
    ]
    members = emulator.state.data.members
    if members:
        lines.append(f"  member     {members[0].email}, password {members[0].password}")
    lines.append(
        f"  admin      {emulator.origin}{BASE} (reset, data, clock, faults, requests, mailbox)"
    )
    return "\n".join(lines)
