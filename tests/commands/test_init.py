"""`wixproxy init`: the first wixproxy.toml, from the files that a project has already."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run
from tests.config.conftest import PUBLIC_KEY

CLIENT = "12345678-90ab-cdef-1234-567890abcdef"
OTHER = "aaaaaaaa-90ab-cdef-1234-567890abcdef"
SECRET = "canary-of-a-client-secret"
ENV = f"""\
# pulled
WIX_CLIENT_ID="{CLIENT}"
WIX_CLIENT_SECRET="{SECRET}"
WIX_CLIENT_INSTANCE_ID="{OTHER}"
WIX_CLIENT_PUBLIC_KEY="canary-of-a-key"
DATABASE_URL=canary-of-a-database
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of Wix's CLI with a frontend of its own, as `wix env pull` leaves it."""
    config = {"projectType": "Site", "appId": CLIENT, "siteId": OTHER}
    (tmp_path / "wix.config.json").write_text(json.dumps(config))
    (tmp_path / ".env.local").write_text(ENV)
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"dev": "vite"}}))
    return tmp_path


def written(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "wixproxy.toml").read_text("utf-8"))


def managed_by(manager: str) -> str:
    return json.dumps({"scripts": {"dev": "vite"}, "packageManager": manager})


def test_it_writes_what_the_other_files_say_but_for_secrets(run: Run, project: Path) -> None:
    shown = run("init")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert written(project) == {
        "site": {
            "client_id": CLIENT,
            "client_secret": {"env": "WIX_CLIENT_SECRET"},
            "login": {"callback_path": "/api/auth/callback"},
        },
        "upstream": {"command": ["npm", "run", "dev"]},
    }
    assert "canary" not in (project / "wixproxy.toml").read_text() + shown.output


def test_it_tells_what_it_found_and_what_comes_next(run: Run, project: Path) -> None:
    assert run("init").stdout.splitlines() == [
        "Wrote wixproxy.toml:",
        "  site.client_id  from .env.local (WIX_CLIENT_ID)",
        "  WIX_CLIENT_INSTANCE_ID  is read from .env.local",
        "  WIX_CLIENT_PUBLIC_KEY  is read from .env.local",
        "  site.client_secret  refers to WIX_CLIENT_SECRET, which .env.local has",
        "  site.login.callback_path  /api/auth/callback, as Wix's CLI registers",
        "  upstream.command  npm run dev, from package.json",
        "Next:",
        "  wixproxy check --online        asks Wix whether all of it is right",
        "  wixproxy serve                 serves it at http://localhost:4321",
    ]


def test_what_it_writes_can_be_used(run: Run, project: Path) -> None:
    key = base64.b64encode(PUBLIC_KEY.encode()).decode()
    (project / ".env.local").write_text(ENV.replace("canary-of-a-key", key))
    (project / "package.json").unlink()
    run("init")
    shown = run("check", "--upstream", "http://localhost:5173")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "site.login.callback_path = '/api/auth/callback'  (wixproxy.toml)" in shown.stdout


@pytest.mark.parametrize("is_link", [False, True], ids=["a file", "a link that leads nowhere"])
def test_what_is_there_is_never_touched(run: Run, project: Path, is_link: bool) -> None:
    file = project / "wixproxy.toml"
    if is_link:
        file.symlink_to(project / "elsewhere")
    else:
        file.write_text("mine")
    shown = run("init")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("wixproxy.toml is there already, and was not touched.")
    assert not (project / "elsewhere").exists()
    assert is_link or file.read_text() == "mine"


def test_in_an_empty_folder_it_shows_what_could_stand_there(run: Run, tmp_path: Path) -> None:
    shown = run("init")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.startswith("Wrote wixproxy.toml; no other file had anything for it.\n")
    assert "wixproxy serve --emulator" in shown.stdout
    assert written(tmp_path) == {"site": {}, "upstream": {}}
    assert '# client_secret = { env = "WIX_CLIENT_SECRET" }\n' in (
        tmp_path / "wixproxy.toml"
    ).read_text("utf-8")


def test_a_secret_that_would_not_be_read_is_told_and_not_referred_to(
    run: Run, project: Path
) -> None:
    (project / ".env.local").rename(project / ".env")
    shown = run("init")
    assert shown.exit_code == 0
    assert shown.stderr == (
        "WIX_CLIENT_SECRET is in .env, which wixproxy does not read. Move it to .env.local, or set "
        "the variable, if calls shall run as the app.\n"
    )
    assert written(project)["site"].keys() == {"client_id", "login"}
    assert SECRET not in shown.output


