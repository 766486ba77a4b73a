"""`wixproxy emulator` as a process of its own."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess

import pytest

from tests.commands.terminal import Terminal, free_port


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return what the ready block says, by its first words."""
    assert process.stdout is not None
    address = process.stdout.readline().strip().rpartition(" ")[2]
    said = {"address": address}
    while "admin" not in said:
        line = process.stdout.readline()
        assert line, "the emulator ended before it was ready"
        said[line[2:13].strip()] = line[13:].strip()
    return said


def post(address: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def mint(said: dict[str, str]) -> int:
    """Return the status of a visitor's first tokens."""
    body = {"clientId": said["client id"], "grantType": "anonymous"}
    return post(said["address"], "/oauth2/token", body)[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_it_answers_as_wix_until_told_to_stop(terminal: Terminal, number: signal.Signals) -> None:
    with terminal.running("emulator", "--port", "0") as process:
        said = ready(process)
        status = mint(said)
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert said["member"] == "ada@example.test, password ada-password"
    assert status == 200
    assert (process.returncode, errors) == (0, "")


def test_the_administration_is_where_it_says(terminal: Terminal) -> None:
    with terminal.running("emulator", "--port", "0") as process:
        said = ready(process)
        admin = said["admin"].split()[0]
        assert admin.startswith(said["address"])
        status, _ = post(said["address"], admin.removeprefix(said["address"]) + "reset", {})
    assert status == 200


def test_a_port_that_was_asked_for_is_taken_or_nothing(terminal: Terminal) -> None:
    port = free_port()
    with terminal.running("emulator", "--port", str(port)) as process:
        assert ready(process)["address"] == f"http://127.0.0.1:{port}"


def test_a_taken_port_is_told_with_its_holder(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = terminal.run("emulator", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} of 127.0.0.1 is taken: ")


def test_an_address_of_another_machine_is_refused(terminal: Terminal) -> None:
    done = terminal.run("emulator", "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot listen on 192.0.2.1, port 0: Cannot assign requested")


def test_another_seed_is_another_project(terminal: Terminal) -> None:
    seen = []
    for words in ([], [], ["--seed", "elsewhere"]):
        with terminal.running("emulator", "--port", "0", *words) as process:
            seen.append(ready(process)["client id"])
    assert seen[0] == seen[1] != seen[2]


def test_the_data_are_those_of_the_file(terminal: Terminal) -> None:
    member = {"email": "eve@example.test", "password": "eve-password"}
    (terminal.folder / "site.json").write_text(json.dumps({"members": [member]}))
    with terminal.running("emulator", "--port", "0", "--data", "site.json") as process:
        assert ready(process)["member"] == "eve@example.test, password eve-password"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        pytest.param("site.json", "{", "site.json: ", id="no JSON"),
        pytest.param("site.yaml", "", "expected a file name", id="another kind of file"),
        pytest.param("site.json", '{"member": []}', "member", id="an unknown table"),
    ],
)
def test_data_that_cannot_be_used_are_told_by_name(
    terminal: Terminal, name: str, text: str, problem: str
) -> None:
    (terminal.folder / name).write_text(text)
    done = terminal.run("emulator", "--data", name)
    assert done.returncode == 2
    assert done.stderr.startswith("emulator.data: ")
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_a_public_url_is_what_browsers_are_told(terminal: Terminal) -> None:
    words = ("emulator", "--port", "0", "--public-url", "http://wix.example:9000")
    with terminal.running(*words) as process:
        assert ready(process)["address"] == "http://wix.example:9000"
