"""Each path of the frontend has one owner, and what depends on a path is there."""

from __future__ import annotations

import pytest

from tests.config.conftest import PUBLIC_KEY, Flags, Project

BACKEND = "site.extensions.backend_paths"
ORIGINS = "site.extensions.dashboard_origins"
CALLBACK = "site.login.callback_path"
HOOKS = "site.extensions.webhooks"
PLUGINS = "site.extensions.service_plugins"
SOUND: Flags = {
    "site.public_keys": [PUBLIC_KEY],
    BACKEND: ["/api/dashboard", "/widgets"],
    ORIGINS: ["https://manage.wix.com", "http://localhost:3000"],
    HOOKS: [{"id": "orders", "path": "/hooks"}, {"id": "members", "path": "/hooks"}],
    PLUGINS: [{"id": "shipping", "path": "/plugins/shipping"}],
    CALLBACK: "/api/auth/callback",
    "compat.astro_routes": True,
    "compat.wix_pages": True,
    "site.pages_url": "https://my-site.wix-host.com",
}


def test_paths_of_different_owners_stand_beside_each_other(project: Project) -> None:
    assert project.problems(SOUND) == []


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        pytest.param(
            ["/a", "/a/b"], "[1] {}: the path '/a/b' meets '/a' of {name}[0].", id="below another"
        ),
        pytest.param(
            ["/a/b", "/a"], "[1] {}: the path '/a' meets '/a/b' of {name}[0].", id="above another"
        ),
        pytest.param(["/a", "/A"], "[1] {}: the path '/A' meets '/a' of {name}[0].", id="twice"),
        pytest.param(
            ["/a", "/a.json"], "[1] {}: the path '/a.json' meets '/a' of {name}[0].", id="a suffix"
        ),
        pytest.param(
            ["/hooks/x"],
            "[0] {}: the path '/hooks/x' meets '/hooks' of site.extensions.webhooks[0].",
            id="below a webhook's",
        ),
        pytest.param(
            ["/Plugins"],
            "[0] {}: the path '/Plugins' meets '/plugins/shipping' of "
            "site.extensions.service_plugins[0].",
            id="above a plugin's",
        ),
        pytest.param(
            ["/api"],
            "[0] {}: the path '/api' belongs to site.login.callback_path.",
            id="above the callback",
        ),
        pytest.param(
            ["/api/auth/login"],
            "[0] {}: the path '/api/auth/login' belongs to compat.astro_routes.",
            id="a route of Astro's",
        ),
        pytest.param(
            ["/_api/own"],
            "[0] {}: the path '/_api/own' belongs to compat.wix_pages.",
            id="below a folder of Wix's",
        ),
        pytest.param(
            ["/checkout"],
            "[0] {}: the path '/checkout' belongs to compat.wix_pages.",
            id="a page of Wix's",
        ),
    ],
)
def test_a_path_of_verified_calls_belongs_to_nobody_else(
    project: Project, paths: list[str], told: str
) -> None:
    flags = {**SOUND, BACKEND: paths}
    line = (BACKEND + told).format(f"(from flag {BACKEND})", name=BACKEND)
    assert project.problems(flags) == [line]


@pytest.mark.parametrize("path", ["/_wix/x", "/_WIX/x", "/", "/a?b", "/a/../b", "api", "/a%20b"])
def test_what_is_no_path_of_the_frontend_is_refused(project: Project, path: str) -> None:
    (line,) = project.problems({BACKEND: [path]})
    assert line.startswith(f"{BACKEND}[0] ")


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        (HOOKS, {"id": "orders", "path": "/api/auth"}),
        (PLUGINS, {"id": "shipping", "path": "/_paylink"}),
    ],
)
def test_what_wix_calls_meets_no_route_of_ours(
    project: Project, name: str, entry: dict[str, str]
) -> None:
    (line,) = project.problems({**SOUND, name: [entry]})
    assert line.startswith(f"{name}[0] ")
    assert " belongs to " in line


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/api/auth/login", "compat.astro_routes"),
        ("/api/auth/logout-callback", "compat.astro_routes"),
        ("/checkout", "compat.wix_pages"),
        ("/_api/callback", "compat.wix_pages"),
    ],
)
def test_the_callback_is_no_other_route(project: Project, path: str, owner: str) -> None:
    assert project.problems({**SOUND, CALLBACK: path}) == [
        f"{CALLBACK} (from flag {CALLBACK}): the path '{path}' belongs to {owner}."
    ]


def test_below_a_page_of_wixs_the_frontend_has_paths_of_its_own(project: Project) -> None:
    assert project.problems({**SOUND, CALLBACK: "/checkout/callback"}) == []


def test_built_files_take_no_verified_calls(project: Project) -> None:
    assert project.problems({"upstream.root": ".", BACKEND: ["/api/dashboard"]}) == [
        (
            f"{BACKEND} (from flag {BACKEND}): expected a running frontend to take the calls, "
            "found none. Set upstream.url."
        )
    ]


def test_a_page_on_plain_http_may_call_from_this_machine_alone(project: Project) -> None:
    flags = {BACKEND: ["/api/dashboard"], ORIGINS: ["http://manage.wix.example"]}
    assert project.problems(flags) == [
        f"{ORIGINS}[0] (from flag {ORIGINS}): expected https, found 'http://manage.wix.example'."
    ]


PRODUCTION: Flags = {
    "mode": "production",
    "server.public_url": ["https://shop.example"],
    "session.keys": ["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
}


def test_in_production_every_page_that_may_call_has_https(project: Project) -> None:
    flags = {**PRODUCTION, BACKEND: ["/a"], ORIGINS: ["http://localhost:3000"]}
    (line,) = project.problems(flags)
    assert line.startswith(f"{ORIGINS}[0] (from flag {ORIGINS}): expected https in production")


def test_in_production_wixs_pages_have_https(project: Project) -> None:
    flags = {**PRODUCTION, "site.pages_url": "http://localhost:4331"}
    assert project.problems(flags) == [
        (
            "site.pages_url (from flag site.pages_url): expected https in production, found "
            "'http://localhost:4331'."
        )
    ]


def test_wixs_pages_need_an_address_or_the_secret_to_ask_for_it(project: Project) -> None:
    (line,) = project.problems({"compat.wix_pages": True})
    assert line.startswith("site.pages_url: expected the site's address at Wix, since ")
    assert project.problems({"compat.wix_pages": True, "site.client_secret": "s3cret"}) == []
    emulated = {"compat.wix_pages": True, "emulator.enabled": True, "upstream.root": "."}
    assert project.problems(emulated) == []


def test_wixs_pages_are_not_led_to_in_a_circle(project: Project) -> None:
    flags = {
        "server.public_url": ["http://localhost:4321"],
        "site.pages_url": "http://localhost:4321",
    }
    assert project.problems(flags) == [
        (
            "site.pages_url (from flag site.pages_url): expected the site's address at Wix, found "
            "'http://localhost:4321', which is the proxy's own."
        )
    ]


@pytest.mark.parametrize("text", ["my-site", "http://my-site.com", "https://a:b@my-site.com"])
def test_an_address_that_is_none_is_refused(project: Project, text: str) -> None:
    (line,) = project.problems({"site.pages_url": text})
    assert line.startswith("site.pages_url ")
    assert "a:b" not in line
