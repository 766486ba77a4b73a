"""Name the flag of each option that has one, and read those of a command.

A flag that stands for an option of the configuration carries its value there
and no more; the configuration decides what is right, so that a flag, an
environment variable and a line of the file are judged by one rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

Flags = Mapping[str, object]

SETTINGS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "upstream.url": (
        "--upstream",
        {"metavar": "URL", "help": "Frontend to serve, for example http://localhost:5173"},
    ),
    "upstream.root": (
        "--root",
        {"metavar": "DIR", "help": "Folder of built files to serve instead"},
    ),
    "upstream.api_only": (
        "--api-only",
        {
            "is_flag": True,
            "default": None,
            "help": "Serve /_wix/ alone, beside a frontend that sends those paths here",
        },
    ),
    "emulator.enabled": (
        "--emulator",
        {
            "is_flag": True,
            "default": None,
            "help": "Run an offline Wix inside, no account needed; "
            "with a demo shop where there is no frontend",
        },
    ),
    "emulator.data": (
        "--data",
        {"metavar": "FILE", "help": "What the emulated site holds, TOML or JSON"},
    ),
    "emulator.host": (
        "--host",
        {
            "metavar": "ADDRESS",
            "show_default": "127.0.0.1",
            "help": "Address to listen on; any but loopback LETS OTHERS IN",
        },
    ),
    "emulator.port": (
        "--port",
        {
            "type": int,
            "metavar": "PORT",
            "show_default": "4331, or a free one",
            "help": "Port to listen on; 0 takes a free one",
        },
    ),
    "emulator.public_url": (
        "--public-url",
        {"metavar": "URL", "help": "Where browsers reach it, behind a container or tunnel"},
    ),
    "emulator.seed": (
        "--seed",
        {
            "metavar": "TEXT",
            "show_default": "wixproxy",
            "help": "What ids, secrets and tokens are derived from",
        },
    ),
    "server.host": (
        "--host",
        {
            "metavar": "ADDRESS",
            "show_default": "localhost",
            "help": "Address that the proxy listens on",
        },
    ),
    "server.port": (
        "--port",
        {
            "type": int,
            "metavar": "PORT",
            "show_default": "4321",
            "help": "Port that the proxy listens on",
        },
    ),
    "server.workers": (
        "--workers",
        {
            "type": int,
            "metavar": "NUMBER",
            "show_default": "1",
            "help": "Processes that serve, for machines with several cores",
        },
    ),
    "server.public_url": (
        "--public-url",
        {
            "multiple": True,
            "metavar": "URL",
            "help": "Where browsers see the proxy, http://localhost:<port> when left out; "
            "may be given several times",
        },
    ),
}
"""The flag of each option that has one, and how click shows it."""

COMMAND = "upstream.command"
SERVE = (
    "upstream.url",
    "upstream.root",
    "upstream.api_only",
    "emulator.enabled",
    "emulator.data",
    "server.host",
    "server.port",
    "server.workers",
    "server.public_url",
)
EMULATOR = (
    "emulator.data",
    "emulator.host",
    "emulator.port",
    "emulator.public_url",
    "emulator.seed",
)


EVENT = ("server.host", "server.port", "emulator.seed")


class Setting(click.Option):
    """A flag that stands for one option of the configuration.

    Its help names the environment variable, but the configuration reads the
    variable: click would pass it on as if it had been a flag.
    """

    def __init__(self, setting: str) -> None:
        self.setting = setting
        flag, attributes = SETTINGS[setting]
        variable = "WIXPROXY__" + setting.upper().replace(".", "__")
        super().__init__([flag], envvar=variable, show_envvar=True, **attributes)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Leave the variable to the configuration."""
        return None


class Configured(click.Command):
    """A command that reads the configuration: takes its flags as `flags` and `config_file`."""

    def __init__(
        self,
        name: str | None,
        *,
        settings: tuple[str, ...],
        params: list[click.Parameter],
        starts_command: bool = False,
        **rest: Any,
    ) -> None:
        file = click.Option(
            ["--config", "config_file"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            show_default="wixproxy.toml",
            help="Configuration file",
        )
        super().__init__(name, params=[*map(Setting, settings), file, *params], **rest)
        self._starts_command = starts_command

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show the command that may stand behind the options."""
        pieces = super().collect_usage_pieces(ctx)
        return [*pieces, "[-- COMMAND ...]"] if self._starts_command else pieces

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what stands behind "--" for the command that is the frontend."""
        if self._starts_command and "--" in args:
            end = args.index("--")
            args, command = args[:end], args[end + 1 :]
            if not command:
                ctx.fail("Expected a command behind --, as in: -- npm run dev")
            ctx.meta[COMMAND] = command
        # Words that click has no place for are told here, with where they belong.
        ctx.allow_extra_args = self._starts_command
        rest = super().parse_args(ctx, args)
        if self._starts_command and rest:
            words = " ".join(rest)
            hint = f"The frontend's command belongs behind --: -- {words}"
            ctx.fail(f"Unexpected words: {words}. {hint}")
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Collect the flags that were given, under the names of their options."""
        given = {
            parameter.setting: ctx.params.pop(parameter.name)
            for parameter in self.params
            if isinstance(parameter, Setting) and parameter.name is not None
        }
        given[COMMAND] = ctx.meta.get(COMMAND)
        ctx.params["flags"] = {
            name: value for name, value in given.items() if value not in (None, ())
        }
        return super().invoke(ctx)
