"""A whole proxy between clients and an upstream that are both plain bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.conftest import HandClock
from tests.public_listener import SECONDS
from tests.vectors.readers import Asked, Client, UpstreamReader
from tests.vectors.tables import HOST
from tests.wire.upstreams import Peer, Script, Upstream
from wixproxy.config import Config, load
from wixproxy.listening import listen
from wixproxy.sansio.keyring import Key
from wixproxy.sansio.redaction import Secret
from wixproxy.server import Proxy, build

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Recording:
    """An upstream that writes down what it reads and answers as it was told.

    `answers` is what the next requests get, and what is done behind each:
    it "stays", "closes" or "resets"; when none is left, `OK`. `script` takes
    the place of all that, for the connections that begin from now on.
    """

    def __init__(self) -> None:
        self.upstream = Upstream(self._converse)
        self.raw = b""
        self.requests: list[Asked] = []
        self.answers: deque[tuple[bytes, str]] = deque()
        self.script: Script | None = None
        self.begun = asyncio.Event()
        self._peers: set[Peer] = set()

    @property
    def connections(self) -> int:
        return self.upstream.connections

    async def all_gone(self) -> None:
        """Return when the proxy has closed every connection."""
        while self._peers:  # noqa: ASYNC110 - nobody tells when a script has ended
            await asyncio.sleep(0)

    async def renew(self) -> None:
        """Forget everything, and end all connections so that none is used again."""
        for peer in list(self._peers):
            if peer.writer.can_write_eof() and not peer.writer.is_closing():
                # One that the proxy has just reset needs to be told nothing; asyncio minds.
                with suppress(OSError):
                    peer.writer.write_eof()
        async with asyncio.timeout(SECONDS):
            await self.all_gone()
        failures, self.upstream.failures = self.upstream.failures, []
        self.raw, self.requests, self.script = b"", [], None
        self.answers.clear()
        self.begun.clear()
        self.upstream.connections = 0
        if failures:
            raise AssertionError(f"the upstream could not read what it got: {failures}")

    async def _converse(self, peer: Peer) -> None:
        self._peers.add(peer)
        try:
            if self.script is not None:
                await self.script(peer)
            else:
                await self._record(peer)
        finally:
            self._peers.discard(peer)

    async def _record(self, peer: Peer) -> None:
        reader = UpstreamReader()
        try:
            while data := await peer.reader.read(65_536):
                self.raw += data
                self.begun.set()
                for asked in reader.feed(data):
                    self.requests.append(asked)
                    if not await self._answered(peer):
                        return
        except ConnectionError:
            pass

    async def _answered(self, peer: Peer) -> bool:
        answer, then = self.answers.popleft() if self.answers else (OK, "stays")
        await peer.send(answer)
        if then == "resets":
            peer.reset()
        elif then == "closes":
            peer.writer.write_eof()
            await peer.gone()
        return then == "stays"


class Scene:
    """The proxy, its upstream, and clients that come and go."""

    def __init__(self, proxy: Proxy, port: int, upstream: Recording) -> None:
        self.proxy = proxy
        self.upstream = upstream
        self._port = port
        self._clients: list[Client] = []

    async def client(self, sent: bytes = b"") -> Client:
        """Connect, and send these bytes."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self._port))
        self._clients.append(client)
        if sent:
            await client.send(sent)
        return client

    async def renew(self) -> None:
        """Let nothing of one test reach the next."""
        for client in self._clients:
            client.writer.transport.abort()
        self._clients.clear()
        # What such a client had asked for before it left may still be asked of the upstream.
        async with asyncio.timeout(SECONDS):
            while any(server.connections for server in self.proxy._servers):  # noqa: ASYNC110
                await asyncio.sleep(0)
        await self.upstream.renew()


@asynccontextmanager
async def scene(folder: Path, flags: Mapping[str, Any] | None = None) -> AsyncIterator[Scene]:
    """Run the proxy as `https://shop.test`, with no Wix that could be reached."""
    upstream = Recording()
    origin = await upstream.upstream.start()
    options = {"upstream.url": str(origin), **(flags or {})}
    proxy = build(configured(folder, options), clock=HandClock())
    (opened,) = listen("127.0.0.1", 0)
    port = opened.getsockname()[1]
    await proxy.start([opened])
    running = Scene(proxy, port, upstream)
    try:
        # The proxy has looked whether its frontend is there.
        await running.renew()
        yield running
    finally:
        try:
            await running.renew()
        finally:
            # Nothing waits for what a test that failed has left behind.
            proxy.hurry()
            await proxy.stop()
            await upstream.upstream.close()


def configured(folder: Path, options: Mapping[str, Any]) -> Config:
    """Describe the proxy; nothing listens where its Wix would be."""
    public = f"https://{HOST.decode()}"
    keys = [Key.generate().to_text().reveal()]
    flags = {"mode": "dev", "server.public_url": [public], "emulator.enabled": True}
    return load(
        flags={**flags, "session.keys": keys, **options}, env={}, cwd=folder
    ).with_emulated_site(
        api_origin="http://127.0.0.1:9",
        client_id="12345678-90ab-cdef-1234-567890abcdef",
        client_secret=Secret("not-a-secret"),
        instance_id="12345678-90ab-cdef-1234-567890abcdef",
    )
