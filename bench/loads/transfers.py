"""Move one large body down or up a connection, and stop reading in the middle of one."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

from ..processes import HOST, Server

PIECE_BYTES = 256 * 1024
LIMIT_SECONDS = 300
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Download(asyncio.BufferedProtocol):
    """Counts the bytes of one answer's body; reading may be paused."""

    def __init__(self, stops_at: int | None) -> None:
        self.received = 0
        self.length: int | None = None
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopped = asyncio.Event()
        self._stops_at = stops_at
        self._buffer = bytearray(PIECE_BYTES)
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.length is None:
            self._head += self._buffer[:nbytes]
            nbytes = self._read_head()
        self.received += nbytes
        if self.length is not None and self.received >= self.length:
            self._end()
        elif self._stops_at is not None and self.received >= self._stops_at:
            cast("asyncio.Transport", self._transport).pause_reading()
            self.stopped.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            told = f"{self.received} of {self.length} bytes"
            self.finished.set_exception(RuntimeError(f"the answer broke off after {told}"))
        self.stopped.set()

    def _read_head(self) -> int:
        """Take the head apart once it is whole; return how much of the body came with it."""
        head, found, body = self._head.partition(b"\r\n\r\n")
        if not found:
            return 0
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            told = f"an unexpected answer: {bytes(head[:200])!r}"
            self.finished.set_exception(RuntimeError(told))
            return 0
        self.length = int(length[1])
        return len(body)

    def _end(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)


async def download(server: Server, target: str, headers: Mapping[str, str]) -> float:
    """Read a body as fast as it comes; return the seconds that it took."""
    began = time.perf_counter()
    async with _asked(server, target, headers) as reading, asyncio.timeout(LIMIT_SECONDS):
        await reading.finished
    return time.perf_counter() - began


@asynccontextmanager
async def stopped_download(
    server: Server, target: str, headers: Mapping[str, str], stops_at: int
) -> AsyncIterator[_Download]:
    """Read so many bytes and then no more, until the block ends."""
    async with _asked(server, target, headers, stops_at) as reading:
        async with asyncio.timeout(LIMIT_SECONDS):
            await reading.stopped.wait()
        if reading.finished.done():
            reading.finished.result()
        yield reading


async def upload(server: Server, target: str, headers: Mapping[str, str], size: int) -> float:
    """Send a body as fast as it is taken; return the seconds until it was answered."""
    began = time.perf_counter()
    piece = bytes(PIECE_BYTES)
    async with asyncio.timeout(LIMIT_SECONDS):
        reader, writer = await asyncio.open_connection(HOST, server.port)
        try:
            fields = {**headers, "Content-Length": str(size), "Content-Type": "image/png"}
            writer.write(_head("POST", server, target, fields))
            left = size
            while left:
                writer.write(piece[:left])
                left -= min(left, PIECE_BYTES)
                await writer.drain()
            answer = await reader.readuntil(b"}")
        finally:
            writer.close()
    if b'{"bytes": %d}' % size not in answer:
        raise RuntimeError(f"an unexpected answer: {answer[:200]!r}")
    return time.perf_counter() - began


@asynccontextmanager
async def _asked(
    server: Server, target: str, headers: Mapping[str, str], stops_at: int | None = None
) -> AsyncIterator[_Download]:
    loop = asyncio.get_running_loop()
    transport, reading = await loop.create_connection(
        lambda: _Download(stops_at), HOST, server.port
    )
    try:
        transport.write(_head("GET", server, target, headers))
        yield reading
    finally:
        # Nobody waits for it any more.
        reading.finished.cancel()
        transport.abort()


def _head(method: str, server: Server, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}:{server.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii")
