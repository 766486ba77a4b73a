"""The command line: its help, its flags and its exit codes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import pytest

from tests.commands.conftest import Run
from tests.commands.terminal import Terminal
from wixproxy import __version__
from wixproxy.cli import main
from wixproxy.config.options import OPTIONS
from wixproxy.config.sources import FLAGS
from wixproxy.emulator import DEFAULT_PORT
from wixproxy.flags import SETTINGS

COMMANDS = ["check", "emulator", "event", "healthcheck", "init", "newkey", "serve"]
BELOW = {"event": ["call", "list", "replay", "send"]}
GROUPS = {name: group for name, group in main.commands.items() if isinstance(group, click.Group)}
EVERY = main.commands | {
    f"{name} {word}": command
    for name, group in GROUPS.items()
    for word, command in group.commands.items()
}
CLIENT = "12345678-90ab-cdef-1234-567890abcdef"


def test_the_commands_are_those_of_the_documentation() -> None:
    assert sorted(main.commands) == COMMANDS
    assert {name: sorted(group.commands) for name, group in GROUPS.items()} == BELOW


@pytest.mark.parametrize("command", EVERY)
def test_each_command_explains_itself_in_one_sentence(run: Run, command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.exit_code == 0
    sentence = shown.stdout.splitlines()[2].strip()
    assert re.fullmatch(r"[A-Z][^.]+(\.\w[^.]*)*\.", sentence)


def test_help_names_every_command(run: Run) -> None:
    listed = run("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == COMMANDS


def test_the_version_is_the_packages(run: Run) -> None:
    assert run("--version").stdout == f"wixproxy {__version__}\n"


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_flag_stands_for_an_option_that_exists(setting: str) -> None:
    assert setting in OPTIONS


def test_messages_call_each_flag_by_its_name() -> None:
    assert {name: flag for name, (flag, _) in SETTINGS.items()} == FLAGS


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        (name, look["show_default"])
        for name, (_, look) in SETTINGS.items()
        if "show_default" in look and name != "emulator.port"
    ],
)
def test_help_shows_the_default_that_holds(setting: str, shown: str) -> None:
    assert shown == str(OPTIONS[setting].default)


def test_the_emulators_default_port_is_the_one_that_help_shows() -> None:
    assert OPTIONS["emulator.port"].default is None
    assert SETTINGS["emulator.port"][1]["show_default"] == f"{DEFAULT_PORT}, or a free one"


@pytest.mark.parametrize(
    ("command", "names"), [(name, command.params) for name, command in EVERY.items()], ids=EVERY
)
def test_options_are_fragments_without_a_full_stop(
    command: str, names: list[click.Parameter]
) -> None:
    helps = [option.help for option in names if isinstance(option, click.Option)]
    assert all(text and not text.endswith(".") and text[0].isupper() for text in helps)


def test_a_flag_is_stronger_than_its_variable(run: Run) -> None:
    shown = run(
        "check",
        "--emulator",
        "--port=4400",
        WIXPROXY__SERVER__PORT="4500",
    )
    assert "http://localhost:4400" in shown.stdout
    assert "server.port = 4400  (flag --port)\n" in shown.stdout


def test_a_variable_is_not_taken_for_a_flag(run: Run) -> None:
    shown = run("check", "--emulator", WIXPROXY__SERVER__PORT="4500")
    assert re.search(
        r"server\.port = 4500 +\(environment variable WIXPROXY__SERVER__PORT\)\n", shown.stdout
    )


def test_a_configuration_file_can_be_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[server]\nport = 4600\n")
    shown = run("check", "--emulator", "--config", "other.toml")
    assert "http://localhost:4600" in shown.stdout


@pytest.mark.parametrize("command", ["serve", "check"])
def test_every_problem_is_a_line_of_its_own(run: Run, command: str) -> None:
    shown = run(command, "--port", "70000", WIXPROXY__SESSION__STORE="redi", WIX_CLIENT_ID=CLIENT)
    lines = shown.stderr.splitlines()
    assert shown.exit_code == 2
    assert [line.partition(" ")[0].rstrip(":") for line in lines] == [
        "server.port",
        "session.store",
        "upstream.url",
    ]
    assert shown.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["serve", "--uptsream", "x"], id="a flag that does not exist"),
        pytest.param(["serv"], id="a command that does not exist"),
        pytest.param(["serve", "--port", "many"], id="a port that is no number"),
        pytest.param(["serve", "leftover"], id="a word too many"),
        pytest.param(["serve", "--"], id="no command where one is announced"),
        pytest.param(["newkey", "--", "npm"], id="a command for nothing"),
    ],
)
def test_a_mistyped_command_line_is_a_usage_error(run: Run, words: list[str]) -> None:
    shown = run(*words)
    assert shown.exit_code == 2
    assert "Usage: wixproxy" in shown.stderr


def test_a_command_that_is_not_behind_its_dashes_is_told_where_it_belongs(run: Run) -> None:
    shown = run("serve", "--emulator", "npm", "run", "dev")
    assert shown.exit_code == 2
    assert shown.stderr.endswith(
        "Unexpected words: npm run dev. The frontend's command belongs behind --: -- npm run dev\n"
    )


def test_help_shows_where_the_command_stands(run: Run) -> None:
    assert run("serve", "--help").stdout.startswith(
        "Usage: wixproxy serve [OPTIONS] [-- COMMAND ...]\n"
    )


def test_the_module_runs_as_the_command(terminal: Terminal) -> None:
    done = terminal.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: wixproxy [OPTIONS] COMMAND")


def test_help_waits_for_nothing_heavy(terminal: Terminal) -> None:
    seen = terminal.run_python(
        "-c",
        "import sys, wixproxy.cli; print(*sorted({n.partition('.')[0] for n in sys.modules}))",
    )
    ours = set(seen.stdout.split()) - sys.stdlib_module_names
    assert {name for name in ours if not name.startswith(("_", "sitecustomize"))} <= {
        "click",
        "wixproxy",
    }


def test_a_start_waits_for_nothing_that_only_some_projects_or_pages_need(
    terminal: Terminal,
) -> None:
    started = "import wixproxy.commands.serve, wixproxy.running, wixproxy.emulated_site"
    seen = terminal.run_python("-c", f"{started}, sys; print(*sys.modules)")
    assert seen.stderr == ""
    loaded = {name.partition(".")[0] for name in seen.stdout.split()}
    assert {"aiohttp", "pydantic", "wixproxy"} <= loaded
    assert loaded & {"ctypes", "jinja2", "jwt", "redis", "sqlite3", "webbrowser"} == set()


def test_a_flag_of_the_emulator_is_called_by_its_name(run: Run) -> None:
    shown = run("emulator", "--port", "70000")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("emulator.port (from flag --port): expected at most 65535")


def test_the_emulator_asks_only_for_its_own_options(terminal: Terminal) -> None:
    terminal.variables["WIXPROXY__UPSTREAM__URL"] = "nonsense"
    terminal.variables["KUBERNETES_SERVICE_HOST"] = "10.0.0.1"
    with terminal.running("emulator", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The emulated Wix is ready at ")
