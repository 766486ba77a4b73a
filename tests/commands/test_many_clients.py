"""P30: more clients than there are files for: some are served, the rest told to come again."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.terminal import Terminal, free_port, terminal_in

FILES, CLIENTS = 256, 1_000
SECONDS = 60


@pytest.fixture
def _enough_files() -> Iterator[None]:
    """Let the test itself have so many clients."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
async def frontend() -> AsyncIterator[str]:
    """A frontend that takes a moment for each answer."""
    answering: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(0.2)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.ensure_future(answer(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for task in answering:
        task.cancel()
    await asyncio.gather(*answering, return_exceptions=True)


@contextmanager
def serving(terminal: Terminal, port: int, frontend: str) -> Iterator[None]:
    """Serve with few files, until it has ended well."""
    words = ["-m", "wixproxy", "serve", "--port", str(port), "--upstream", frontend]
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        ["/bin/sh", "-c", f'ulimit -n {FILES} && exec "$@"', "sh", sys.executable, *words],
        cwd=terminal.folder,
        env=terminal.variables | {"WIX_CLIENT_ID": "8f0d1c52-0000-4000-8000-000000000001"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
            process.terminate()
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


async def asked(port: int) -> bytes:
    """Ask once on a connection of one's own; return the status, or what went wrong."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET /app.js HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
            return (await reader.readuntil(b"\r\n")).split()[1]
        finally:
            writer.transport.abort()
    except (OSError, asyncio.IncompleteReadError) as error:
        return type(error).__name__.encode()


async def served(port: int) -> None:
    """Return once a client is served."""
    while await asked(port) != b"200":  # noqa: ASYNC110 - the process tells nobody
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("_enough_files")
async def test_a_thousand_clients_and_files_for_a_quarter_of_them(
    tmp_path: Path, frontend: str
) -> None:
    port = free_port()
    async with asyncio.timeout(SECONDS):
        with serving(terminal_in(tmp_path), port, frontend):
            await served(port)
            answers = Counter(await asyncio.gather(*(asked(port) for _ in range(CLIENTS))))
            # In a crowd the answer comes before the request is read, so a reset may overtake it.
            assert answers.keys() <= {b"200", b"503", b"ConnectionResetError"}
            assert answers[b"200"] >= 16
            assert answers[b"503"] >= CLIENTS * 3 // 4
            await served(port)
