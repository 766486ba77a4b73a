"""`wixproxy serve` as a process: it starts, answers, stops, and says why it cannot."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.commands.terminal import Terminal, free_port

UNKNOWN_ADDRESS = "192.0.2.1"  # RFC 5737: belongs to nobody


def ready(process: subprocess.Popen[str], first: str) -> list[str]:
    """Return the lines of the ready block, of which the last begins with "  trusts"."""
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    assert lines[0].startswith(first), process.stderr.read() if process.stderr else ""
    while not lines[-1].startswith("  trusts"):
        lines.append(process.stdout.readline())
    return lines


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def site(terminal: Terminal) -> Path:
    """Give a folder of built files."""
    folder = terminal.folder / "dist"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>Our shop</h1>")
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_it_serves_until_told_to_stop(
    terminal: Terminal, site: Path, number: signal.Signals
) -> None:
    port = free_port()
    with terminal.running("serve", "--emulator", "--root", "dist", "--port", str(port)) as process:
        ready(process, f"wixproxy is ready at http://localhost:{port}")
        page = get(port, "/")
        alive = terminal.run("healthcheck", "--port", str(port))
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert page == (200, b"<h1>Our shop</h1>")
    assert alive.returncode == 0
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_without_a_frontend_the_emulator_brings_a_shop(terminal: Terminal) -> None:
    port = free_port()
    with terminal.running("serve", "--emulator", "--port", str(port)) as process:
        ready(process, f"wixproxy is ready at http://localhost:{port}")
        status, page = get(port, "/")
    assert status == 200
    assert b"<html" in page


def test_beside_a_frontend_it_says_where_both_are(terminal: Terminal) -> None:
    port, frontend = free_port(), "http://localhost:5173"
    words = ("serve", "--emulator", "--api-only", "--public-url", frontend, "--port", str(port))
    with terminal.running(*words) as process:
        lines = ready(process, f"wixproxy is ready at http://localhost:{port}")
        status, problem = get(port, "/")
    assert f"  frontend   beside it at {frontend}, which sends paths below /_wix/ here\n" in lines
    assert status == 404
    assert json.loads(problem)["public_url"] == frontend


def test_a_development_key_is_made_once_and_kept(terminal: Terminal, site: Path) -> None:
    made = []
    for _ in range(2):
        port = free_port()
        words = ("serve", "--emulator", "--root", "dist", "--port", str(port))
        with terminal.running(*words) as process:
            ready(process, "wixproxy is ready")
        made.append((terminal.folder / "state" / "wixproxy" / "session.key").read_text())
    assert made[0] == made[1] != ""


def test_a_taken_port_is_told_with_its_holder(terminal: Terminal, site: Path) -> None:
    words = ("serve", "--emulator", "--root", "dist", "--host", "localhost", "--port")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = terminal.run(*words, str(port))
    assert done.returncode == 1
    assert re.fullmatch(
        rf"Port {port} of localhost is taken: .+ \(pid {os.getpid()}\) listens there\. "
        r"Stop it, or choose another port with --port\.\n",
        done.stderr,
    )


def test_the_emulators_port_is_told_apart(terminal: Terminal, site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        terminal.variables["WIXPROXY__EMULATOR__PORT"] = str(port)
        done = terminal.run("serve", "--emulator", "--root", "dist", "--port", str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} of 127.0.0.1 is taken: ")
    assert done.stderr.endswith("Stop it, or choose another port with emulator.port.\n")


def test_an_emulator_on_an_address_of_another_machine_is_told_apart(
    terminal: Terminal, site: Path
) -> None:
    terminal.variables["WIXPROXY__EMULATOR__HOST"] = UNKNOWN_ADDRESS
    done = terminal.run("serve", "--emulator", "--root", "dist", "--port", str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot listen on {UNKNOWN_ADDRESS}, port 4331: Cannot")
    assert "emulator.host" in done.stderr


def test_an_address_of_another_machine_is_refused(terminal: Terminal, site: Path) -> None:
    done = terminal.run("serve", "--emulator", "--root", "dist", "--host", UNKNOWN_ADDRESS)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot listen on {UNKNOWN_ADDRESS}, port 4321: Cannot")
    assert "--host" in done.stderr


def test_a_bad_configuration_ends_it_before_it_listens(terminal: Terminal) -> None:
    done = terminal.run("serve", "--root", "absent", "--port", "0")
    assert done.returncode == 2
    assert {line.partition(" ")[0].rstrip(":") for line in done.stderr.splitlines()} == {
        "server.port",
        "site.client_id",
        "upstream.root",
    }


def test_data_that_cannot_be_used_is_a_configuration_problem(
    terminal: Terminal, site: Path
) -> None:
    (terminal.folder / "shop.json").write_text(json.dumps({"members": [{"email": "nobody"}]}))
    done = terminal.run(
        "serve", "--emulator", "--root", "dist", "--data", "shop.json", "--port", str(free_port())
    )
    assert done.returncode == 2
    assert done.stderr.startswith("emulator.data: ")


@pytest.mark.parametrize(
    ("written_as", "first"),
    [pytest.param("json", "{", id="JSON"), pytest.param("text", "0123456789", id="text")],
)
def test_requests_are_logged_to_stderr(
    terminal: Terminal, site: Path, written_as: str, first: str
) -> None:
    port = free_port()
    terminal.variables["WIXPROXY__LOG__FORMAT"] = written_as
    with terminal.running("serve", "--emulator", "--root", "dist", "--port", str(port)) as process:
        ready(process, "wixproxy is ready")
        get(port, "/?code=canary")
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=20)
    line = next(line for line in logged.splitlines() if "GET / 200" in line)
    assert line[0] in first
    assert "canary" not in logged
