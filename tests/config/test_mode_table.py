"""What depends on the mode: one test for each row of the README's table, both columns in it.

A test is named for its row, so that `tests/test_documentation.py` can ask for it.
"""

from __future__ import annotations

import time

import aiohttp

from tests.config.conftest import KEY, Flags, Project
from tests.stage import NAVIGATION
from wixproxy.assembly import Process, assemble
from wixproxy.commands.serve import with_development_key
from wixproxy.delivery_assembly import event_store
from wixproxy.errors import FrontendStarting
from wixproxy.listening import listen
from wixproxy.sansio.origin import Origin
from wixproxy.server import build
from wixproxy.stores.events import Arrival

PRODUCTION: Flags = {"mode": "production", "session.keys": [KEY]}
DEV: Flags = {"mode": "dev"}
EMULATED = {"site.api_origin": "http://127.0.0.1:4331"}
UNVERIFIED = {"upstream.url": "https://localhost:5173", "upstream.verify": "any"}


def _wrong(project: Project, mode: Flags, flags: Flags) -> list[str]:
    """Return the options that have a problem."""
    return [line.partition(" ")[0].rstrip(":") for line in project.problems({**mode, **flags})]


def test_the_mode_decides_session_key(project: Project) -> None:
    assert _wrong(project, PRODUCTION, {"session.keys": None}) == ["session.keys"]
    config = project.load(DEV)
    assert config.session.keys == ()
    state = project.folder / "state"
    made = with_development_key(config, state).session.keys
    assert len(made) == 1
    assert with_development_key(config, state).session.keys == made
    (kept,) = state.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_the_mode_decides_emulator(project: Project) -> None:
    flags = {"emulator.enabled": True}
    assert _wrong(project, DEV, flags) == []
    assert _wrong(project, PRODUCTION, flags) == ["emulator.enabled"]


def test_the_mode_decides_wix_over_plain_http(project: Project) -> None:
    assert _wrong(project, DEV, EMULATED) == []
    assert _wrong(project, DEV, {"site.api_origin": "http://wix.example"}) == ["site.api_origin"]
    assert _wrong(project, PRODUCTION, EMULATED) == ["site.api_origin"]


def test_the_mode_decides_unverified_tls_to_the_frontend(project: Project) -> None:
    elsewhere = {**UNVERIFIED, "upstream.url": "https://frontend.example"}
    assert _wrong(project, DEV, UNVERIFIED) == []
    assert _wrong(project, DEV, elsewhere) == ["upstream.verify"]
    assert _wrong(project, PRODUCTION, UNVERIFIED) == ["upstream.verify"]


def test_the_mode_decides_script_tag_in_pages(project: Project) -> None:
    assert project.load(DEV).browser.inject
    assert not project.load(PRODUCTION).browser.inject


def test_the_mode_decides_log_lines(project: Project) -> None:
    assert project.load(DEV).log.format == "text"
    assert project.load(PRODUCTION).log.format == "json"


def test_the_mode_decides_first_byte_of_the_frontend(project: Project) -> None:
    assert project.load(DEV).upstream.first_byte_timeout_seconds == 300
    assert project.load(PRODUCTION).upstream.first_byte_timeout_seconds == 60


async def test_the_mode_decides_content_of_delivered_events(project: Project) -> None:
    left = {}
    for flags in (DEV, PRODUCTION):
        file = str(project.folder / f"{flags['mode']}.sqlite3")
        store = event_store(project.load({**flags, "site.extensions.state_file": file}), time.time)
        await store.add(Arrival("hook", "event", "type", '["hook", "event"]', None, [], b"{}"))
        (claim,), _ = await store.claim(1)
        await store.delivered(claim)
        (listed,) = await store.named("event")
        left[flags["mode"]] = listed.can_replay
        await store.close()
    assert left == {"dev": True, "production": False}


def test_the_mode_decides_after_sigterm(project: Project) -> None:
    assert project.load(DEV).server.drain_delay_seconds == 0
    assert project.load(PRODUCTION).server.drain_delay_seconds == 5


async def test_the_mode_decides_page_that_waits_for_a_command(project: Project) -> None:
    shown = {}
    for flags in (DEV, PRODUCTION):
        command = {**flags, "upstream.url": None, "upstream.command": ["sh"]}
        config = with_development_key(project.load(command), project.folder / "state")
        proxy, sockets = build(config, locate=_nowhere), listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
        await proxy.start(sockets)
        headers = {**NAVIGATION, "Host": "localhost:4321"}
        async with aiohttp.request("GET", url, headers=headers) as answer:
            assert answer.status == 503
            shown[config.mode] = "/_wix/readyz" in await answer.text()
        await proxy.stop()
    assert shown == {"dev": True, "production": False}


def _nowhere() -> Origin:
    raise FrontendStarting()


async def test_the_mode_decides_what_clients_learn_of_failures(project: Project) -> None:
    told = {}
    for flags in (DEV, PRODUCTION):
        config = with_development_key(project.load(flags), project.folder / "state")
        service = assemble(config, time.time, Process.begin(time.time))
        told[config.mode] = service.tells_causes
        await service.close()
    assert told == {"dev": True, "production": False}
