"""Name the commands and their options; each command lies in a module of its own.

Only click is imported here, and a command's module when the command runs, so
that `--help` and completion answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from . import __version__

Function = TypeVar("Function", bound=Callable[..., Any])

_PORTS = click.IntRange(1, 65_535)


def _frontend_options(function: Function) -> Function:
    """Add the options that `serve` and `check` share."""
    options = [
        click.option("--upstream", metavar="URL", help="Frontend, e.g. http://localhost:5173"),
        click.option("--root", metavar="DIR", help="Folder of built files to serve instead"),
        click.option("--emulator", is_flag=True, help="Run an offline Wix, no account needed"),
        click.option("--data", metavar="FILE", help="What the emulated site holds, TOML or JSON"),
        click.option(
            "--host", metavar="ADDRESS", help="Address to listen on  [default: 127.0.0.1]"
        ),
        click.option("--port", type=_PORTS, metavar="PORT", help="Port  [default: 4321]"),
        _config_option,
    ]
    for option in reversed(options):
        function = option(function)
    return function


_config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration file  [default: wixproxy.toml]",
)


def _flags(
    *,
    upstream: str | None,
    root: str | None,
    emulator: bool,
    data: str | None,
    host: str | None,
    port: int | None,
) -> dict[str, object]:
    """Return what the command line says, by the dotted names of the configuration."""
    given = {
        "upstream.url": upstream,
        "upstream.root": root,
        "emulator.enabled": emulator or None,
        "emulator.data": data,
        "server.host": host,
        "server.port": port,
    }
    return {name: value for name, value in given.items() if value is not None}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="wixproxy", message="wixproxy %(version)s")
def main() -> None:
    """Give any frontend the sessions, login and API calls of Wix Headless.

    Try it without an account: wixproxy serve --emulator
    """


@main.command()
@_frontend_options
@click.option("--open", "opens_browser", is_flag=True, help="Open the site in a browser")
def serve(config_file: Path | None, opens_browser: bool, **options: Any) -> None:
    """Serve a frontend, and Wix beside it below /_wix/."""
    from .commands.serve import serve as run

    sys.exit(run(_flags(**options), config_file, opens_browser=opens_browser))


@main.command()
@click.option("--data", metavar="FILE", help="What the site holds, TOML or JSON")
@click.option("--host", metavar="ADDRESS", help="Address to listen on  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Port, 0 for a free one  [default: 4331, or a free one]",
)
@_config_option
def emulator(
    data: str | None, host: str | None, port: int | None, config_file: Path | None
) -> None:
    """Run the offline Wix alone, for your own tests."""
    from .commands.emulator import emulate

    given = {"emulator.data": data, "emulator.host": host, "emulator.port": port}
    flags = {name: value for name, value in given.items() if value is not None}
    sys.exit(emulate(flags, config_file))


@main.command()
@_frontend_options
@click.option("--schema", is_flag=True, help="Print the JSON Schema of wixproxy.toml instead")
def check(config_file: Path | None, schema: bool, **options: Any) -> None:
    """Tell everything that is wrong with the configuration."""
    from .commands import check as command

    if schema:
        command.print_schema()
        return
    sys.exit(command.check(_flags(**options), config_file))


@main.command()
def newkey() -> None:
    """Make a key for session.keys."""
    from .commands.newkey import print_key

    print_key()


@main.command()
@click.option("--port", type=_PORTS, metavar="PORT", help="Port of the proxy  [default: 4321]")
@_config_option
def healthcheck(port: int | None, config_file: Path | None) -> None:
    """Ask a running proxy whether it is alive."""
    from .commands.healthcheck import ask

    flags = {} if port is None else {"server.port": port}
    sys.exit(ask(flags, config_file))
