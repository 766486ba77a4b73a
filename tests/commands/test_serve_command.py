"""`wixproxy serve -- COMMAND`: the frontend's command is started, found, shown and ended."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

import pytest

from tests.commands.conftest import Run
from tests.commands.terminal import Terminal, free_port
from tests.stage import FETCH, NAVIGATION
from wixproxy.sansio.keyring import Key

SECONDS = 20
# A frontend that shows which variables it got, in a process of its own below a shell.
FRONTEND = """
import http.server, json, os, sys, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ours = {name: text for name, text in os.environ.items() if 'WIX' in name}
        body = json.dumps({'pid': os.getpid(), 'variables': ours}).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):
    time.sleep(0.02)
server = http.server.ThreadingHTTPServer(('localhost', int(sys.argv[1])), Page)
print(f'  Local:   http://localhost:{sys.argv[1]}/', flush=True)
server.serve_forever()
"""


@pytest.fixture
def command(terminal: Terminal) -> list[str]:
    """Return a command that serves a page, as npm's scripts do."""
    (terminal.folder / "frontend.py").write_text(FRONTEND)
    return ["sh", "-c", f'{sys.executable} frontend.py "$@"; exit $?', "frontend"]


@contextmanager
def serving(terminal: Terminal, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `wixproxy serve` beside the test; yield it with its port, once it listens."""
    port = free_port()
    terminal.variables["WIXPROXY__EMULATOR__PORT"] = "0"
    with terminal.running("serve", "--port", str(port), *words) as process:
        assert process.stdout is not None
        until_line(process.stdout, f"wixproxy is ready at http://localhost:{port}")
        yield process, port


def until_line(stream: IO[str], start: str) -> str:
    """Read until a line that begins so; return it."""
    seen = []
    for line in stream:
        if line.startswith(start):
            return line
        seen.append(line)
    raise AssertionError(f"no line begins with {start!r}: {seen}")


def ask(
    port: int, path: str, headers: Mapping[str, str] = NAVIGATION
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("localhost", port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def until_ready(port: int) -> None:
    until = time.monotonic() + SECONDS
    while ask(port, "/_wix/readyz")[0].status != 200:
        assert time.monotonic() < until
        time.sleep(0.05)


def until_gone(process: int) -> None:
    until = time.monotonic() + SECONDS
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < until
        time.sleep(0.05)


def test_it_is_served_and_ends_with_the_proxy(terminal: Terminal, command: list[str]) -> None:
    words = ("--emulator", "--", *command, str(free_port()))
    with serving(terminal, *words) as (process, port):
        until_ready(port)
        _, page = ask(port, "/")
        process.send_signal(signal.SIGINT)
        shown, logged = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert "  Local:   http://localhost:" in shown
    assert "Traceback" not in logged
    until_gone(json.loads(page)["pid"])


def test_it_is_told_where_the_proxy_is_and_how_its_server_code_calls_back(
    terminal: Terminal, command: list[str]
) -> None:
    terminal.variables["WIXPROXY__SESSION__KEYS"] = key = Key.generate().to_text().reveal()
    words = ("--emulator", "--", *command, str(free_port()))
    with serving(terminal, *words) as (_, port):
        until_ready(port)
        _, page = ask(port, "/")
        told = json.loads(page)["variables"]
        backend = told["WIXPROXY_BACKEND_URL"].removeprefix("http://127.0.0.1:")
        headers = {
            "X-Wixproxy-Backend": told["WIXPROXY_BACKEND_SECRET"],
            "X-Wixproxy-As": "visitor",
        }
        path = "/_wix/api/stores/v3/products/count"
        answered, _ = ask(int(backend), path, headers)
        refused, _ = ask(int(backend), path, {**headers, "X-Wixproxy-Backend": "guessed"})
    assert told.keys() == {"WIXPROXY_URL", "WIXPROXY_BACKEND_URL", "WIXPROXY_BACKEND_SECRET"}
    assert told["WIXPROXY_URL"] == f"http://localhost:{port}"
    assert (answered.status, refused.status) == (200, 401)
    assert key.encode() not in page


def test_until_it_listens_a_page_waits_and_everything_else_works(
    terminal: Terminal, command: list[str]
) -> None:
    ready = terminal.folder / "ready"
    words = ("--emulator", "--", *command, str(free_port()), ready.name)
    with serving(terminal, *words) as (_, port):
        page, body = ask(port, "/cart")
        script, problem = ask(port, "/data", FETCH)
        call, _ = ask(port, "/_wix/api/stores/v3/products/count", FETCH)
        unready, why = ask(port, "/_wix/readyz")
        ready.touch()
        until_ready(port)
        served, _ = ask(port, "/cart")
    assert (page.status, page.headers["Retry-After"]) == (503, "1")
    assert "The frontend is starting" in body.decode()
    assert page.headers["Cache-Control"] == "no-store"
    assert script.status == 503
    assert json.loads(problem)["code"] == "frontend_starting"
    assert call.status == 200
    assert (unready.status, json.loads(why)["reason"]) == (
        503,
        "the frontend's command has not taken a connection yet",
    )
    assert served.status == 200


def test_where_it_listens_can_be_said(terminal: Terminal, command: list[str]) -> None:
    ready, frontend = terminal.folder / "ready", free_port()
    upstream = f"http://localhost:{frontend}"
    words = ("--emulator", "--upstream", upstream, "--", *command, str(frontend), ready.name)
    with serving(terminal, *words) as (_, port):
        page, body = ask(port, "/")
        ready.touch()
        until_ready(port)
        served, _ = ask(port, "/")
    assert page.status == 503
    assert f"Nothing is listening at {upstream}" in body.decode()
    assert served.status == 200


@pytest.mark.parametrize("code", [0, 3])
def test_when_it_ends_the_proxy_ends_with_its_code(terminal: Terminal, code: int) -> None:
    ends = f"print('last words'); raise SystemExit({code})"
    done = terminal.run(
        *("serve", "--emulator", "--port", str(free_port()), "--", sys.executable, "-c", ends)
    )
    assert done.returncode == code
    assert "last words\n" in done.stdout
    assert f"the frontend's command ended with exit code {code}\n" in done.stderr


def test_when_the_proxy_is_killed_it_ends(terminal: Terminal, command: list[str]) -> None:
    words = ("--emulator", "--", *command, str(free_port()))
    with serving(terminal, *words) as (process, port):
        until_ready(port)
        _, page = ask(port, "/")
        process.kill()
        until_gone(json.loads(page)["pid"])


def test_it_is_not_started_when_the_proxys_port_is_taken(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = terminal.run("serve", "--emulator", "--port", port, "--", "touch", "started")
    assert done.returncode == 1
    assert f"Port {port} of localhost is taken" in done.stderr
    assert not (terminal.folder / "started").exists()


@pytest.mark.parametrize("name", ["serve", "check"])
def test_a_command_that_does_not_exist_is_a_problem_of_the_configuration(
    run: Run, name: str
) -> None:
    shown = run(name, "--emulator", "--", "nmp", "run", "dev")
    assert shown.exit_code == 2
    assert shown.stderr == (
        "upstream.command (from the command line): expected a program, found none called 'nmp' "
        "on the PATH. Is it spelled right, and installed?\n"
    )


def test_a_command_and_its_backend_listener_can_be_configured(
    terminal: Terminal, command: list[str]
) -> None:
    words = json.dumps([*command, str(free_port())])
    listen, secret = f"unix:{terminal.folder}/backend.sock", "s3cret-of-more-than-thirty-two-signs"
    (terminal.folder / "wixproxy.toml").write_text(
        f'[upstream]\ncommand = {words}\n[backend]\nlisten = "{listen}"\nsecret = "{secret}"\n'
    )
    with serving(terminal, "--emulator") as (_, port):
        until_ready(port)
        _, page = ask(port, "/")
    told = json.loads(page)["variables"]
    assert told["WIXPROXY_BACKEND_URL"] == listen
    assert told["WIXPROXY_BACKEND_SECRET"] == secret
