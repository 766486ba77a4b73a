"""The frontend's command as a process: what it says, how it ends, and that it never outlives us."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.terminal import REPOSITORY, free_port
from tests.requirements import require
from wixproxy.errors import FrontendStarting
from wixproxy.frontend.child import Child, environment

SECONDS = 20
Start = Callable[..., Awaitable[Child]]

SAYS = r"""
import sys
sys.stdout.buffer.write(b'\x1b[32mgreen\x1b[0m 50%\r100%\n\xff'); sys.stdout.flush()
sys.stderr.write('and an error\n')
"""
# A server of its own, whose worker is a process of its own, as npm's scripts are.
FAMILY = """
import subprocess, sys, time
code = 'import signal, time; {ignore}; print("up", flush=True); time.sleep(99)'
worker = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE)
worker.stdout.readline()
print('pid', worker.pid, flush=True)
{ignore}
time.sleep(99)
"""
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
# What serves: prints a line (or nothing), then listens on the ports.
SERVER = """
import socket, sys, time
opened = [socket.create_server(('127.0.0.1', int(port))) for port in sys.argv[2:]]
print(sys.argv[1], flush=True)
time.sleep(99)
"""
# A primary that holds the port, and a worker that answers there.
CLUSTER = """
const cluster = require('node:cluster');
if (cluster.isPrimary) {
  console.log('pid', cluster.fork().process.pid);
} else {
  const server = require('node:http').createServer((_, answer) => answer.end('page'));
  server.listen(0, '127.0.0.1', () => {
    const {port} = server.address();
    console.log(SAYS);
  });
}
"""
# Another wixproxy, as far as its child can tell.
OWNER = """
import asyncio, os, sys
from wixproxy.frontend.child import Child
async def own():
    await Child.start([sys.executable, '-c', sys.argv[1]], os.environ)
    await asyncio.sleep(99)
asyncio.run(own())
"""


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a Python program as the command; it ends with the test."""
    started: list[Child] = []

    async def starting(code: str, *words: str, **options: Any) -> Child:
        command = [sys.executable, "-c", code, *words]
        child = await Child.start(command, os.environ, **options)
        started.append(child)
        return child

    yield starting
    for child in started:
        await child.stop()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        # Another process decides when; there is no event of ours to wait for.
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def pid_in(out: io.BytesIO) -> int:
    """Return the number behind "pid", 0 where it is not there yet."""
    words = out.getvalue().split()
    return int(words[words.index(b"pid") + 1]) if b"pid" in words else 0


async def test_its_output_is_shown_byte_for_byte(start: Start) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    child = await start(SAYS, out=out, err=err)
    assert await child.ended() == 0
    assert out.getvalue() == b"\x1b[32mgreen\x1b[0m 50%\r100%\n\xff"
    assert err.getvalue() == b"and an error\n"


async def test_output_that_nobody_takes_stops_nothing(start: Start) -> None:
    out = io.BytesIO()
    out.close()
    assert await (await start(SAYS, out=out, err=io.BytesIO())).ended() == 0


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("raise SystemExit(0)", 0, id="by itself"),
        pytest.param("raise SystemExit(3)", 3, id="with a failure"),
        pytest.param("import os; os.kill(os.getpid(), 9)", 137, id="by a signal"),
    ],
)
async def test_its_exit_code_is_that_of_a_shell(start: Start, code: str, status: int) -> None:
    assert await (await start(code)).ended() == status


async def test_a_program_that_is_not_there_is_told_as_a_shell_tells_it() -> None:
    err = io.BytesIO()
    child = await Child.start(["nosuchprogram"], os.environ, err=err)
    assert await child.stop() == 127
    assert err.getvalue() == b"nosuchprogram: No such file or directory\n"


async def test_a_file_that_is_no_program_is_told_as_a_shell_tells_it(tmp_path: Path) -> None:
    err = io.BytesIO()
    child = await Child.start([str(tmp_path)], os.environ, err=err)
    assert await child.stop() == 126
    assert err.getvalue().endswith(b"Permission denied\n")


@pytest.mark.parametrize("ignore", ["", IGNORES_SIGTERM], ids=["willing", "deaf to SIGTERM"])
async def test_it_is_stopped_with_all_that_it_started(start: Start, ignore: str) -> None:
    out = io.BytesIO()
    child = await start(FAMILY.format(ignore=ignore), out=out, term_seconds=0.5)
    await until(lambda: pid_in(out))
    assert await child.stop() == 128 + (signal.SIGKILL if ignore else signal.SIGTERM)
    assert not is_there(pid_in(out))


async def test_who_asks_again_does_not_wait_for_one_that_is_deaf(start: Start) -> None:
    out = io.BytesIO()
    child = await start(FAMILY.format(ignore=IGNORES_SIGTERM), out=out, term_seconds=600)
    await until(lambda: pid_in(out))
    stopping = asyncio.create_task(child.stop())
    async with asyncio.timeout(SECONDS):
        while not stopping.done():
            child.hurry()
            await asyncio.wait([stopping], timeout=0.1)
    assert await stopping == 128 + signal.SIGKILL


async def test_what_it_leaves_behind_when_it_ends_is_ended(start: Start) -> None:
    leaves = FAMILY.format(ignore="").replace("time.sleep(99)\n", "raise SystemExit(5)\n")
    assert "SystemExit" in leaves
    out = io.BytesIO()
    assert await (await start(leaves, out=out)).ended() == 5
    assert not is_there(pid_in(out))


