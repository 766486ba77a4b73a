"""Serve until told to stop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..config import Config, load
from ..config.development_key import FILE_NAME, development_key, state_folder
from ..emulator.data import DataError
from ..errors import ConfigError
from ..listening import PortTaken
from . import logs
from .complaints import refuse_address, refuse_configuration, refuse_port


def serve(
    flags: Mapping[str, object], config_file: Path | None, *, opens_browser: bool = False
) -> int:
    """Run the proxy that the configuration describes; return the exit code."""
    try:
        config = with_development_key(load(flags, os.environ, Path.cwd(), config_file))
    except ConfigError as error:
        return refuse_configuration(error.problems)
    logs.configure(config.log)
    from ..server import run  # noqa: PLC0415 - half a second that a wrong configuration saves

    server = config.server
    try:
        return run(config, opens_browser=opens_browser)
    except ConfigError as error:
        return refuse_configuration(error.problems)
    except DataError as error:
        return refuse_configuration([f"emulator.data: {problem}" for problem in error.problems])
    except PortTaken as error:
        return refuse_port(error.host, error.port, "--port")
    except OSError as error:
        return refuse_address(server.host, server.port, error.strerror or type(error).__name__)


def with_development_key(config: Config) -> Config:
    """Return the configuration with the key of this machine, where dev lacks one.

    Raises `ConfigError` when the file that keeps it cannot be used.
    """
    if config.session.keys or config.mode != "dev":
        return config
    folder = state_folder()
    return config.with_key(development_key(folder), str(folder / FILE_NAME))
