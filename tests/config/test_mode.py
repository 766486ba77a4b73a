"""Which mode it is when nobody says, and what follows from it."""

from __future__ import annotations

import pytest

from tests.config.conftest import KEY, Env, Flags, Project
from wixproxy.config.options import value_of

SHOP = ["https://shop.example"]


@pytest.mark.parametrize(
    ("flags", "env", "mode"),
    [
        pytest.param({}, {}, "dev", id="nothing special"),
        pytest.param({"server.public_url": SHOP}, {}, "production", id="public https"),
        pytest.param(
            {"server.public_url": ["http://localhost:4321", *SHOP]},
            {},
            "production",
            id="public https among others",
        ),
        pytest.param(
            {"server.public_url": ["https://localhost:4321"]}, {}, "dev", id="https on loopback"
        ),
        pytest.param({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "production", id="Kubernetes"),
        pytest.param({}, {"WIXPROXY_IMAGE": "1"}, "production", id="our image"),
        pytest.param(
            {"emulator.enabled": True},
            {"WIXPROXY_IMAGE": "1"},
            "dev",
            id="our image with the emulator",
        ),
        pytest.param({}, {"WIXPROXY_IMAGE": "0"}, "dev", id="not our image"),
        pytest.param(
            {"mode": "dev", "server.public_url": SHOP},
            {"KUBERNETES_PORT": "1", "WIXPROXY_IMAGE": "1"},
            "dev",
            id="said outright, against everything",
        ),
        pytest.param({}, {"WIXPROXY__MODE": "production"}, "production", id="by a variable"),
    ],
)
def test_the_mode_follows_from_where_the_proxy_runs(
    project: Project, flags: Flags, env: Env, mode: str
) -> None:
    assert project.load({"session.keys": [KEY], **flags}, env).mode == mode


def test_the_reason_for_the_mode_is_told(project: Project) -> None:
    config = project.load({"session.keys": [KEY], "server.public_url": SHOP})
    assert config.sources["mode"] == "default: the public URL is https"


def test_the_public_url_follows_the_port_and_not_the_host(project: Project) -> None:
    config = project.load({"server.port": 5000, "server.host": "0.0.0.0"})  # noqa: S104
    assert config.server.public_url == ("http://localhost:5000",)


@pytest.mark.parametrize(
    ("name", "in_dev", "in_production"),
    [
        pytest.param("browser.inject", True, False, id="pages as the frontend wrote them"),
        pytest.param("log.format", "text", "json", id="lines for people or for programs"),
        pytest.param("upstream.first_byte_timeout_seconds", 300.0, 60.0, id="time to compile"),
        pytest.param("server.drain_delay_seconds", 0.0, 5.0, id="time to notice a stop"),
    ],
)
def test_some_defaults_follow_from_the_mode(
    project: Project, name: str, in_dev: object, in_production: object
) -> None:
    configs = {
        mode: project.load({"session.keys": [KEY], "mode": mode}) for mode in ("dev", "production")
    }
    assert value_of(configs["dev"], name) == in_dev
    assert value_of(configs["production"], name) == in_production
    assert configs["production"].sources[name] == "default in production"


def test_a_value_of_ones_own_outranks_the_modes(project: Project) -> None:
    flags = {"session.keys": [KEY], "mode": "production", "log.format": "text"}
    assert project.load(flags).log.format == "text"
