"""Tell whether the configuration can be used, and what it comes to."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

import click

from ..config import Config, read
from ..config.development_key import kept_key, state_folder
from ..config.options import OPTIONS, value_of
from ..config.problems import DEFAULT, shown
from ..config.schema import schema
from ..emulator.data import DataError
from ..emulator.data import load as load_data
from ..errors import ConfigError
from .complaints import EXIT_CONFIG, refuse_configuration


def check(flags: Mapping[str, object], config_file: Path | None, *, is_online: bool = False) -> int:
    """Print every problem, or what the configuration comes to; return the exit code.

    With `is_online` Wix is asked whether it knows what is configured.
    """
    reading = read(flags, os.environ, Path.cwd(), config_file)
    problems: list[str] = []
    try:
        reading.checked()
    except ConfigError as error:
        problems += error.problems
    problems += _kept_key_problems(reading.config)
    data = reading.config.emulator.data
    if data is not None and Path(data).is_file():
        try:
            load_data(data)
        except DataError as error:
            problems += [f"emulator.data: {problem}" for problem in error.problems]
    if is_online and reading.config.emulator.enabled:
        problems.append(
            "emulator.enabled: expected Wix to be asked with --online, found the emulator, which "
            "runs inside of serve. Leave --emulator out"
        )
    if problems:
        return refuse_configuration(problems)
    click.echo("\n".join(_summary(reading.config)))
    return asyncio.run(_ask_wix(reading.config)) if is_online else 0


async def _ask_wix(config: Config) -> int:
    """Print what Wix says to each question; return the exit code."""
    from ..server import ask_wix

    click.echo(f"What Wix says, at {config.site.api_origin}:")
    failed = False
    async for finding in ask_wix(config):
        failed = failed or finding.verdict == "failed"
        click.echo(f"  {finding.verdict:<10} {finding.subject:<16} {finding.sentence}")
    return EXIT_CONFIG if failed else 0


def print_schema() -> None:
    """Print the JSON Schema of the configuration file."""
    click.echo(json.dumps(schema(), indent=2))


def _kept_key_problems(config: Config) -> list[str]:
    """Find what is wrong with the key of this machine, where `serve` would use it."""
    if config.mode != "dev" or not config.sources["session.keys"].startswith(DEFAULT):
        return []
    try:
        kept_key(state_folder())
    except ConfigError as error:
        return error.problems
    return []


def _summary(config: Config) -> list[str]:
    keys = len(config.session.keys)
    sealed = f"{keys} key{'s' if keys != 1 else ''}" if keys else "a key of this machine"
    mode = config.sources["mode"].removeprefix(f"{DEFAULT}: ")
    lines = [
        "The configuration is good.",
        f"  mode        {config.mode} ({mode})",
        f"  public URL  {', '.join(config.server.public_url)}",
        f"  sessions    in the {config.session.store} store, sealed with {sealed}",
    ]
    given = {name: of for name, of in config.sources.items() if not of.startswith(DEFAULT)}
    if given:
        lines.append("  options given:")
        lines += [f"    {name} = {_shown(config, name)}  ({of})" for name, of in given.items()]
    return lines


def _shown(config: Config, name: str) -> str:
    value = value_of(config, name)
    if OPTIONS[name].kind == "secret":
        return "(secret)"
    if OPTIONS[name].kind == "table" and isinstance(value, tuple):
        return f"{len(value)} table{'s' if len(value) != 1 else ''}"
    if isinstance(value, tuple):
        return f"[{', '.join(shown(entry) for entry in value)}]"
    return shown(value)
