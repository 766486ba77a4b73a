"""Options against each other and against the mode, and that one mistake is told once."""

from __future__ import annotations

import pytest

from tests.config.conftest import KEY, PUBLIC_KEY, Flags, Project
from wixproxy.config import read
from wixproxy.errors import ConfigError

SHOP = "https://shop.example"
LIVE: Flags = {"mode": "production", "session.keys": [KEY], "server.public_url": [SHOP]}


def test_a_sound_production_has_no_problem(project: Project) -> None:
    assert project.problems(LIVE) == []


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        pytest.param(
            {"session.keys": None},
            "session.keys: expected at least one key in production, found none. Run "
            '"wixproxy newkey" and give the key to every instance, or set mode = "dev".',
            id="no key",
        ),
        pytest.param(
            {"emulator.enabled": True},
            "emulator.enabled (from flag --emulator): expected Wix itself in production, found "
            'the emulator. Leave --emulator out, or set mode = "dev".',
            id="emulator",
        ),
        pytest.param(
            {"site.api_origin": "http://127.0.0.1:4331"},
            "site.api_origin (from flag site.api_origin): expected https in production, found "
            "'http://127.0.0.1:4331'; tokens go there.",
            id="tokens over plain http",
        ),
        pytest.param(
            {"upstream.verify": "any"},
            'upstream.verify (from flag upstream.verify): expected "system" in production, found '
            '"any". Set upstream.ca_file to the authority that signed the frontend\'s certificate.',
            id="unverified frontend",
        ),
    ],
)
def test_production_refuses_what_protects_nobody(project: Project, flags: Flags, line: str) -> None:
    assert project.problems({**LIVE, **flags}) == [line]


