"""`wixproxy healthcheck`, against servers that are alive, ill, silent and absent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.commands.conftest import Run
from tests.commands.terminal import Terminal, free_port
from wixproxy.commands.healthcheck import unhealthy


@contextmanager
def answering(
    answer: bytes | None, address: str = "127.0.0.1"
) -> Iterator[tuple[int, list[bytes]]]:
    """Answer one connection with these bytes; with None keep it waiting."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    asked: list[bytes] = []
    over = threading.Event()

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            asked.append(client.recv(65_536))
            if answer is None:
                over.wait()
            else:
                client.sendall(answer)

    with socket.create_server((address, 0), family=family) as listener:
        server = threading.Thread(target=serve)
        server.start()
        try:
            yield listener.getsockname()[1], asked
        finally:
            over.set()
            server.join()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_server_that_answers_200_is_alive(run: Run) -> None:
    with answering(OK) as (port, asked):
        shown = run("healthcheck", "--port", str(port))
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, "alive\n", "")
    assert asked[0].startswith(b"GET /_wix/healthz HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "answered 503, expected 200",
            id="ill",
        ),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "answered 302, expected 200",
            id="leading elsewhere",
        ),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", "does not answer: ", id="no web server"),
        pytest.param(b"", "does not answer: ", id="closing at once"),
    ],
)
def test_any_other_answer_is_a_reason(run: Run, answer: bytes, reason: str) -> None:
    with answering(answer) as (port, _):
        shown = run("healthcheck", "--port", str(port))
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith(f"The proxy at 127.0.0.1, port {port}, {reason}")


def test_a_silent_server_is_not_waited_for() -> None:
    with answering(None) as (port, _):
        reason = unhealthy("127.0.0.1", port, timeout_seconds=0.05)
    assert reason == f"The proxy at 127.0.0.1, port {port}, did not answer within 0.05 seconds."


def test_nobody_on_the_port_is_a_reason(run: Run) -> None:
    port = free_port()
    shown = run("healthcheck", "--port", str(port))
    assert shown.exit_code == 1
    assert shown.stderr.startswith(
        f"The proxy at 127.0.0.1, port {port}, does not answer: Connection refused."
    )


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("0.0.0.0", "127.0.0.1", id="listening on every IPv4 address"),  # noqa: S104
        pytest.param("::", "::1", id="listening on every IPv6 address"),
        pytest.param("localhost", "127.0.0.1", id="listening on both loopbacks"),
        pytest.param("127.0.0.1", "127.0.0.1", id="listening on one address"),
    ],
)
def test_the_port_and_host_are_those_of_the_configuration(
    run: Run, host: str, address: str
) -> None:
    with answering(OK, address) as (port, _):
        shown = run("healthcheck", WIXPROXY__SERVER__PORT=str(port), WIXPROXY__SERVER__HOST=host)
    assert shown.exit_code == 0


def test_an_outbound_proxy_is_not_asked(run: Run) -> None:
    with answering(OK) as (port, _):
        shown = run(
            "healthcheck", "--port", str(port), http_proxy=f"http://127.0.0.1:{free_port()}"
        )
    assert shown.exit_code == 0


def test_a_configuration_that_cannot_be_read_is_exit_1_because_docker_keeps_2(run: Run) -> None:
    shown = run("healthcheck", WIXPROXY__SERVER__PORT="many")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("server.port (from environment variable WIXPROXY__SERVER__PORT)")


def test_a_problem_outside_the_server_table_does_not_count(run: Run) -> None:
    with answering(OK) as (port, _):
        shown = run("healthcheck", "--port", str(port), WIXPROXY__SESSION__STORE="redi")
    assert shown.exit_code == 0


def test_the_exit_code_reaches_the_shell(terminal: Terminal) -> None:
    assert terminal.run("healthcheck", "--port", str(free_port())).returncode == 1
