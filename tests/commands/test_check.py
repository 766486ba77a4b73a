"""`wixproxy check`: what it says of a good configuration, and of a bad one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.terminal import Terminal

CLIENT = "12345678-90ab-cdef-1234-567890abcdef"
UPSTREAM = "http://localhost:5173"
SECRET = "canary-of-a-client-secret"


def test_a_good_configuration_is_called_good_and_summed_up(run: Run) -> None:
    shown = run("check", "--upstream", UPSTREAM, WIX_CLIENT_ID=CLIENT)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[:4] == [
        "The configuration is good.",
        "  mode        dev (nothing here says production)",
        "  public URL  http://localhost:4321",
        "  sessions    in the cookie store, sealed with a key of this machine",
    ]


@pytest.mark.parametrize(
    ("place", "source"),
    [
        pytest.param("flag", "flag --upstream", id="flag"),
        pytest.param(
            "environment", "environment variable WIXPROXY__UPSTREAM__URL", id="environment"
        ),
        pytest.param(".env.local", ".env.local", id="the project's own file"),
        pytest.param("wixproxy.toml", "wixproxy.toml", id="our file"),
    ],
)
def test_each_value_is_told_with_its_source(
    run: Run, tmp_path: Path, place: str, source: str
) -> None:
    (tmp_path / "wix.config.json").write_text(json.dumps({"appId": CLIENT}))
    words, variables = ["check"], {}
    match place:
        case "flag":
            words += ["--upstream", UPSTREAM]
        case "environment":
            variables["WIXPROXY__UPSTREAM__URL"] = UPSTREAM
        case ".env.local":
            (tmp_path / place).write_text(f"WIXPROXY__UPSTREAM__URL={UPSTREAM}\n")
        case _:
            (tmp_path / place).write_text(f'[upstream]\nurl = "{UPSTREAM}"\n')
    shown = run(*words, **variables)
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert f"upstream.url = {UPSTREAM!r}  ({source})" in lines
    assert f"site.client_id = {CLIENT!r}  (wix.config.json (appId))" in lines


def test_options_at_their_default_are_not_listed(run: Run) -> None:
    assert "session.store" not in run("check", "--emulator").stdout


def test_a_secret_is_named_and_never_shown(run: Run) -> None:
    shown = run("check", "--emulator", WIX_CLIENT_SECRET=SECRET)
    assert "site.client_secret = (secret)  (environment variable WIX_CLIENT_SECRET)" in shown.stdout
    assert SECRET not in shown.output


def test_a_check_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    run("check", "--emulator")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "variables", "option"),
    [
        pytest.param(["--upstream", UPSTREAM], {}, "site.client_id", id="no client id"),
        pytest.param([], {"WIX_CLIENT_ID": CLIENT}, "upstream.url", id="no frontend"),
        pytest.param(["--emulator", "--root", "absent"], {}, "upstream.root", id="no such folder"),
        pytest.param(["--emulator", "--data", "absent"], {}, "emulator.data", id="no such data"),
        pytest.param(
            ["--emulator"],
            {"KUBERNETES_SERVICE_HOST": "::1"},
            "emulator.enabled",
            id="in a cluster",
        ),
    ],
)
def test_a_problem_is_told_by_the_name_of_its_option(
    run: Run, words: list[str], variables: dict[str, str], option: str
) -> None:
    shown = run("check", *words, **variables)
    assert shown.exit_code == 2
    assert any(line.startswith(option) for line in shown.stderr.splitlines())
    assert shown.stdout == ""


def test_data_that_the_emulator_cannot_use_is_a_problem(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('[[products]]\nname = "Mug"\nprice = "cheap"\n')
    shown = run("check", "--emulator", "--data", "shop.toml")
    assert shown.exit_code == 2
    assert re.fullmatch(r"emulator\.data: .*shop\.toml: .*price.*\n", shown.stderr)


def test_lists_of_tables_are_counted(terminal: Terminal) -> None:
    (terminal.folder / "wixproxy.toml").write_text(
        '[[site.elevate]]\nname = "mine"\ncall = "GET /ecom/v1/orders"\nwho = ["member"]\n'
    )
    done = terminal.run("check", "--emulator")
    assert (done.returncode, done.stderr) == (0, "")
    assert "    site.elevate = 1 table  (wixproxy.toml)\n" in done.stdout


def test_the_schema_describes_the_file(run: Run) -> None:
    schema = json.loads(run("check", "--schema").stdout)
    assert schema["additionalProperties"] is False
    assert {"mode", "server", "site", "upstream", "session"} <= schema["properties"].keys()


def test_the_schema_is_printed_whatever_the_configuration(terminal: Terminal) -> None:
    (terminal.folder / "wixproxy.toml").write_text("nonsense")
    done = terminal.run("check", "--schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["type"] == "object"


def test_the_key_of_this_machine_is_checked_and_not_made(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "state" / "wixproxy" / "session.key"
    assert run("check", "--emulator").exit_code == 0
    assert not kept.exists()
    kept.parent.mkdir(parents=True)
    kept.write_text("no key")
    kept.chmod(0o600)
    shown = run("check", "--emulator")
    assert shown.exit_code == 2
    assert shown.stderr.startswith(f"session.keys (from {kept}): expected 32 bytes in base64")


def test_the_key_of_this_machine_counts_only_where_it_would_be_used(
    run: Run, tmp_path: Path
) -> None:
    kept = tmp_path / "state" / "wixproxy" / "session.key"
    kept.parent.mkdir(parents=True)
    kept.write_text("no key")
    key = run("newkey").stdout.strip()
    assert run("check", "--emulator", WIXPROXY__SESSION__KEYS=key).exit_code == 0
