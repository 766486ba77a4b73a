"""`python -m bench`: install what is missing, measure, tell.

    python -m bench --only frontend,api --rounds 5 --out bench.json --plot bench.svg

Everything listens on the loopback, each load is bounded in time or number,
and whatever was started is ended when the run ends, also by Ctrl-C.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click
import uvloop

from .course import Course
from .installing import CannotInstall, from_debian, from_npm, install
from .peers import OURS, PEERS
from .plot import draw
from .report import as_json, circumstances, judged, note, table
from .scenarios import SCENARIOS

PROGRAMS = ("nginx", "wrk")
SECONDS, QUICK_SECONDS = 5, 1


def _names(known: Iterable[str]) -> Callable[..., list[str]]:
    """Return what reads a list of names, separated by commas; all of them when it is left out."""
    names = list(known)

    def read(context: click.Context, option: click.Parameter, value: str | None) -> list[str]:
        chosen = names if value is None else [name.strip() for name in value.split(",")]
        for name in chosen:
            if name not in names:
                raise click.BadParameter(f"{name!r} is none of {', '.join(names)}")
        return chosen

    return read


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds of each scenario")
@click.option(
    "--only",
    metavar="NAME,…",
    callback=_names(SCENARIOS),
    help=f"Scenarios to run, of {', '.join(SCENARIOS)}",
)
@click.option(
    "--peers",
    metavar="NAME,…",
    callback=_names(PEERS),
    help=f"Proxies to measure; {OURS} always is. Of {', '.join(PEERS)}",
)
@click.option("--quick", is_flag=True, help="One second and small numbers: proves, measures little")
@click.option("--install", "only_installs", is_flag=True, help="Only install what is missing")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON file for all figures"
)
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="SVG file for the picture"
)
def main(  # noqa: PLR0917 - click gives them by name
    rounds: int,
    only: Sequence[str],
    peers: Sequence[str],
    quick: bool,
    only_installs: bool,
    out: Path | None,
    plot: Path | None,
) -> NoReturn:
    """Measure wixproxy beside other proxies, in one run, interleaved."""
    _allow_many_sockets()
    chosen = [peer for name, peer in PEERS.items() if name in peers or name == OURS]
    try:
        # nginx is what stands behind all of them, too.
        from_debian(PROGRAMS, click.echo)
        if "vite" in only:
            from_debian(["chromium"], click.echo)
            from_npm(click.echo)
    except CannotInstall as error:
        raise click.ClickException(str(error)) from error
    left_out = install(chosen, click.echo)
    for name, reason in left_out.items():
        click.echo(f"{name} is left out: {reason}")
    if only_installs:
        sys.exit(1 if left_out else 0)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        course = Course(
            peers=[peer for peer in chosen if peer.name not in left_out],
            rounds=rounds,
            seconds=QUICK_SECONDS if quick else SECONDS,
            quick=quick,
            folder=Path(folder),
            say=click.echo,
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(_run(course, only))
            except (asyncio.CancelledError, KeyboardInterrupt):
                click.echo("\nended early; what was measured is told", err=True)
    _tell(course, out, plot)
    sys.exit(0 if course.is_sound else 1)


def _allow_many_sockets() -> None:
    """Raise the limit on open files as far as it goes, for us and all that we start."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _run(course: Course, names: Sequence[str]) -> None:
    """Run the scenarios; SIGTERM ends them as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    for name in names:
        await SCENARIOS[name](course)


def _tell(course: Course, out: Path | None, plot: Path | None) -> None:
    """Print the medians and the goals, and write what was asked for."""
    for case in course.cases:
        click.echo(f"\n{table(case)}")
    click.echo(f"\n{judged(course.cases)}")
    made = circumstances(course)
    if out is not None:
        out.write_text(as_json(course, made))
    if plot is not None:
        plot.write_text(draw(course.cases, note(made)))


if __name__ == "__main__":
    main()
