"""What the benchmark starts is ended, with all that it started itself."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bench.measuring import cpu_seconds, descriptors, is_running, memory, started_at, tree
from bench.processes import DidNotStart, child, free_port, running

# A server whose child ignores the polite signal.
FAMILY = """
import signal, socket, subprocess, sys, time
if sys.argv[1] == "child":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(600)
below = subprocess.Popen([sys.executable, __file__, "child"], stdout=subprocess.PIPE)
below.stdout.readline()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(600)
"""


@pytest.fixture
def family(tmp_path: Path) -> list[str]:
    program = tmp_path / "family.py"
    program.write_text(FAMILY)
    return [sys.executable, str(program)]


async def test_a_server_is_ended_with_its_children(family: list[str], tmp_path: Path) -> None:
    port = free_port()
    async with running("family", [*family, str(port)], port=port, folder=tmp_path) as server:
        begun = {pid: started_at(pid) for pid in tree(server.pid)}
        below = max(begun.keys() - {server.pid})
        assert len(begun) == 2
        assert memory(server.pid).rss_bytes > memory(below).rss_bytes > 0
        assert descriptors(server.pid) > descriptors(below)
    assert not any(is_running(pid, since) for pid, since in begun.items())


async def test_a_server_is_ended_when_the_run_is_cancelled(
    family: list[str], tmp_path: Path
) -> None:
    port, started = free_port(), asyncio.Event()
    begun: dict[int, int | None] = {}

    async def run() -> None:
        async with running("family", [*family, str(port)], port=port, folder=tmp_path) as server:
            begun.update((pid, started_at(pid)) for pid in tree(server.pid))
            assert all(is_running(pid, since) for pid, since in begun.items())
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(begun) == 2
    assert not any(is_running(pid, since) for pid, since in begun.items())


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such option')"]
    with pytest.raises(DidNotStart, match="no such option"):
        async with running("broken", command, port=free_port(), folder=tmp_path):
            pytest.fail("it runs")


async def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match="no-such-program"):
        async with child(["no-such-program"], folder=tmp_path):
            pytest.fail("it runs")


async def test_the_time_of_a_child_that_ended_counts(tmp_path: Path) -> None:
    program = "\n".join(
        [
            "import subprocess, sys, time",
            "subprocess.run([sys.executable, '-c', 'sum(range(10**7))'])",
            "print('done', flush=True)",
            "time.sleep(600)",
        ]
    )
    async with child([sys.executable, "-c", program], folder=tmp_path) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"done\n"
        assert tree(process.pid) == [process.pid]
        assert cpu_seconds(process.pid) > 0.05
