"""The guide for sites that leave Wix's Astro integration: its files serve, its tables are true."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.config.conftest import CLIENT, PUBLIC_KEY
from tests.conftest import HandClock
from tests.dashboard import call, token_of, user_token
from tests.guides.blocks import blocks, write_files
from tests.guides.node_server import served
from tests.modules import ROOT
from tests.program import SECRET
from tests.requirements import require
from tests.stage import Stage, staged
from tests.wix_packages import FOLDER, INSTALL
from wixproxy.config import load
from wixproxy.config.options import value_of
from wixproxy.listening import listen
from wixproxy.sansio.routes import Routes

GUIDE = "moving-from-astro.md"
TEXT = (ROOT / "docs" / GUIDE).read_text("utf-8")
ENV = {
    "WIX_CLIENT_ID": CLIENT,
    "WIX_CLIENT_SECRET": "the secret of the app",
    "WIX_CLIENT_PUBLIC_KEY": PUBLIC_KEY.strip(),
    "WIX_CLIENT_INSTANCE_ID": CLIENT.replace("1", "2"),
}


def test_its_configuration_is_sound_beside_what_wixs_command_line_writes(tmp_path: Path) -> None:
    write_files(GUIDE, tmp_path)
    (tmp_path / "wix.config.json").write_text(f'{{"appId": "{CLIENT}"}}')
    (tmp_path / ".env.local").write_text('WIX_CLIENT_SECRET="the secret of the app"\n')
    config = load({}, {"WIXPROXY_BACKEND_SECRET": SECRET}, tmp_path)
    assert config.site.client_id == CLIENT
    assert config.upstream.url == "http://localhost:3000"
    assert [rule.name for rule in config.site.elevation_rules] == ["my-orders"]


def test_the_names_that_stay_set_the_options_that_it_says(tmp_path: Path) -> None:
    rows = dict(re.findall(r"^\| `(WIX_\w+)` \| `([a-z_.]+)` \|$", TEXT, re.MULTILINE))
    assert rows.keys() == ENV.keys()
    config = load({"upstream.root": str(tmp_path)}, ENV, tmp_path)
    for name, option in rows.items():
        value = value_of(config, option)
        shown = value.reveal() if hasattr(value, "reveal") else value
        assert shown in (ENV[name], (ENV[name],)), name


def test_the_routes_that_it_names_are_served() -> None:
    table = Routes(astro_routes=True, wix_pages=True)
    named = set(re.findall(r"(?<=[`\"= ])/(?:_wix|api/auth|_paylink|_api)/[a-z.-]+", TEXT))
    assert {"/_wix/login", "/api/auth/logout", "/api/auth/callback"} <= named
    # The rest of these is behind an ellipsis, on another listener, or named as not served.
    named -= {"/_wix/api", "/_wix/elevated", "/_wix/extensions"}
    for path in named:
        assert table.match(path.encode()).name not in ("frontend", "unknown"), path


@pytest.fixture
async def stage(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The guide's server behind a proxy with the guide's configuration."""
    write_files(GUIDE, tmp_path)
    sockets = listen("127.0.0.1", 0)
    require((FOLDER / "node_modules" / "@wix").is_dir(), INSTALL)
    packages = FOLDER / "node_modules"
    async with served(tmp_path, sockets[0].getsockname()[1], packages=packages) as frontend:
        flags = {"upstream.url": frontend, "backend.secret": SECRET}
        async with staged(clock, tmp_path, flags) as stage:
            stage.emulator.allow_redirect_uri(f"{stage.origin}/api/auth/callback")
            stage.emulator.state.clock.freeze(clock.now)
            await stage.proxy.start_backend(sockets)
            yield stage


async def test_the_site_moves_with_its_links_its_pages_and_its_dashboard(stage: Stage) -> None:
    """One server for all of it, because a Node with Wix's packages takes a while to start."""
    browser = stage.browser()
    assert await (await browser.navigate("/profile")).json() == "Please log in."

    (links,) = [block.text for block in blocks(GUIDE) if block.language == "html"]
    link, action = re.findall(r'(?:href|action)="([^"]+)"', links)
    begun = await browser.navigate(link)
    callback = await stage.wix_login_page(begun.headers["Location"], "ada@example.test")
    assert callback.startswith("/api/auth/callback?")
    back = await browser.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})
    assert (back.status, back.headers["Location"]) == (303, "/profile")
    assert await (await browser.navigate("/profile")).json() == "Hello, Ada Quill."

    elevated = await browser.fetch("/_wix/api/ecom/v1/orders/search", "POST", body={"search": {}})
    assert elevated.status == 200
    assert stage.counts()["grants"]["client_credentials"] == 1

    token = await user_token(stage, userId="user-1")
    asked = await call(stage, token, "/api/dashboard/orders")
    assert (asked.status, await asked.json()) == (200, {"orders": 0, "for": "user-1"})
    asked = await call(stage, token, "/api/dashboard/members")
    assert (asked.status, await asked.json()) == (200, {"members": 3})
    visitor = token_of(stage, "visitor", "visitor-1")
    assert (await call(stage, visitor, "/api/dashboard/orders")).status == 403
    assert (await call(stage, None, "/api/dashboard/orders")).status == 401

    led = await browser.navigate("/checkout?checkoutId=1")
    assert led.headers["Location"] == f"{stage.emulator.origin}/checkout?checkoutId=1"

    left = await browser.submit(action, {})
    assert left.status == 303
    assert (await browser.session())["identity"] == "visitor"