def test_what_made_it_production_is_told_where_nobody_chose_it(project: Project) -> None:
    (line,) = project.problems(env={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert line.startswith(
        "session.keys: expected at least one key in production (this is Kubernetes), found none."
    )


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        pytest.param(
            {"site.api_origin": "http://wix.example"},
            "site.api_origin (from flag site.api_origin): expected https, found "
            "'http://wix.example'; tokens go there, and http is for this machine alone.",
            id="tokens over plain http to another machine",
        ),
        pytest.param(
            {"upstream.verify": "any", "upstream.url": "https://frontend.example"},
            'upstream.verify (from flag upstream.verify): expected "system" for a frontend on '
            'another machine, found "any". Set upstream.ca_file to the authority that signed its '
            "certificate.",
            id="unverified frontend on another machine",
        ),
        pytest.param(
            {"session.same_site": "none"},
            'session.same_site (from flag session.same_site): expected "lax", found "none": '
            "browsers take such a cookie on https alone, and server.public_url names "
            "'http://localhost:4321'.",
            id="cookie for frames on plain http",
        ),
        pytest.param(
            {"session.idle_seconds": 11, "session.absolute_seconds": 10},
            "session.idle_seconds (from flag session.idle_seconds): expected at most "
            "session.absolute_seconds, which is 10, found 11.",
            id="idle longer than alive",
        ),
        pytest.param(
            {"server.max_field_bytes": 11, "server.max_fields_bytes": 10},
            "server.max_field_bytes (from flag server.max_field_bytes): expected at most "
            "server.max_fields_bytes, which is 10, found 11.",
            id="one field larger than all",
        ),
        pytest.param(
            {"upstream.root": "."},
            "upstream.root (from flag --root): give one of upstream.url and upstream.root, "
            "not both.",
            id="two frontends",
        ),
        pytest.param(
            {"upstream.url": None, "upstream.api_only": True},
            "server.public_url: expected the frontend's address, as browsers see it, since "
            "upstream.api_only serves /_wix/ beside it, found none. Give --public-url, for example "
            "http://localhost:5173.",
            id="beside a frontend at nobody knows where",
        ),
        pytest.param(
            {
                "upstream.url": "http://localhost:5173",
                "upstream.api_only": True,
                "server.public_url": ["http://localhost:5173"],
            },
            "upstream.api_only (from flag --api-only): give one of upstream.url and "
            "upstream.api_only, not both.",
            id="before a frontend and beside it",
        ),
        pytest.param(
            {
                "upstream.url": "http://localhost:5173",
                "upstream.root": ".",
                "upstream.api_only": True,
                "server.public_url": ["http://localhost:5173"],
            },
            "upstream.api_only (from flag --api-only): give one of upstream.url, upstream.root "
            "and upstream.api_only, not all of them.",
            id="before, over and beside",
        ),
        pytest.param(
            {"upstream.url": None, "upstream.command": ["sh"], "upstream.root": "."},
            "upstream.root (from flag --root): give one of upstream.command and upstream.root, "
            "not both.",
            id="a command and a folder",
        ),
        pytest.param(
            {"upstream.url": None, "upstream.command": ["nosuchprogram"]},
            "upstream.command (from the command line): expected a program, found none called "
            "'nosuchprogram' on the PATH. Is it spelled right, and installed?",
            id="a command that nobody has",
        ),
        pytest.param(
            {"upstream.url": None, "upstream.command": [" ", "x"]},
            "upstream.command (from the command line): expected a program as the first word, "
            "found an empty one.",
            id="a command without a program",
        ),
        pytest.param(
            {
                "upstream.url": "https://frontend.example",
                "upstream.command": ["sh"],
                "upstream.verify": "any",
            },
            'upstream.verify (from flag upstream.verify): expected "system" for a frontend on '
            'another machine, found "any". Set upstream.ca_file to the authority that signed its '
            "certificate.",
            id="a command that listens on another machine",
        ),
        pytest.param(
            {
                "upstream.url": None,
                "upstream.api_only": True,
                "server.public_url": ["http://localhost:5173"],
                "site.extensions.backend_paths": ["/api"],
                "site.client_secret": "s3cret",
            },
            "site.extensions.backend_paths (from flag site.extensions.backend_paths): expected a "
            "running frontend to take the calls, found none. Set upstream.url.",
            id="paths of a frontend that is beside us",
        ),
        pytest.param(
            {"emulator.enabled": True, "emulator.host": "localhost"},
            "emulator.host (from flag --host): expected another host than that of "
            "server.public_url, found 'localhost' in both. Cookies ignore ports, so the emulator "
            "would be sent the session cookie. Set one of the two to another name.",
            id="emulator that shares the cookie",
        ),
        pytest.param(
            {
                "emulator.enabled": True,
                "emulator.public_url": "https://wix.example",
                "server.public_url": ["https://wix.example"],
                "mode": "dev",
            },
            "emulator.public_url (from flag --public-url): expected another host than that of "
            "server.public_url, found 'wix.example' in both. Cookies ignore ports, so the "
            "emulator would be sent the session cookie. Set one of the two to another name.",
            id="emulator that shares the cookie behind a tunnel",
        ),
        pytest.param(
            {"upstream.url": None, "upstream.root": "dist"},
            None,
            id="a folder that is not built",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_a_problem(
    project: Project, flags: Flags, line: str | None
) -> None:
    if line is None:
        line = (
            "upstream.root (from flag --root): expected a folder of built files, found nothing at "
            f"'{project.folder / 'dist'}'. Build the frontend first."
        )
    if "upstream.root" in flags and "upstream.url" not in flags:
        flags = {"upstream.url": "http://localhost:5173", **flags}
    assert project.problems(flags) == [line]


@pytest.mark.parametrize("everyone", ["0.0.0.0/0", "::/0"])
def test_every_address_is_trusted_only_where_that_is_said_in_so_many_words(
    project: Project, everyone: str
) -> None:
    """R74, C15."""
    flags = {"server.trusted_proxies": ["10.0.0.0/8", everyone]}
    (line,) = project.problems(flags)
    assert line == (
        "server.trusted_proxies[1] (from flag server.trusted_proxies): "
        f"{everyone} trusts every client to name its own address; "
        "list the proxies in front instead."
    )
    assert project.problems({**flags, "server.trust_every_proxy": True}) == []


def test_a_command_needs_no_address_no_verified_certificate_and_no_backend_secret(
    project: Project,
) -> None:
    flags = {
        "upstream.url": None,
        "upstream.command": ["sh", "-c", ""],
        "upstream.verify": "any",
        "backend.listen": "127.0.0.1:4322",
        "site.extensions.webhooks": [{"id": "orders", "path": "/hooks"}],
        "site.extensions.backend_paths": ["/api"],
        "site.client_secret": "s3cret",
        "site.public_keys": [PUBLIC_KEY],
    }
    assert project.problems(flags) == []


def test_nobody_is_trusted_by_default(project: Project) -> None:
    """R73."""
    assert project.load().server.trusted_proxies == ()


def test_without_anything_both_missing_things_are_told(project: Project) -> None:
    wix, frontend = project.bare_problems()
    assert wix == (
        "site.client_id: expected the client id of your Wix project, found none. Copy it from the "
        "Wix dashboard (Settings, Development & integrations, Headless Settings) and set "
        "WIX_CLIENT_ID to it, or try --emulator."
    )
    assert frontend == (
        "upstream.url: expected a frontend, found none. Give --upstream URL for a running one, "
        "-- COMMAND for one to start, --root DIR for built files, --api-only to stand beside one, "
        "or --emulator for the demo shop."
    )


def test_the_emulator_needs_nothing_else(project: Project) -> None:
    assert project.bare_problems({"emulator.enabled": True}) == []


def test_problems_of_every_kind_are_told_at_once(project: Project) -> None:
    project.write("wixproxy.toml", "[sever]\n[server]\nport = true\n[session]\nkeys = ['short']\n")
    project.write(".env.local", "WIXPROXY__LOG__LEVEL=loud\n")
    flags = {"upstream.verify": "any", "upstream.url": "https://frontend.example"}
    options = [line.split(" ", 1)[0] for line in project.problems(flags)]
    assert options == ["sever", "server.port", "session.keys[0]", "log.level", "upstream.verify"]


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param({"site.client_id": "nonsense"}, id="a client id that is none"),
        pytest.param({"upstream.url": "nonsense"}, id="a frontend that is none"),
        pytest.param({**LIVE, "session.keys": ["nonsense"]}, id="a key that is none"),
        pytest.param({**LIVE, "session.keys": [{"file": "absent"}]}, id="a key that is lost"),
        pytest.param({"mode": "nonsense", "upstream.verify": "any"}, id="a mode that is none"),
        pytest.param({"session.absolute_seconds": 0}, id="a limit that is none"),
        pytest.param({"server.public_url": ["nonsense"], "session.same_site": "none"}, id="URL"),
    ],
)
def test_a_mistake_is_not_told_again_as_its_consequence(project: Project, flags: Flags) -> None:
    assert len(project.problems(flags)) == 1


def test_a_command_may_ask_for_its_own_tables_alone(project: Project) -> None:
    reading = read({"server.port": 5000, "log.level": "loud"}, {}, project.folder)
    assert reading.checked("server").server.port == 5000
    with pytest.raises(ConfigError, match=r"^log\.level"):
        reading.checked("server", "log")