@pytest.mark.parametrize("ignore", ["", IGNORES_SIGTERM], ids=["willing", "deaf to SIGTERM"])
async def test_it_ends_when_its_owner_is_killed(ignore: str) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER.replace("os.environ)", "os.environ, term_seconds=0.5)")),
        FAMILY.format(ignore=ignore),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    said = await asyncio.wait_for(owner.stdout.readline(), SECONDS)
    worker = int(said.split()[1])
    assert is_there(worker)
    owner.kill()
    await owner.wait()
    await until(lambda: not is_there(worker))


async def test_a_server_that_ends_with_its_input_goes_on(start: Start) -> None:
    out = io.BytesIO()
    reads = "import sys; print('began', flush=True); sys.stdin.read(); print('ended', flush=True)"
    child = await start(reads, out=out)
    await until(lambda: b"began" in out.getvalue())
    await asyncio.sleep(0.1)
    assert b"ended" not in out.getvalue()
    await child.stop()


async def test_it_has_no_terminal_for_its_own(start: Start) -> None:
    out = io.BytesIO()
    await (
        await start("import os; print(os.getsid(0), os.getpgid(0), os.getpid())", out=out)
    ).ended()
    session, group, process = map(int, out.getvalue().split())
    assert session != os.getsid(0)
    assert group == process


async def test_it_is_found_where_it_says_that_it_listens(start: Start) -> None:
    port, other = free_port(), free_port()
    child = await start(SERVER, f"Local: http://localhost:{port}/", str(other), str(port))
    with pytest.raises(FrontendStarting, match="has not opened a port yet") as starting:
        child.locate()
    assert starting.value.retry_after == 1
    child.look()
    await until(lambda: _located(child))
    assert str(child.locate()) == f"http://localhost:{port}"


async def test_it_is_found_on_its_only_port_without_a_word(start: Start) -> None:
    port = free_port()
    child = await start(SERVER, "no address here", str(port))
    child.look()
    await until(lambda: _located(child))
    assert str(child.locate()) == f"http://localhost:{port}"


@pytest.mark.parametrize("says", ["`App listening on port ${port}!`", "''"], ids=["told", "silent"])
async def test_a_server_of_node_is_found_and_ended_with_its_workers(
    tmp_path: Path, says: str
) -> None:
    node, out, script = shutil.which("node"), io.BytesIO(), tmp_path / "server.cjs"
    script.write_text(CLUSTER.replace("SAYS", says))
    require(node, "Node.js 20 or newer")
    assert node is not None
    child = await Child.start([node, str(script)], os.environ, out=out)
    child.look()
    await until(lambda: _located(child) and pid_in(out))
    assert f"port {child.locate().port}!" in out.getvalue().decode() or says == "''"
    await child.stop()
    assert not is_there(pid_in(out))


async def test_which_of_several_ports_is_meant_is_asked(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    ports = sorted([free_port(), free_port()])
    child = await start(SERVER, "no address here", *map(str, ports))
    child.look()
    await until(lambda: caplog.records)
    with pytest.raises(FrontendStarting) as starting:
        child.locate()
    assert (
        starting.value.message
        == caplog.messages[0]
        == (
            f"The frontend's command listens on the ports {ports[0]} and {ports[1]}. Say which of "
            f"them the pages come from, for example --upstream http://localhost:{ports[0]}."
        )
    )


async def test_an_address_of_another_programs_port_is_found_when_it_takes_connections(
    start: Start,
) -> None:
    """As of a container that the command starts."""
    port = free_port()
    child = await start(SERVER, f"Local: http://localhost:{port}")
    child.look()
    await asyncio.sleep(0.1)
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    await until(lambda: _located(child))
    assert str(child.locate()) == f"http://localhost:{port}"
    listener.close()


async def test_our_own_address_is_not_taken_for_its(start: Start) -> None:
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    ours, port = listener.sockets[0].getsockname()[1], free_port()
    child = await start(SERVER, f"open http://localhost:{ours}", str(port), ours=frozenset({ours}))
    child.look()
    await until(lambda: _located(child))
    assert str(child.locate()) == f"http://localhost:{port}"
    listener.close()


def test_it_gets_our_variables_but_not_our_configuration() -> None:
    inherited = {"PATH": "/bin", "WIX_CLIENT_ID": "id", "WIXPROXY__SESSION__KEYS": "key"}
    made = environment(inherited, {"WIXPROXY_URL": "http://localhost:4321"}, in_colour=False)
    assert made == {
        "PATH": "/bin",
        "WIX_CLIENT_ID": "id",
        "WIXPROXY_URL": "http://localhost:4321",
    }


@pytest.mark.parametrize(
    ("inherited", "colour"),
    [({}, "1"), ({"FORCE_COLOR": "3"}, "3"), ({"NO_COLOR": "1"}, None)],
)
def test_it_writes_colours_for_our_terminal(inherited: dict[str, str], colour: str | None) -> None:
    assert environment(inherited, {}, in_colour=True).get("FORCE_COLOR") == colour


def _located(child: Child) -> bool:
    try:
        child.locate()
    except FrontendStarting:
        return False
    return True
