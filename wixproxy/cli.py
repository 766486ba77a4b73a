"""The command line: which commands there are, and what each of them takes.

Only click is imported here, and a command's module when the command runs, so
that `--help` and completion answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import __version__
from .flags import EMULATOR, EVENT, SERVE, Configured, Flags

MOST = 2**63 - 1
"""The highest number that an event may have."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="wixproxy %(version)s")
def main() -> None:
    """Give any frontend the sessions, login and API calls of Wix Headless.

    Try it without an account: wixproxy serve --emulator
    """


@main.command(cls=Configured, settings=SERVE, starts_command=True)
@click.option("--open", "opens_browser", is_flag=True, help="Open the site in a browser")
@click.pass_context
def serve(ctx: click.Context, flags: Flags, config_file: Path | None, opens_browser: bool) -> None:
    """Serve a frontend, with Wix below /_wix/ of the same origin.

    A command behind -- is started as the frontend and ended with wixproxy: it
    is found where it listens, and --upstream says so where it cannot be.
    """
    from .commands.serve import serve as run

    ctx.exit(run(flags, config_file, opens_browser=opens_browser))


@main.command(cls=Configured, settings=EMULATOR)
@click.pass_context
def emulator(ctx: click.Context, flags: Flags, config_file: Path | None) -> None:
    """Run the offline Wix alone, for your own tests."""
    from .commands.emulator import emulate

    ctx.exit(emulate(flags, config_file))


@main.command(cls=Configured, settings=SERVE, starts_command=True)
@click.option(
    "--online", "is_online", is_flag=True, help="Ask Wix, too, whether it knows what is configured"
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of wixproxy.toml instead")
@click.pass_context
def check(
    ctx: click.Context, flags: Flags, config_file: Path | None, is_online: bool, schema: bool
) -> None:
    """Tell everything that is wrong with the configuration."""
    from .commands import check as command

    if schema:
        command.print_schema()
    else:
        ctx.exit(command.check(flags, config_file, is_online=is_online))


@main.group()
def event() -> None:
    """Send events to your handlers as Wix would, and see what became of them."""


@event.command(cls=Configured, settings=EVENT)
@click.argument("event_type", metavar="TYPE")
@click.option("--data", metavar="FILE|JSON", help="What it is about, a sample when left out")
@click.option("--entity", "entity_id", metavar="ID", help="Id of what the event is about")
@click.option("--id", "event_id", metavar="ID", help="Id of the event, to send one twice")
@click.option(
    "--sequence", metavar="NUMBER", type=click.IntRange(0, MOST), help="Number among its entity's"
)
@click.option("--instance", "instance_id", metavar="ID", help="Installation that it comes from")
@click.option("--webhook", metavar="ID", help="The one webhook to send it to")
@click.option("--dry-run", is_flag=True, help="Show what the handler would get, and send nothing")
@click.pass_context
def send(
    ctx: click.Context, /, flags: Flags, config_file: Path | None, dry_run: bool, **wish: Any
) -> None:
    """Send an event through the running proxy to its handler.

    For example: wixproxy event send wix.ecom.v1.order_approved
    """
    from .commands.events.making import Wish
    from .commands.events.send import send as run

    ctx.exit(run(Wish(**wish), flags, config_file, is_rehearsal=dry_run))


@event.command("list", cls=Configured, settings=())
@click.option(
    "--only",
    type=click.Choice(["delivered", "waiting", "dead"]),
    help="How the events stand that are listed",
)
@click.option(
    "--limit", type=click.IntRange(1), default=10, show_default=True, help="How many of each"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array instead")
@click.pass_context
def list_events(
    ctx: click.Context, /, flags: Flags, config_file: Path | None, **shown: Any
) -> None:
    """List what waits, what was delivered, and dead letters."""
    from .commands.events.listing import show

    ctx.exit(show(flags, config_file, **shown))


@event.command(cls=Configured, settings=())
@click.argument("event_ids", metavar="[ID]...", nargs=-1)
@click.option("--dead", is_flag=True, help="Every dead letter, in place of ids")
@click.pass_context
def replay(
    ctx: click.Context, flags: Flags, config_file: Path | None, event_ids: Any, dead: bool
) -> None:
    """Put dead letters and other events in line again."""
    from .commands.events.listing import replay as run

    if bool(event_ids) is dead:
        raise click.UsageError("Name the events to send again, or give --dead for dead letters.")
    ctx.exit(run(event_ids, flags, config_file, dead=dead))


@event.command(cls=Configured, settings=EVENT)
@click.argument("plugin")
@click.argument("method")
@click.option("--data", metavar="FILE|JSON", help="The request, empty when left out")
@click.option("--type", "component", metavar="TYPE", help="Component type, such as ECOM_CATALOG")
@click.pass_context
def call(ctx: click.Context, /, flags: Flags, config_file: Path | None, **asked: Any) -> None:
    """Call a method of a service plugin, and print its answer.

    For example: wixproxy event call shipping /v1/getRates
    """
    from .commands.events.call import call as run

    ctx.exit(run(**asked, flags=flags, config_file=config_file))


@main.command()
@click.pass_context
def init(ctx: click.Context) -> None:
    """Write wixproxy.toml from wix.config.json and .env files."""
    from .commands.init import init as write

    ctx.exit(write(Path.cwd()))


@main.command()
@click.option("--backend", is_flag=True, help="Make a secret for backend.secret instead")
def newkey(backend: bool) -> None:
    """Make a key for session.keys."""
    from .commands.newkey import print_backend_secret, print_key

    if backend:
        print_backend_secret()
    else:
        print_key()


@main.command(cls=Configured, settings=("server.host", "server.port"))
@click.pass_context
def healthcheck(ctx: click.Context, flags: Flags, config_file: Path | None) -> None:
    """Ask a running proxy whether it is alive."""
    from .commands.healthcheck import ask

    ctx.exit(ask(flags, config_file))
