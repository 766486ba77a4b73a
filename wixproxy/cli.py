"""The command line: which commands there are, and which option each flag stands for.

A flag that stands for an option of the configuration carries its value there
and no more; the configuration decides what is right, so that a flag, an
environment variable and a line of the file are judged by one rule. Nothing
but click is imported before a command is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from . import __version__
from .errors import ConfigError

CONFIG_PROBLEMS = 2
"""The exit code of a configuration that cannot be used."""


class Commands(click.Group):
    """The commands, and one way to say what is wrong with a configuration."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command; say a configuration's problems one per line."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            ctx.exit(CONFIG_PROBLEMS)


class Setting(click.Option):
    """A flag that stands for one option of the configuration.

    Its help names the environment variable, but the configuration reads the
    variable: click would pass it on as if it had been a flag.
    """

    def __init__(self, flag: str, setting: str, **attributes: Any) -> None:
        self.setting = setting
        variable = "WIXPROXY__" + setting.upper().replace(".", "__")
        super().__init__([flag], envvar=variable, show_envvar=True, **attributes)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Leave the variable to the configuration."""
        return None


class Configured(click.Command):
    """A command that takes the flags of `serve`, as `flags` and `config_file`."""

    def __init__(self, *args: Any, params: list[click.Parameter], **attributes: Any) -> None:
        super().__init__(*args, params=[*_settings(), *params], **attributes)

    def invoke(self, ctx: click.Context) -> Any:
        """Collect the flags that were given, under the names of their options."""
        given = {
            parameter.setting: ctx.params.pop(parameter.name)
            for parameter in self.params
            if isinstance(parameter, Setting) and parameter.name is not None
        }
        ctx.params["flags"] = {name: text for name, text in given.items() if text is not None}
        return super().invoke(ctx)


def _settings() -> list[click.Parameter]:
    return [
        Setting(
            "--upstream",
            "upstream.url",
            metavar="URL",
            help="Frontend to serve, for example http://localhost:5173",
        ),
        Setting("--root", "upstream.root", metavar="DIR", help="Folder of built files to serve"),
        Setting(
            "--emulator",
            "emulator.enabled",
            is_flag=True,
            default=None,
            help="Run the offline Wix inside, and a demo shop if there is no frontend",
        ),
        Setting(
            "--data",
            "emulator.data",
            metavar="FILE",
            help="Members, products and items of the offline Wix, TOML or JSON",
        ),
        Setting(
            "--host",
            "server.host",
            metavar="HOST",
            show_default="localhost",
            help="Address to listen on",
        ),
        Setting(
            "--port",
            "server.port",
            type=click.INT,
            metavar="PORT",
            show_default="4321",
            help="Port to listen on",
        ),
        click.Option(
            ["--config", "config_file"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            show_default="wixproxy.toml",
            help="File to read options from",
        ),
    ]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wixproxy", message="%(prog)s %(version)s")
def main() -> None:
    """Give any frontend Wix sessions, login and API calls on its own origin."""


@main.command(cls=Configured)
@click.option("--open", "opens_browser", is_flag=True, help="Open a browser when ready")
@click.pass_context
def serve(
    ctx: click.Context, flags: Mapping[str, Any], config_file: Path | None, opens_browser: bool
) -> None:
    """Serve a frontend, with Wix under /_wix of the same origin."""
    from .commands.serve import serve as run

    ctx.exit(run(flags, config_file, opens_browser=opens_browser))


@main.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; any but loopback OPENS THE EMULATOR TO OTHERS",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    show_default="4331, or a free one",
    help="Port to listen on",
)
@click.option("--public-url", metavar="URL", help="Origin that browsers reach it at")
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Members, products and items of the site, TOML or JSON",
)
@click.option("--seed", metavar="TEXT", help="What ids, secrets and tokens are derived from")
@click.pass_context
def emulator(
    ctx: click.Context,
    *,
    host: str,
    port: int | None,
    public_url: str | None,
    data: Path | None,
    seed: str | None,
) -> None:
    """Run the offline Wix alone, for a test suite or another program."""
    from .commands.emulator import emulate

    ctx.exit(emulate(host, port, public_url=public_url, data=data, seed=seed))


@main.command(cls=Configured)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file instead")
def check(flags: Mapping[str, Any], config_file: Path | None, schema: bool) -> None:
    """Say every problem of the configuration, or what it amounts to."""
    from .commands.check import print_schema, summarise

    if schema:
        print_schema()
    else:
        summarise(flags, config_file)


@main.command()
def newkey() -> None:
    """Make a key for session.keys and print it."""
    from .commands.newkey import print_key

    print_key()


@main.command(cls=Configured)
@click.pass_context
def healthcheck(ctx: click.Context, flags: Mapping[str, Any], config_file: Path | None) -> None:
    """Ask a running wixproxy whether it is alive."""
    from .commands.healthcheck import ask

    ctx.exit(ask(flags, config_file))
