"""A real redis-server for tests, on a free port; a stop in good order keeps what it held."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.requirements import require

READY_SECONDS = 20.0


class RedisServer:
    """A server that can be stopped and started again on its port."""

    def __init__(self, folder: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "3600 1", "--dir", self._folder),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1) as opened,
            ):
                opened.sendall(b"PING\r\n")
                if opened.recv(16).startswith(b"+PONG"):
                    return
            time.sleep(0.01)
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        """End it in good order, so that it starts again with what it held."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def ask(self, *words: str) -> bytes:
        """Send one command as redis-cli would, and return the raw answer."""
        command = b"".join(b"$%d\r\n%b\r\n" % (len(word), word.encode()) for word in words)
        with socket.create_connection(("127.0.0.1", self.port), 5) as opened:
            opened.sendall(b"*%d\r\n" % len(words) + command)
            opened.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: opened.recv(65_536), b""))

    def commands(self, name: str) -> int:
        """Return how many commands of this name were run."""
        statistics = self.ask("INFO", "commandstats").decode()
        found = re.search(rf"cmdstat_{name}:calls=(\d+)", statistics)
        return int(found[1]) if found else 0

    async def frozen(self, seconds: float) -> None:
        """Let it be silent for a while, connections open."""
        await asyncio.to_thread(self.ask, "CLIENT", "PAUSE", str(int(seconds * 1000)))


@contextmanager
def redis_server(folder: str) -> Iterator[RedisServer]:
    """Run a server for as long as the block lasts."""
    require(shutil.which("redis-server"), "redis-server from Debian")
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
