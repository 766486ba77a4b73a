"""Read the configuration that belongs to this process: its variables and its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import Config, Reading, read
from ..config.development_key import FILE_NAME, development_key, state_folder


def reading(flags: Mapping[str, Any], config_file: Path | None) -> Reading:
    """Read the configuration of this process, with whatever problems it has."""
    return read(flags=flags, env=os.environ, cwd=Path.cwd(), config_file=config_file)


def runnable(flags: Mapping[str, Any], config_file: Path | None) -> Config:
    """Return the configuration, with a key to seal sessions with.

    Raises `ConfigError` with every problem.
    """
    config = reading(flags, config_file).checked()
    if config.session.keys:
        return config
    # Production was refused without a key, so this is a developer's machine.
    folder = state_folder()
    return config.with_key(development_key(folder), str(folder / FILE_NAME))
