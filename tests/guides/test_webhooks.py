"""The guide to events, followed to the letter: its files, its commands, and what they print."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.commands.terminal import free_port
from tests.config.conftest import PUBLIC_KEY
from tests.guides.blocks import Block, blocks, write_files
from tests.modules import ROOT
from tests.requirements import require
from wixproxy.cli import main
from wixproxy.config import load
from wixproxy.extensions.deliverer import DelivererOptions
from wixproxy.sansio.deliveries import GIVE_UP_SECONDS
from wixproxy.sansio.webhook import Event, delivery

GUIDE = "webhooks.md"
TEXT = (ROOT / "docs" / GUIDE).read_text("utf-8")
BLOCKS = blocks(GUIDE)
COMMANDS = [
    (at, block) for at, block in enumerate(BLOCKS) if block.text.startswith("wixproxy event")
]
SECONDS = 60
# What differs from one time to the next: ids, numbers of events, moments, waits, attempts.
VARYING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "GUID"),
    (re.compile(r"\b\d{13}\b"), "NUMBER"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "MOMENT"),
    (re.compile(r"\b(now|in \d+ s)\b"), "SOON"),
    (re.compile(r"\b\d+ attempts?\b"), "SOME ATTEMPTS"),
    (re.compile(r"http://localhost:\d+"), "FRONTEND"),
)


@dataclass
class Reader:
    """Somebody who does what the guide says, on ports that are free here."""

    folder: Path
    variables: dict[str, str]
    frontend_port: int
    proxy_port: int
    printed: dict[int, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def follow(self) -> None:
        """Write the files, start both programs, and run every command in its order."""
        write_files(GUIDE, self.folder)
        self._give_secret()
        server = self._start("node server.mjs", self.frontend_port)
        self._start("wixproxy serve --emulator", self.proxy_port)
        for at, block in COMMANDS:
            if "--id order-2" in block.text:
                server.terminate()
                server.wait(SECONDS)
            if block.text.startswith("wixproxy event replay"):
                self._start("node server.mjs", self.frontend_port)
            self.printed[at] = self._run(block.text)
            # Somebody who looks in the very moment of an attempt looks again.
            while re.search("^Under way|has it just now", self.printed[at], re.MULTILINE):
                self.printed[at] = self._run(block.text)

    def end(self) -> None:
        """Stop what runs."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(SECONDS)

    def log(self) -> str:
        """Return what both programs printed."""
        return (self.folder / "log").read_text("utf-8")

    def _give_secret(self) -> None:
        (line,) = [block.text for block in BLOCKS if block.text.startswith("export ")]
        found = re.fullmatch(r"export (\w+)=\$\(wixproxy (.+)\)\n", line)
        assert found is not None
        self.variables[found[1]] = self._run(f"wixproxy {found[2]}").splitlines()[0]

    def _run(self, line: str) -> str:
        """Run a command of wixproxy as the shell would, and return what it printed."""
        program, *words = shlex.split(line)
        assert program == "wixproxy"
        result = CliRunner().invoke(main, words, env=self.variables, prog_name=program)
        assert not isinstance(result.exception, Exception), result.exception
        return result.output

    def _start(self, line: str, port: int) -> subprocess.Popen[bytes]:
        """Start a program that the guide starts, and return once it listens."""
        assert [block for block in BLOCKS if block.text == f"{line}\n"]
        words = shlex.split(line)
        if words[0] == "wixproxy":
            words[:1] = [sys.executable, "-m", "wixproxy"]
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(  # noqa: S603 - what the guide says
                words,
                cwd=self.folder,
                env={**self.variables, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        until = time.monotonic() + SECONDS
        while not _listens(port):
            assert process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.02)
        return process


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    require(shutil.which("node"), "Node.js")
    folder = tmp_path_factory.mktemp("guide")
    frontend, proxy, backend = free_port(), free_port(), free_port()
    variables = {
        "PORT": str(frontend),
        "WIXPROXY_BACKEND_URL": f"http://127.0.0.1:{backend}",
        "WIXPROXY__UPSTREAM__URL": f"http://localhost:{frontend}",
        "WIXPROXY__SERVER__PORT": str(proxy),
        "WIXPROXY__BACKEND__LISTEN": f"127.0.0.1:{backend}",
        "WIXPROXY__EMULATOR__PORT": str(free_port()),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    reader = Reader(folder, variables, frontend, proxy)
    before = Path.cwd()
    os.chdir(folder)
    try:
        reader.follow()
        yield reader
    finally:
        os.chdir(before)
        reader.end()


def steady(text: str) -> str:
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text


def shown_behind(at: int) -> str | None:
    """Return the output that the guide shows behind a command, None where it shows none."""
    following = BLOCKS[at + 1] if at + 1 < len(BLOCKS) else Block("", None, "")
    return following.text if following.language == "text" else None


@pytest.mark.parametrize(
    "at",
    [pytest.param(at, id=block.text.strip()) for at, block in COMMANDS if shown_behind(at)],
)
def test_a_command_prints_what_the_guide_shows(reader: Reader, at: int) -> None:
    assert steady(reader.printed[at]) == steady(shown_behind(at) or "")


def test_every_output_stands_behind_its_command() -> None:
    outputs = [block for block in BLOCKS if block.language == "text"]
    assert len(outputs) == len([at for at, _ in COMMANDS if shown_behind(at)]) > 6


def test_the_server_of_the_guide_prints_the_order_once_for_each_event(reader: Reader) -> None:
    (line,) = re.findall(r"prints `(Small Hours: [^`]+)`", TEXT)
    until = time.monotonic() + SECONDS
    # The sample, the event that was sent twice, and the one that waited for the server.
    while reader.log().count(f"{line}\n") < 3:
        assert time.monotonic() < until, reader.log()
        time.sleep(0.02)
    assert reader.log().count(f"{line}\n") == 3


def test_a_browser_does_not_reach_the_handlers(reader: Reader) -> None:
    for path in ("/hooks/orders", "/plugins/shipping/v1/getRates"):
        connection = http.client.HTTPConnection("localhost", reader.proxy_port, timeout=SECONDS)
        connection.request("POST", path, "{}", {"Sec-Fetch-Site": "same-origin"})
        assert connection.getresponse().status == 404
        connection.close()


def test_the_guide_names_every_header_of_an_event() -> None:
    event = Event("e", "t", "created", "fqdn", "created", "entity", 1, "instance")
    fields = {name.decode() for name, _ in delivery(event)[0]}
    table = re.findall(r"^\| (`X-Wix-[^|]+)\|", TEXT, re.MULTILINE)
    named = {name for cell in table for name in re.findall(r"`([^`]+)`", cell)}
    assert named == fields | {"X-Wix-Event-Attempt", "X-Wix-Event-Late"}


def test_the_times_of_the_guide_are_those_of_the_proxy() -> None:
    options = DelivererOptions()
    waits = [options.pace.next_at(attempts, 0, 0, 0) for attempts in (1, 2, 3)]
    assert f"within {options.handler_seconds:.0f} seconds" in TEXT
    assert "after {:.0f} s, {:.0f} s, {:.0f} s".format(*waits) in TEXT
    assert (options.pace.most_seconds, GIVE_UP_SECONDS) == (3_600, 2 * 86_400)
    assert options.kept_seconds == 7 * 86_400


def test_the_configuration_for_a_pod_without_a_disk_can_be_used(tmp_path: Path) -> None:
    through, whole = sorted((block.text for block in BLOCKS if block.language == "toml"), key=len)
    (tmp_path / "wixproxy.toml").write_text(whole + through)
    environment = {
        "WIX_CLIENT_ID": "12345678-90ab-cdef-1234-567890abcdef",
        "WIX_CLIENT_PUBLIC_KEY": PUBLIC_KEY,
        "WIXPROXY_BACKEND_SECRET": "a secret of more than forty characters 1234".replace(" ", "-"),
    }
    assert load({}, environment, tmp_path).site.extensions.webhooks_mode == "through"
