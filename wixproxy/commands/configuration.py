"""Read the configuration that belongs to this process: its variables and its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import Config, load


def configured(flags: Mapping[str, Any], config_file: Path | None) -> Config:
    """Return the configuration of this process; raise `ConfigError` with every problem."""
    return load(flags=flags, env=os.environ, cwd=Path.cwd(), config_file=config_file)
