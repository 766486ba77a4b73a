"""`wixproxy serve`: read the configuration, serve, and say why not where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..listening import PortTaken
from ..server import run
from .configuration import configured
from .ports import holder


def serve(flags: Mapping[str, Any], config_file: Path | None, *, opens_browser: bool) -> int:
    """Serve until told to stop; return the exit code.

    Raises `ConfigError`, and `click.ClickException` when the port is taken.
    """
    config = configured(flags, config_file)
    try:
        return run(config, opens_browser=opens_browser)
    except PortTaken as error:
        by = holder(error.port) or "another program"
        raise click.ClickException(
            f"port {error.port} of {error.host} is taken by {by}. "
            "Stop it, or choose another port with --port."
        ) from error
