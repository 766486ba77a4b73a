"""Several processes on one socket: they share the work, replace their dead, and stop as one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.terminal import Terminal, free_port
from tests.config.conftest import PUBLIC_KEY
from tests.load import Crowd
from wixproxy.sansio.keyring import Key

CLIENT_ID = "12345678-90ab-cdef-1234-567890abcdef"
SECONDS = 60.0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(terminal: Terminal) -> Path:
    """Give a folder of built files, and all that is needed to serve it without an emulator."""
    folder = terminal.folder / "dist"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>Our shop</h1>")
    terminal.variables["WIX_CLIENT_ID"] = CLIENT_ID
    # Nobody reads the lines of requests here, and a pipe that is full holds up who writes.
    terminal.variables["WIXPROXY__LOG__LEVEL"] = "warning"
    terminal.variables["WIXPROXY__SESSION__KEYS"] = Key.generate().to_text().reveal()
    return folder


@contextmanager
def workers(
    terminal: Terminal,
    port: int,
    count: int = 2,
    *,
    frontend: tuple[str, ...] = ("--root", "dist"),
    **options: str,
) -> Iterator[subprocess.Popen[str]]:
    """Serve with so many workers, once all of them are ready; leave none behind."""
    terminal.variables.update(options)
    words = ("serve", *frontend, "--port", str(port), "--workers", str(count))
    with terminal.running(*words) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("wixproxy is ready"), process.stderr and process.stderr.read()
        yield process


def children(process: subprocess.Popen[str]) -> set[int]:
    """Return the process ids of the workers that are alive."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return {int(number) for number in listed.split()}


def until(found: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_all_workers_serve_and_one_that_is_killed_is_replaced(
    terminal: Terminal, site: Path, port: int
) -> None:
    """`kill -9` of a worker: the others serve on, and the parent puts another in its place."""
    with workers(terminal, port, 3) as process:
        before = children(process)
        assert len(before) == 3
        crowd = Crowd(port)
        asking = asyncio.create_task(crowd.ask(20, 1_000_000))
        await crowd.until(200)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        served = crowd.served
        await crowd.until(served + 500)
        until(lambda: len(children(process)) == 3)
        crowd.ended.set()
        await asking
        assert killed not in children(process)
        assert set(crowd.statuses) == {200}
        # What was under way in the one that was killed is lost with it, and nothing else.
        assert len(crowd.failures) <= 20
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize("count", [1, 2])
async def test_a_stop_under_load_loses_no_request_that_was_accepted(
    terminal: Terminal, site: Path, port: int, count: int
) -> None:
    """P9: they are served to the last; who comes after the close is refused."""
    delay = {"WIXPROXY__SERVER__DRAIN_DELAY_SECONDS": "0.5"}
    with workers(terminal, port, count, **delay) as process:
        crowd = Crowd(port)
        asking = asyncio.create_task(crowd.ask(50, 1_000_000))
        await crowd.until(3_000)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(asking, SECONDS)
        assert await asyncio.to_thread(process.wait, SECONDS) == 0
    assert crowd.failures == []
    assert set(crowd.statuses) == {200}
    assert crowd.refused == 50


@pytest.mark.parametrize("count", [1, 2])
async def test_the_configuration_is_read_again_under_load_and_no_request_fails(
    terminal: Terminal, site: Path, port: int, count: int
) -> None:
    """P7; a file that is broken in between changes nothing."""
    file = terminal.folder / "wixproxy.toml"
    other = terminal.folder / "other"
    other.mkdir()
    (other / "index.html").write_text("<h1>Our new shop</h1>")
    del terminal.variables["WIXPROXY__LOG__LEVEL"]
    file.write_text("[log]\nlevel = 'warning'\n[upstream]\nroot = 'dist'\n")
    with workers(terminal, port, count, frontend=()) as process:
        crowd = Crowd(port)
        asking = asyncio.create_task(crowd.ask(20, 1_000_000))
        for text in ("[upstream]\nroot = 'nowhere'\n", "[upstream]\nroot = 'other'\n"):
            await crowd.until(crowd.served + 500)
            file.write_text("[log]\nlevel = 'warning'\n" + text)
            process.send_signal(signal.SIGHUP)
        await crowd.until(crowd.served + 500)
        for _ in range(1_000):
            if page(port) == b"<h1>Our new shop</h1>":
                break
            await asyncio.sleep(0.02)
        assert page(port) == b"<h1>Our new shop</h1>"
        crowd.ended.set()
        await asking
        process.send_signal(signal.SIGINT)
        _, errors = await asyncio.to_thread(process.communicate, timeout=SECONDS)
    assert crowd.failures == []
    assert set(crowd.statuses) == {200}
    assert errors.count("the configuration cannot be used") == count
    assert "upstream.root" in errors


def page(port: int) -> bytes:
    with urllib.request.urlopen(f"http://localhost:{port}/") as answer:
        return bytes(answer.read())


def test_nobody_is_left_behind_when_the_parent_is_killed(
    terminal: Terminal, site: Path, port: int
) -> None:
    """P17."""
    with workers(terminal, port) as process:
        left = children(process)
        process.kill()
        process.wait(SECONDS)
        until(lambda: not any(map(is_alive, left)))


def test_a_second_signal_means_now(terminal: Terminal, site: Path, port: int) -> None:
    delay = {"WIXPROXY__SERVER__DRAIN_DELAY_SECONDS": "600"}
    with workers(terminal, port, **delay) as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


def test_what_stops_one_worker_at_its_start_stops_all(
    terminal: Terminal, site: Path, port: int
) -> None:
    """A file of events that is none is found by the workers, not by the configuration."""
    broken = terminal.folder / "events.sqlite3"
    broken.write_bytes(b"this is no database at all, and much too long to be an empty one" * 20)
    terminal.variables["WIXPROXY__SITE__EXTENSIONS__STATE_FILE"] = str(broken)
    (terminal.folder / "wixproxy.toml").write_text(
        "[upstream]\nurl = 'http://127.0.0.1:9'\n"
        "[[site.extensions.webhooks]]\nid = 'hook'\npath = '/hook'\n"
    )
    terminal.variables["WIX_CLIENT_PUBLIC_KEY"] = PUBLIC_KEY
    done = terminal.run("serve", "--port", str(port), "--workers", "2")
    assert done.returncode == 2
    assert "site.extensions.state_file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param(
            {"WIXPROXY__SESSION__STORE": "memory"}, "sessions of its own", id="memory store"
        ),
        pytest.param({"WIXPROXY__EMULATOR__ENABLED": "true"}, "only one Wix", id="emulator"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_the_reason(
    terminal: Terminal, site: Path, port: int, variables: dict[str, str], reason: str
) -> None:
    terminal.variables.update(variables)
    done = terminal.run("serve", "--root", "dist", "--port", str(port), "--workers", "2")
    assert done.returncode == 2
    assert done.stderr.startswith("server.workers")
    assert reason in done.stderr


BEGINNING = """
import time
from wixproxy.workers import Workers

def begin(place):
    print("begun", flush=True)
    time.sleep(60)

raise SystemExit(Workers(1, begin, print, lambda: None, 60).run())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_is_stopped_before_it_serves_has_not_failed(number: signal.Signals) -> None:
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", BEGINNING], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
