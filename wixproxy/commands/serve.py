"""`wixproxy serve`: read the configuration, serve, and say why not where it fails."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..config import Config
from ..listening import PortTaken
from ..server import run
from . import logs
from .configuration import runnable
from .ports import taken

# Nobody has this address, nobody may take this port, or it is in use.
NOT_TO_BE_HAD = frozenset({errno.EADDRNOTAVAIL, errno.EACCES, errno.EADDRINUSE})


def serve(flags: Mapping[str, Any], config_file: Path | None, *, opens_browser: bool) -> int:
    """Serve until told to stop; return the exit code.

    Raises `ConfigError`, and `click.ClickException` when an address is not
    to be had.
    """
    config = runnable(flags, config_file)
    logs.begin(config.log.level, config.log.format)
    try:
        return run(config, opens_browser=opens_browser)
    except PortTaken as error:
        raise click.ClickException(taken(error.host, error.port)) from error
    except OSError as error:
        if error.errno not in NOT_TO_BE_HAD and not isinstance(error, socket.gaierror):
            raise
        raise click.ClickException(_not_listening(error, config)) from error


def _not_listening(error: OSError, config: Config) -> str:
    emulator = config.emulator
    # The proxy's own port raises `PortTaken`, so this one is the emulator's.
    if error.errno == errno.EADDRINUSE and emulator.port is not None:
        return taken(emulator.host, emulator.port, "emulator.port")
    tried = [f"server.host {config.server.host} with port {config.server.port}"]
    if emulator.enabled:
        tried.append(f"emulator.host {emulator.host}")
    return f"cannot listen: {error.strerror}. Tried {' and '.join(tried)}."
