"""Upstreams that are scripts over raw sockets, and a client's side that remembers."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

from wixproxy.errors import ClientGone
from wixproxy.sansio.exchange import Fields, Request
from wixproxy.sansio.origin import Origin

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """One connection, seen from the upstream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> bytes:
        """Read the head of a request; empty bytes when the proxy closed."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Return when the proxy has closed this connection."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass

    def reset(self) -> None:
        """Close so that the proxy sees a reset, not an end of file."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Upstream:
    """A server that runs one script for each connection it takes."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.connections = 0
        self.failures: list[BaseException] = []

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """What runs for the connections that it has."""
        return self._tasks

    async def start(self, host: str = "127.0.0.1", port: int = 0, **options: object) -> Origin:
        self._server = await asyncio.start_server(self._serve, host, port, **options)  # type: ignore[arg-type]
        port = self._server.sockets[0].getsockname()[1]
        return Origin("https" if options.get("ssl") else "http", host, port)

    async def start_unix(self, path: Path) -> Origin:
        self._server = await asyncio.start_unix_server(self._serve, path)
        return Origin.of_upstream(f"unix:{path}")

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self.failures == []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._script(Peer(reader, writer))
        except ConnectionError:
            pass
        except Exception as error:
            self.failures.append(error)
        finally:
            writer.close()
            self._tasks.discard(task)


def answering(*answers: bytes) -> Script:
    """Answer each request of a connection with the next of these bytes, then close."""

    async def script(peer: Peer) -> None:
        for answer in answers:
            if not await peer.head():
                return
            await peer.send(answer)

    return script


def request(
    method: str = "GET",
    target: bytes = b"/",
    fields: Fields | None = None,
    *,
    content_length: int | None = None,
    chunked: bool = False,
) -> Request:
    fields = [(b"Host", b"shop.example"), *(fields or [])]
    if content_length is not None:
        fields.append((b"Content-Length", b"%d" % content_length))
    return Request(method, target, fields, content_length=content_length, chunked=chunked)


class Pieces:
    """A body that comes in the given pieces; an exception among them is raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = list(pieces)

    async def read(self) -> bytes:
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece


class Endless:
    """A body that never ends and counts what was taken of it."""

    def __init__(self, piece: bytes = b"x" * 16384) -> None:
        self._piece = piece
        self.taken = 0

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        self.taken += len(self._piece)
        return self._piece


class Stalled:
    """A body that does not come; `asked` is set when somebody waits for it."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def read(self) -> bytes:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


class Recorder:
    """A client's side that writes down what it is told."""

    def __init__(self, *, gone_after: int | None = None) -> None:
        self.head_sent = False
        self.status = 0
        self.fields: Fields = []
        self.body = bytearray()
        self.trailers: Fields | None = None
        self.ended = False
        self.aborted = False
        self.room = asyncio.Event()
        self.room.set()
        self.written = asyncio.Event()
        self._gone_after = gone_after

    async def read(self) -> bytes:
        return b""

    async def interim(self, status: int, fields: Fields) -> None:
        raise AssertionError("no interim answer was expected")

    async def head(self, status: int, fields: Fields, *, more: bool = False) -> None:
        self.head_sent, self.status, self.fields = True, status, fields

    async def write(self, chunk: bytes, *, last: bool = False) -> None:
        self.body += chunk
        self.written.set()
        if self._gone_after is not None and len(self.body) > self._gone_after:
            raise ClientGone
        await self.room.wait()

    async def end(self, trailers: Fields | None = None) -> None:
        self.ended, self.trailers = True, trailers

    def abort(self) -> None:
        self.aborted = True
