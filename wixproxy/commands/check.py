"""`wixproxy check`: what the configuration amounts to, and where each value came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..config import Config, schema
from ..server import emulator_data
from .configuration import reading


def summarise(flags: Mapping[str, Any], config_file: Path | None) -> None:
    """Print that the configuration is good, and its outcome; raise `ConfigError` if it is not."""
    config = reading(flags, config_file).checked()
    emulator_data(config)
    click.echo("\n".join(summary(config)))


def summary(config: Config) -> list[str]:
    """Describe `config` in lines; values that may be secret are named, not shown."""
    lines = [
        "The configuration is good",
        f"  mode        {config.mode}",
        f"  public URL  {', '.join(config.server.public_url)}",
        f"  store       {config.session.store}",
    ]
    chosen = {name: source for name, source in config.sources.items() if source != "default"}
    if chosen:
        width = max(map(len, chosen))
        lines.append("Options that are not left at their default, and where they come from:")
        lines += [f"  {name:{width}}  {source}" for name, source in sorted(chosen.items())]
    return lines


def print_schema() -> None:
    """Print the JSON Schema of the configuration file."""
    click.echo(json.dumps(schema(), indent=2))
