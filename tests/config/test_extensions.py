"""Where Wix's calls go, and the keys that their signatures are checked with."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.config.conftest import FRONTEND, KEY, PUBLIC_KEY, Flags, Project
from wixproxy.config.development_key import state_folder
from wixproxy.emulator.project import DEFAULT_SEED
from wixproxy.emulator.project import Project as EmulatedProject

WEBHOOKS = "site.extensions.webhooks"
PLUGINS = "site.extensions.service_plugins"
HOOK = {"id": "orders", "path": "/hooks/orders"}
PLUGIN = {"id": "shipping", "path": "/plugins/shipping"}
KEYS: Flags = {"site.public_keys": [PUBLIC_KEY]}
EMULATED = EmulatedProject.of_seed(DEFAULT_SEED)
BASE64_KEY = base64.b64encode(PUBLIC_KEY.encode()).decode()


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _private_pem() -> str:
    key = rsa.generate_private_key(65_537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


SHORT_KEY = _pem(rsa.generate_private_key(65_537, 1024).public_key())  # noqa: S505


def test_the_file_says_where_the_calls_go(project: Project) -> None:
    project.write(
        "wixproxy.toml",
        """
        [site.extensions]
        webhooks_mode = "through"
        state_file = "state/events.sqlite3"
        backend_paths = ["/api/dashboard"]
        dashboard_origins = ["https://Manage.wix.com"]

        [[site.extensions.webhooks]]
        id = "orders"
        path = "/hooks/orders"
        events = ["wix.ecom.v1.order_approved"]

        [[site.extensions.webhooks]]
        id = "members"
        path = "/hooks/members"

        [[site.extensions.service_plugins]]
        id = "shipping"
        path = "/plugins/shipping"
        timeout_seconds = 2

        [[site.extensions.service_plugins]]
        id = "fees"
        path = "/plugins/fees"
        """,
    )
    extensions = project.load(KEYS).site.extensions
    assert [(hook.id, hook.path) for hook in extensions.webhooks] == [
        ("orders", "/hooks/orders"),
        ("members", "/hooks/members"),
    ]
    asked = ("wix.ecom.v1.order_approved", "wix.members.v1.member_created")
    assert [[hook.wants(each) for each in asked] for hook in extensions.webhooks] == [
        [True, False],
        [True, True],
    ]
    assert [(plugin.id, plugin.timeout_seconds) for plugin in extensions.service_plugins] == [
        ("shipping", 2.0),
        ("fees", 2.5),
    ]
    assert extensions.webhooks_mode == "through"
    assert extensions.state_file == str(project.folder / "state" / "events.sqlite3")
    assert extensions.backend_paths == ("/api/dashboard",)
    assert extensions.dashboard_origins == ("https://manage.wix.com",)


def test_entries_are_json_in_a_variable(project: Project) -> None:
    env = {"WIXPROXY__SITE__EXTENSIONS__WEBHOOKS": json.dumps([HOOK])}
    (hook,) = project.load(KEYS, env).site.extensions.webhooks
    assert hook.path == "/hooks/orders"


def test_events_wait_in_the_folder_for_state_where_nothing_else_is_said(project: Project) -> None:
    config = project.load({**KEYS, WEBHOOKS: [HOOK]})
    assert config.site.extensions.webhooks_mode == "queue"
    assert config.site.extensions.state_file == str(state_folder() / "events.sqlite3")
    assert config.sources["site.extensions.state_file"] == "default in the folder for state"


def test_where_no_event_comes_no_file_is_named(project: Project) -> None:
    assert project.load().site.extensions.state_file is None


def test_a_folder_in_the_place_of_the_events_file_is_a_problem(project: Project) -> None:
    assert project.problems({"site.extensions.state_file": "."}) == [
        (
            "site.extensions.state_file (from flag site.extensions.state_file): expected a file or "
            f"a place for one, found a folder at '{project.folder}'."
        )
    ]


@pytest.mark.parametrize("name", [WEBHOOKS, PLUGINS])
@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        pytest.param(
            {"id": "my orders"},
            ".id",
            "expected a name of letters, digits, _ and -, found 'my orders'.",
            id="an id with a space",
        ),
        pytest.param(
            {"id": "../orders"},
            ".id",
            "expected a name of letters, digits, _ and -, found '../orders'.",
            id="an id that climbs",
        ),
        pytest.param(
            {"path": "hooks"},
            ".path",
            "expected a path such as /hooks/orders, in plain letters, found 'hooks'.",
            id="a path without its slash",
        ),
        pytest.param(
            {"path": "/"},
            ".path",
            "expected a path such as /hooks/orders, in plain letters, found '/'.",
            id="the whole frontend",
        ),
        pytest.param(
            {"path": "/hooks/../admin"},
            ".path",
            "expected a path such as /hooks/orders, in plain letters, found '/hooks/../admin'.",
            id="a path that climbs",
        ),
        pytest.param(
            {"path": "/hooks?id=1"},
            ".path",
            "expected a path such as /hooks/orders, in plain letters, found '/hooks?id=1'.",
            id="a path with a query",
        ),
        pytest.param(
            {"path": "/_WIX/hooks"},
            ".path",
            "expected a path of the frontend, found '/_WIX/hooks', which belongs to the proxy.",
            id="a path of the proxy",
        ),
        pytest.param(
            {"path": "/api/auth/callback"},
            "",
            "the path '/api/auth/callback' belongs to site.login.callback_path.",
            id="the path that logins return to",
        ),
        pytest.param(
            {"pth": "/hooks"}, ".pth", 'unknown option; did you mean "path"?', id="a key's slip"
        ),
    ],
)
def test_an_entry_that_is_not_sound_is_told_with_its_place(
    project: Project, name: str, change: dict[str, object], place: str, sentence: str
) -> None:
    flags = {**KEYS, "site.login.callback_path": "/api/auth/callback"}
    flags[name] = [HOOK, {**PLUGIN, **change}]
    assert project.problems(flags) == [f"{name}[1]{place} (from flag {name}): {sentence}"]


@pytest.mark.parametrize("name", [WEBHOOKS, PLUGINS])
def test_an_id_belongs_to_one_entry(project: Project, name: str) -> None:
    assert project.problems({**KEYS, name: [HOOK, {**HOOK, "path": "/other"}]}) == [
        f"{name}[1] (from flag {name}): the id 'orders' is taken by an entry above."
    ]


def test_a_plugin_may_not_take_forever(project: Project) -> None:
    assert project.problems({**KEYS, PLUGINS: [{**PLUGIN, "timeout_seconds": 0}]}) == [
        f"{PLUGINS}[0].timeout_seconds (from flag {PLUGINS}): expected more than 0, found 0."
    ]


@pytest.mark.parametrize(("name", "entry"), [(WEBHOOKS, HOOK), (PLUGINS, PLUGIN)])
def test_what_wix_signs_needs_the_public_key_of_the_app(
    project: Project, name: str, entry: object
) -> None:
    assert project.problems({name: [entry]}) == [
        (
            f"site.public_keys: expected the public key of the app, since {name} takes what Wix "
            "signs, found none. Copy it from the webhooks page of the app's dashboard and set "
            "WIX_CLIENT_PUBLIC_KEY to it."
        )
    ]


@pytest.mark.parametrize(("name", "entry"), [(WEBHOOKS, HOOK), (PLUGINS, PLUGIN)])
def test_the_emulator_brings_its_own_public_key(project: Project, name: str, entry: object) -> None:
    flags = {"emulator.enabled": True, "upstream.url": FRONTEND, name: [entry]}
    assert project.problems(flags) == []


@pytest.mark.parametrize(("name", "entry"), [(WEBHOOKS, HOOK), (PLUGINS, PLUGIN)])
def test_built_files_take_no_calls(project: Project, name: str, entry: object) -> None:
    assert project.problems({**KEYS, "upstream.root": ".", name: [entry]}) == [
        (
            f"{name} (from flag {name}): expected a running frontend to take the calls, found none"
            ". Set upstream.url."
        )
    ]


def test_a_wildcard_is_no_origin_of_a_dashboard(project: Project) -> None:
    (line,) = project.problems({"site.extensions.dashboard_origins": ["*"]})
    assert line.startswith("site.extensions.dashboard_origins[0] ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PUBLIC_KEY, id="PEM"),
        pytest.param(BASE64_KEY, id="base64 of the PEM"),
        pytest.param(f"  {BASE64_KEY} ", id="with spaces around"),
    ],
)
@pytest.mark.parametrize("place", ["WIX_CLIENT_PUBLIC_KEY", "WIXPROXY__SITE__PUBLIC_KEYS"])
def test_the_key_of_the_app_comes_from_a_variable(project: Project, place: str, text: str) -> None:
    assert project.load(env={place: text}).site.public_keys == (text.strip(),)


def test_several_keys_count_while_one_takes_the_place_of_another(project: Project) -> None:
    other = _pem(rsa.generate_private_key(65_537, 2048).public_key())
    config = project.load({"site.public_keys": [PUBLIC_KEY, other]})
    assert config.site.public_keys == (PUBLIC_KEY.strip(), other.strip())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("s3cret", id="no key at all"),
        pytest.param(PUBLIC_KEY.replace("\n", ""), id="a PEM squeezed into one line"),
        pytest.param(_private_pem(), id="a private key"),
        pytest.param(_pem(ec.generate_private_key(ec.SECP256R1()).public_key()), id="other kind"),
        pytest.param(SHORT_KEY, id="too short"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_public_key_of_wix_is_refused_and_not_shown(project: Project, text: str) -> None:
    (line,) = project.problems({"site.public_keys": [PUBLIC_KEY, text]})
    assert line.startswith("site.public_keys[1] (from flag site.public_keys): expected ")
    shown = [piece for piece in re.findall(r"[A-Za-z0-9+/]{20,}|s3cret", text) if piece in line]
    assert shown == []


@pytest.mark.parametrize("text", [EMULATED.public_key_pem, EMULATED.public_key_base64])
def test_production_does_not_trust_the_key_that_everybody_can_sign_with(
    project: Project, text: str
) -> None:
    flags: Flags = {"site.public_keys": [PUBLIC_KEY, text]}
    production: Flags = {"mode": "production", "session.keys": [KEY]}
    assert project.problems({**flags, "mode": "dev"}) == []
    (line,) = project.problems({**flags, **production})
    assert line.startswith("site.public_keys[1] (from flag site.public_keys): expected the key of")
    assert "found that of the emulated Wix, with which everybody can sign" in line


def test_the_events_file_starts_from_the_folder_of_the_file_that_names_it(
    project: Project,
) -> None:
    file = project.write("deploy/here.toml", '[site.extensions]\nstate_file = "events"\n')
    config = project.load(file=file)
    assert config.site.extensions.state_file == str(Path(project.folder, "deploy", "events"))