def test_a_secret_that_frameworks_give_to_browsers_is_told(run: Run, project: Path) -> None:
    (project / ".env").write_text(f"NEXT_PUBLIC_WIX_CLIENT_SECRET={SECRET}\n")
    shown = run("init")
    assert shown.stderr == (
        "NEXT_PUBLIC_WIX_CLIENT_SECRET in .env goes to browsers, by its name. Make a new secret in "
        "the Wix dashboard, and call it WIX_CLIENT_SECRET.\n"
    )


@pytest.mark.parametrize("name", ["WIX_CLIENT_ID", "VITE_WIX_CLIENT_ID", "PUBLIC_WIX_CLIENT_ID"])
def test_a_client_id_is_found_under_the_name_that_a_framework_needs(
    run: Run, tmp_path: Path, name: str
) -> None:
    (tmp_path / ".env").write_text(f"{name}={CLIENT}\n")
    (tmp_path / ".env.example").write_text(f"{name}=your-client-id\n")
    shown = run("init")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert written(tmp_path)["site"] == {"client_id": CLIENT}
    assert f"  site.client_id  from .env ({name})\n" in shown.stdout


def test_of_two_client_ids_that_of_the_stronger_place_is_taken(run: Run, project: Path) -> None:
    (project / "wix.config.json").write_text(json.dumps({"appId": OTHER}))
    shown = run("init")
    assert written(project)["site"]["client_id"] == CLIENT
    assert shown.stderr == (
        "wix.config.json (appId) names another client id than .env.local (WIX_CLIENT_ID), which "
        "was taken.\n"
    )


@pytest.mark.parametrize("said", ['"your client id"', "17", '["x"]'])
def test_a_client_id_that_is_none_is_told_and_left_out(run: Run, tmp_path: Path, said: str) -> None:
    (tmp_path / "wix.config.json").write_text(f'{{"appId": {said}}}')
    shown = run("init")
    assert shown.exit_code == 0
    assert shown.stderr.startswith("wix.config.json (appId): expected ")
    assert "client_id" not in written(tmp_path)["site"]


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        pytest.param({}, "npm", id="none"),
        pytest.param({"pnpm-lock.yaml": ""}, "pnpm", id="pnpm's lock"),
        pytest.param({"bun.lockb": "\0"}, "bun", id="bun's lock"),
        pytest.param({"package.json": managed_by("yarn@4.1.0")}, "yarn", id="by its name"),
        pytest.param({"package.json": managed_by("sh -c x")}, "npm", id="no such manager"),
    ],
)
def test_the_command_is_that_of_the_projects_package_manager(
    run: Run, project: Path, files: dict[str, str], manager: str
) -> None:
    for name, content in files.items():
        (project / name).write_text(content)
    run("init")
    assert written(project)["upstream"]["command"] == [manager, "run", "dev"]


@pytest.mark.parametrize("script", ["wix dev", "wixproxy serve -- vite"])
def test_a_script_that_is_no_frontend_alone_is_not_started(
    run: Run, project: Path, script: str
) -> None:
    (project / "package.json").write_text(json.dumps({"scripts": {"dev": script}}))
    shown = run("init")
    assert written(project)["upstream"] == {}
    assert 'The script "dev" of package.json runs wix' in shown.stderr


@pytest.mark.parametrize(
    "folder", ["dist", {"client": "dist", "server": "x"}], ids=["alone", "beside a server"]
)
def test_a_folder_of_built_files_is_served_where_nothing_runs(
    run: Run, tmp_path: Path, folder: object
) -> None:
    config = {"appId": CLIENT, "site": {"outputDirectory": folder}}
    (tmp_path / "wix.config.json").write_text(json.dumps(config))
    run("init")
    assert written(tmp_path)["upstream"] == {"root": "dist"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("wix.config.json", b"{", "expected a JSON object"),
        ("wix.config.json", b"[]", "expected a JSON object"),
        ("package.json", b"\xff\xfe", "expected text in UTF-8"),
        (".env", b"WIX_CLIENT_ID=\xff", "expected text in UTF-8"),
        (".env", b"#" * (1024 * 1024 + 1), "expected at most 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_passed_over(
    run: Run, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    shown = run("init")
    assert shown.exit_code == 0
    assert shown.stderr.startswith(f"{name} was passed over: {reason}")
    assert (tmp_path / "wixproxy.toml").exists()


def test_where_nothing_can_be_written_the_reason_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wixproxy.toml").mkdir()
    shown = run("init")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("wixproxy.toml is there already")
