"""Run the offline Wix alone until told to stop."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import click

from ..config import read
from ..config.model import EmulatorTable
from ..emulator import DEFAULT_PORT, Emulator, EmulatorConfig
from ..emulator.data import DEFAULT, DataError
from ..emulator.data import load as load_data
from ..errors import ConfigError
from . import logs
from .complaints import is_about_address, refuse_address, refuse_configuration, refuse_port


def emulate(flags: Mapping[str, object], config_file: Path | None) -> int:
    """Run the emulator; return the exit code. Only its own table must be sound."""
    try:
        config = read(flags, os.environ, Path.cwd(), config_file).checked("emulator", "log")
        table = config.emulator
        data = load_data(table.data) if table.data is not None else DEFAULT
    except ConfigError as error:
        return refuse_configuration(error.problems)
    except DataError as error:
        return refuse_configuration([f"emulator.data: {problem}" for problem in error.problems])
    logs.configure(config.log)
    emulator = Emulator(
        EmulatorConfig(
            seed=table.seed,
            data=data,
            public_url=table.public_url,
            access_token_seconds=table.access_token_seconds,
        )
    )
    port = DEFAULT_PORT if table.port is None else table.port
    try:
        asyncio.run(_run(emulator, table))
    except OSError as error:
        if not is_about_address(error):
            raise
        if error.errno == errno.EADDRINUSE:
            return refuse_port(table.host, port, "--port")
        return refuse_address(table.host, port, error)
    return 0


async def _run(emulator: Emulator, table: EmulatorTable) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await emulator.start(table.host, table.port)
    try:
        click.echo(_ready_block(emulator))
        await stop.wait()
    finally:
        await emulator.stop()


def _ready_block(emulator: Emulator) -> str:
    """Say where the emulator is, and what to log in with."""
    members = emulator.state.data.members
    origin, client_id = emulator.origin, emulator.client_id
    lines = [f"The emulated Wix is ready at {origin}", f"  client id  {client_id}"]
    if members:
        lines.append(f"  member     {members[0].email}, password {members[0].password}")
    settings = f"WIX_CLIENT_ID={client_id} WIXPROXY__SITE__API_ORIGIN={origin}"
    lines += [
        f"  admin      {origin}/__emulator/v1/",
        "",
        "To use it from a proxy of its own:",
        f"  {settings} wixproxy serve --upstream URL",
    ]
    return "\n".join(lines)
