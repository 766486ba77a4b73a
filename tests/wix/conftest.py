"""A Wix that says what a test tells it to, over a real socket, and a client of it."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import HandClock
from tests.wire.upstreams import Peer, Upstream
from wixproxy.wix.client import WixClient

GRANTED = {
    "access_token": "OauthNG.JWS.access",
    "refresh_token": "JWS.refresh",
    "token_type": "Bearer",
    "expires_in": 14_400,
}
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def answer(values: Any, status: int = 200, *fields: bytes) -> bytes:
    """Write an answer of JSON."""
    body = values if isinstance(values, bytes) else json.dumps(values).encode()
    lines = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class ScriptedWix:
    """Gives each request the next answer; None closes the connection instead.

    An exhausted script leaves requests without an answer. `heads`, `bodies`
    and `times` are what came.
    """

    def __init__(self) -> None:
        self.answers: list[bytes | None] = []
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.times: list[float] = []
        self.asked = asyncio.Event()
        self.upstream = Upstream(self._serve)
        self.origin = ""

    def say(self, *answers: bytes | None) -> None:
        self.answers += answers

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        options = {"ssl": tls} if tls is not None else {}
        self.origin = str(await self.upstream.start("127.0.0.1", **options))

    async def _serve(self, peer: Peer) -> None:
        while head := await peer.head():
            self.times.append(asyncio.get_running_loop().time())
            self.heads.append(head)
            self.asked.set()
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            self.bodies.append(await peer.reader.readexactly(size))
            if not self.answers:
                await peer.gone()
                return
            said = self.answers.pop(0)
            if said is None:
                return
            await peer.send(said)


@pytest.fixture
async def wix() -> AsyncIterator[ScriptedWix]:
    wix = ScriptedWix()
    await wix.start()
    yield wix
    await wix.upstream.close()


Make = Callable[..., WixClient]


@pytest.fixture
async def make(clock: HandClock) -> AsyncIterator[Make]:
    """Make clients, and close them all in the end."""
    closing: list[Callable[[], Awaitable[None]]] = []

    def make(origin: str, **options: Any) -> WixClient:
        client = WixClient(origin, "client-id", clock, **{"attempt_seconds": 2.0, **options})
        closing.append(client.close)
        return client

    yield make
    for close in closing:
        await close()


@pytest.fixture
def client(wix: ScriptedWix, make: Make) -> WixClient:
    return make(wix.origin)
