"""Which source decides, how each is read, and what is wrong with how it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.config.conftest import CLIENT, FRONTEND, KEY, Flags, Project
from wixproxy.config import load
from wixproxy.config.options import value_of

OTHER = "http://localhost:3000"
STRONGEST_FIRST = ["flag", "environment", ".env.local", "wixproxy.toml", "default"]
VARIABLE = "WIXPROXY__SESSION__IDLE_SECONDS"


@pytest.mark.parametrize("strongest", range(len(STRONGEST_FIRST)), ids=STRONGEST_FIRST)
def test_the_strongest_source_decides_and_is_named(project: Project, strongest: int) -> None:
    places = STRONGEST_FIRST[strongest:]
    flags: dict[str, object] = {"session.idle_seconds": 100} if "flag" in places else {}
    env = {VARIABLE: "101"} if "environment" in places else {}
    if ".env.local" in places:
        project.write(".env.local", f"{VARIABLE}=102\n")
    if "wixproxy.toml" in places:
        project.write("wixproxy.toml", "[session]\nidle_seconds = 103\n")
    config = project.load(flags, env)
    assert (config.session.idle_seconds, config.sources["session.idle_seconds"]) == [
        (100, "flag session.idle_seconds"),
        (101, f"environment variable {VARIABLE}"),
        (102, ".env.local"),
        (103, "wixproxy.toml"),
        (30 * 86_400, "default"),
    ][strongest]


def test_a_flag_of_the_command_line_is_called_by_its_name(project: Project) -> None:
    assert project.load({"server.port": 5000}).sources["server.port"] == "flag --port"


def test_the_client_id_comes_from_the_project_of_wix_where_nothing_else_names_one(
    project: Project,
) -> None:
    project.write("wix.config.json", json.dumps({"appId": CLIENT, "siteId": "ignored"}))
    config = load({"upstream.url": FRONTEND}, {}, project.folder)
    assert config.site.client_id == CLIENT
    assert config.sources["site.client_id"] == "wix.config.json (appId)"


@pytest.mark.parametrize("place", ["environment", ".env.local"])
def test_the_variables_of_wix_itself_are_read(project: Project, place: str) -> None:
    variables = {
        "WIX_CLIENT_ID": CLIENT,
        "WIX_CLIENT_SECRET": "app-secret",
        "WIX_CLIENT_INSTANCE_ID": CLIENT.replace("1", "2"),
    }
    if place == ".env.local":
        project.write(place, "".join(f'{name}="{text}"\n' for name, text in variables.items()))
        variables = {}
    site = load({"upstream.url": FRONTEND}, variables, project.folder).site
    assert site.client_id == CLIENT
    assert site.instance_id == CLIENT.replace("1", "2")
    assert site.client_secret is not None
    assert site.client_secret.reveal() == "app-secret"


def test_our_own_variable_outranks_that_of_wix(project: Project) -> None:
    env = {"WIX_CLIENT_ID": CLIENT.replace("1", "2"), "WIXPROXY__SITE__CLIENT_ID": CLIENT}
    assert load({"upstream.url": FRONTEND}, env, project.folder).site.client_id == CLIENT


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        pytest.param("SERVER__PORT", " 5000 ", "server.port", 5000, id="whole number"),
        pytest.param(
            "SERVER__KEEPALIVE_SECONDS", "1.5", "server.keepalive_seconds", 1.5, id="number"
        ),
        pytest.param(
            "SERVER__TRUST_EVERY_PROXY", "True", "server.trust_every_proxy", True, id="yes or no"
        ),
        pytest.param(
            "SERVER__ACCEPT_HOSTS", "a, b:80 ,", "server.accept_hosts", ("a", "b:80"), id="list"
        ),
        pytest.param(
            "SERVER__ACCEPT_HOSTS", '["a"]', "server.accept_hosts", ("a",), id="list in JSON"
        ),
        pytest.param("SERVER__ACCEPT_HOSTS", "[]", "server.accept_hosts", (), id="empty list"),
        pytest.param("SITE__CA_FILE", "", "site.ca_file", None, id="empty text says nothing"),
        pytest.param("EMULATOR__SEED", "[x", "emulator.seed", "[x", id="text stays text"),
    ],
)
def test_a_variable_is_read_as_its_option_wants_it(
    project: Project, variable: str, text: str, name: str, value: object
) -> None:
    config = project.load(env={f"WIXPROXY__{variable}": text})
    assert value_of(config, name) == value


def test_a_list_is_taken_whole_from_one_source(project: Project) -> None:
    project.write("wixproxy.toml", '[server]\naccept_hosts = ["weak"]\n')
    config = project.load(env={"WIXPROXY__SERVER__ACCEPT_HOSTS": "strong"})
    assert config.server.accept_hosts == ("strong",)


def test_an_empty_variable_does_not_empty_the_list_of_a_file(project: Project) -> None:
    project.write("wixproxy.toml", '[api]\ndeny = ["GET /stores/v1/products"]\n')
    assert project.load(env={"WIXPROXY__API__DENY": ""}).api.deny == ("GET /stores/v1/products",)
    assert project.load(env={"WIXPROXY__API__DENY": "[]"}).api.deny == ()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("WIXPROXY__LOG__LEVEL=debug", id="plain"),
        pytest.param("export WIXPROXY__LOG__LEVEL = debug", id="for a shell"),
        pytest.param("WIXPROXY__LOG__LEVEL='debug' # why", id="quoted, with a comment"),
        pytest.param("WIXPROXY__LOG__LEVEL=debug # why", id="with a comment"),
        pytest.param("\ufeffWIXPROXY__LOG__LEVEL=debug\r", id="from Windows"),
    ],
)
def test_the_projects_own_file_is_read_as_shells_write_it(project: Project, line: str) -> None:
    project.write(".env.local", f"{line}\n")
    assert project.load().log.level == "debug"


def test_of_the_projects_own_file_only_our_names_are_read(project: Project) -> None:
    project.write(".env.local", "KUBERNETES_PORT=1\nDATABASE=x\nnonsense\nPUBLIC_WIX_CLIENT_ID=y\n")
    assert project.load().mode == "dev"


def test_variables_that_kubernetes_injects_for_a_service_are_nobodys_mistake(
    project: Project,
) -> None:
    assert project.problems(env={"WIXPROXY_PORT": "tcp://10.0.0.1:80"}) == []


def test_a_frontend_named_by_a_flag_takes_the_place_of_the_files(project: Project) -> None:
    project.write("wixproxy.toml", f'[upstream]\nurl = "{OTHER}"\n')
    (project.folder / "dist").mkdir()
    config = project.load({"upstream.root": "dist"})
    assert (config.upstream.url, config.upstream.root) == (None, str(project.folder / "dist"))


@pytest.mark.parametrize(
    ("flags", "chosen"),
    [
        pytest.param({"upstream.url": OTHER}, (OTHER, False), id="before it"),
        pytest.param({"upstream.api_only": True}, (None, True), id="beside it"),
    ],
)
def test_whether_a_frontend_is_before_or_beside_us_is_taken_from_one_source(
    project: Project, flags: Flags, chosen: tuple[str | None, bool]
) -> None:
    before = flags.get("upstream.url") is not None
    weaker = "api_only = true" if before else f'url = "{FRONTEND}"'
    project.write("wixproxy.toml", f"[upstream]\n{weaker}\n")
    given = {"upstream.url": None, "server.public_url": [FRONTEND], **flags}
    upstream = project.load(given).upstream
    assert (upstream.url, upstream.api_only) == chosen


def test_a_file_may_say_where_the_command_of_the_command_line_listens(project: Project) -> None:
    project.write("wixproxy.toml", f'[upstream]\nurl = "{OTHER}"\nroot = "dist"\n')
    upstream = project.load({"upstream.url": None, "upstream.command": ["sh"]}).upstream
    assert (upstream.url, upstream.command, upstream.root) == (OTHER, ("sh",), None)


def test_a_frontend_that_runs_already_takes_the_place_of_a_command_in_the_file(
    project: Project,
) -> None:
    project.write("wixproxy.toml", '[upstream]\ncommand = ["sh"]\n')
    upstream = project.load({"upstream.url": OTHER}).upstream
    assert (upstream.url, upstream.command) == (OTHER, ())


def test_to_say_that_nobody_is_beside_us_names_no_frontend(project: Project) -> None:
    project.write("wixproxy.toml", f'[upstream]\nurl = "{OTHER}"\n')
    variables = {"WIXPROXY__UPSTREAM__API_ONLY": "false"}
    assert project.load({"upstream.url": None}, variables).upstream.url == OTHER


def test_a_path_starts_from_the_folder_of_the_file_that_names_it(project: Project) -> None:
    (project.folder / "deploy" / "dist").mkdir(parents=True)
    file = project.write("deploy/here.toml", '[upstream]\nroot = "dist"\n')
    config = project.load({"upstream.root": None, "upstream.url": None}, file=file)
    assert config.upstream.root == str(project.folder / "deploy" / "dist")


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        pytest.param(
            "wixproxy.toml",
            "key = s3cret",
            "wixproxy.toml: expected TOML, found a fault at line 1, column 7.",
            id="no TOML",
        ),
        pytest.param(
            "wixproxy.toml",
            "[sever]\nport = 1\n",
            'sever (from wixproxy.toml): unknown table; did you mean "server"?',
            id="table with a slip",
        ),
        pytest.param(
            "wixproxy.toml",
            "[server]\nprot = 1\n",
            'server.prot (from wixproxy.toml): unknown option; did you mean "server.port"?',
            id="option with a slip",
        ),
        pytest.param(
            "wixproxy.toml",
            "[site]\nkeys = []\n",
            'site.keys (from wixproxy.toml): unknown option; did you mean "session.keys"?',
            id="option of another table",
        ),
        pytest.param(
            "wixproxy.toml",
            "port = 1\n",
            'port (from wixproxy.toml): unknown option; did you mean "server.port"?',
            id="option outside of its table",
        ),
        pytest.param(
            "wixproxy.toml",
            "[server]\nxyzzy = 's3cret'\n",
            "server.xyzzy (from wixproxy.toml): unknown option.",
            id="nothing like it",
        ),
        pytest.param(
            "wixproxy.toml",
            '"\\u001b[31m" = 1\n',
            "'\\x1b[31m' (from wixproxy.toml): unknown option.",
            id="a name that paints the terminal",
        ),
        pytest.param(
            "wixproxy.toml",
            "server = 5\n",
            "server (from wixproxy.toml): expected a table, found a value that is no text.",
            id="value for a table",
        ),
        pytest.param(
            ".env.local",
            "WIXPROXY__SESION__KEYS=s3cret\n",
            "WIXPROXY__SESION__KEYS (from .env.local): unknown option; did you mean "
            '"WIXPROXY__SESSION__KEYS"?',
            id="variable with a slip",
        ),
        pytest.param(
            ".env.local",
            "WIXPROXY__SESSION__KEYS=[s3cret\n",
            "session.keys (from .env.local): expected JSON, found a text that is none.",
            id="list that is no JSON",
        ),
        pytest.param(
            "wix.config.json",
            '{"appId": s3cret}',
            "wix.config.json: expected JSON, found a fault at line 1.",
            id="no JSON",
        ),
        pytest.param(
            "wixproxy.toml",
            "#" * (1024 * 1024 + 1),
            "wixproxy.toml: expected at most 1 MiB, found more.",
            id="too large",
        ),
    ],
)
def test_a_file_that_is_written_wrongly_is_a_problem(
    project: Project, name: str, text: str, line: str
) -> None:
    project.write(name, text)
    assert project.problems() == [line]


def test_a_variable_with_a_slip_is_told_with_what_was_meant(project: Project) -> None:
    (line,) = project.problems(env={"WIXPROXY__SERVER__PROT": "s3cret"})
    assert line == (
        "WIXPROXY__SERVER__PROT (from the environment): unknown option; did you mean "
        '"WIXPROXY__SERVER__PORT"?'
    )


def test_a_file_in_another_encoding_is_a_problem(project: Project) -> None:
    (project.folder / "wixproxy.toml").write_bytes(b"# caf\xe9\n")
    assert project.problems() == ["wixproxy.toml: expected text in UTF-8, found other bytes."]


def test_a_folder_in_the_place_of_a_file_is_a_problem(project: Project) -> None:
    (project.folder / ".env.local").mkdir()
    assert project.problems() == [".env.local: the file cannot be read: Is a directory."]


def test_a_file_that_was_asked_for_must_exist(project: Project) -> None:
    assert project.problems(file=Path("other.toml")) == [
        "other.toml: expected a configuration file, found none."
    ]


def test_the_names_of_the_sources_never_hold_a_value(project: Project) -> None:
    config = project.load({"session.keys": [KEY]}, {"WIX_CLIENT_SECRET": "s3cret"})
    assert not any(KEY in source or "s3cret" in source for source in config.sources.values())
