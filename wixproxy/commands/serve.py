"""Serve until told to stop."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from ..config import Config, load
from ..config.development_key import FILE_NAME, development_key, state_folder
from ..config.model import EmulatorTable
from ..errors import ConfigError
from ..listening import CannotListen, PortTaken
from . import logs
from .complaints import is_about_address, refuse_address, refuse_configuration, refuse_port


def serve(
    flags: Mapping[str, object], config_file: Path | None, *, opens_browser: bool = False
) -> int:
    """Run the proxy that the configuration describes; return the exit code."""
    folder = Path.cwd()

    def read() -> Config:
        config = with_development_key(load(flags, os.environ, folder, config_file))
        logs.configure(config.log)
        return config

    try:
        config = read()
        # Half a second that a wrong configuration need not wait for.
        from ..running import run

        return run(config, read, opens_browser=opens_browser)
    except ConfigError as error:
        return refuse_configuration(error.problems)
    except PortTaken as error:
        return refuse_port(error.host, error.port, "--port")
    except OSError as error:
        if not is_about_address(error):
            raise
        if isinstance(error, CannotListen):
            return refuse_address(error.host, error.port, error)
        return _refuse_emulator(error, config.emulator)


def _refuse_emulator(error: OSError, table: EmulatorTable) -> int:
    """Say why the emulator cannot listen; what the proxy cannot is a `CannotListen`."""
    from ..emulator import DEFAULT_PORT

    port = DEFAULT_PORT if table.port is None else table.port
    if error.errno == errno.EADDRINUSE:
        return refuse_port(table.host, port, "emulator.port")
    return refuse_address(table.host, port, error, "emulator.")


def with_development_key(config: Config, folder: Path | None = None) -> Config:
    """Return the configuration with the key of this machine, where dev lacks one.

    `folder` keeps the key, the platform's folder for state if it is None.
    Raises `ConfigError` when the file that keeps it cannot be used.
    """
    if config.session.keys or config.mode != "dev":
        return config
    folder = folder or state_folder()
    return config.with_key(development_key(folder), str(folder / FILE_NAME))
