"""A public listener with the test's own `serve`, and raw sockets that speak to it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from wixproxy.downstream import ClientDownstream
from wixproxy.errors import WixproxyError
from wixproxy.listening import listen
from wixproxy.protocol import HEAD_SECONDS, PublicServer, Serve

GET = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
OLD_GET = b"GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
SECONDS = 5

# More than all buffers on the way take together.
PIECE = b"x" * 65_536
PIECES = 1_000


class Client:
    """A client that sends and reads plain bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        """Read up to the empty line behind a head."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def exactly(self, size: int) -> bytes:
        async with asyncio.timeout(SECONDS):
            return await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        """Read to the end; raises `ConnectionResetError` when the connection is cut."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.read()

    async def rest_until_cut(self) -> bytes:
        """Read until the connection is cut; raises AssertionError for a clean end."""
        received = bytearray()
        try:
            async with asyncio.timeout(SECONDS):
                while piece := await self.reader.read(65_536):
                    received += piece
        except ConnectionResetError:
            return bytes(received)
        raise AssertionError("the connection ended as if the answer were whole")

    def half_close(self) -> None:
        self.writer.write_eof()

    def leave(self) -> None:
        """Close as a browser does whose page was closed."""
        self.writer.close()

    def reset(self) -> None:
        """Close so that the listener sees a reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Listener:
    """A running listener; `refused` holds what could not be parsed."""

    def __init__(
        self,
        serve: Serve,
        keepalive_seconds: float,
        head_seconds: float,
        max_connections: int | None,
    ) -> None:
        self.refused: list[WixproxyError] = []
        self.server = PublicServer(
            serve,
            self._refuse,
            keepalive_seconds=keepalive_seconds,
            head_seconds=head_seconds,
            max_connections=max_connections,
        )
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._clients: list[Client] = []

    async def start(self) -> None:
        (opened,) = listen("127.0.0.1", 0)
        self._port = opened.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self.server, sock=opened)

    async def stop(self) -> None:
        assert self._listening is not None
        self._listening.close()
        for client in self._clients:
            client.writer.transport.abort()
        await self.server.shutdown(1)

    async def client(self, sent: bytes = b"") -> Client:
        """Connect, and send these bytes."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self._port))
        self._clients.append(client)
        await client.send(sent)
        return client

    async def early_client(self, sent: bytes) -> Client:
        """Connect and send before the listener has a chance to look."""
        opened = socket.create_connection(("127.0.0.1", self._port))
        opened.sendall(sent)
        client = Client(*await asyncio.open_connection(sock=opened))
        self._clients.append(client)
        return client

    async def answer(self, sent: bytes) -> tuple[bytes, bytes]:
        """Send a last request; return head and body of everything that came until the end."""
        client = await self.client(sent)
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
        return head, body

    async def _refuse(self, downstream: ClientDownstream, error: WixproxyError) -> None:
        self.refused.append(error)
        await downstream.answer(error.status, [], error.code.encode())


@asynccontextmanager
async def listening(
    serve: Serve,
    *,
    keepalive_seconds: float = 75.0,
    head_seconds: float = HEAD_SECONDS,
    max_connections: int | None = None,
) -> AsyncIterator[Listener]:
    """Run a listener for as long as the block runs."""
    listener = Listener(serve, keepalive_seconds, head_seconds, max_connections)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


async def settled(count: Callable[[], int]) -> int:
    """Return the count once it has not changed for a while."""
    before, still = -1, 0
    async with asyncio.timeout(SECONDS):
        while still < 10:
            await asyncio.sleep(0.02)
            now = count()
            still = still + 1 if now == before else 0
            before = now
    return before
