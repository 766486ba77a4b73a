"""A frontend that listens at a unix socket, through the whole proxy."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.vectors.readers import Answer, values
from tests.vectors.scene import OK, Scene, scene
from tests.wire.upstreams import Peer, Upstream

GET = b"GET /%b HTTP/1.1\r\nHost: shop.test\r\n\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://localhost/there\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def path() -> Iterator[Path]:
    """The place of a socket, in a folder whose name is short enough."""
    with tempfile.TemporaryDirectory(prefix="wixproxy-") as folder:
        yield Path(folder) / "app.sock"


@pytest.fixture
async def proxied(path: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, {"upstream.url": f"unix:{path}"}) as proxied:
        yield proxied


async def asked(proxied: Scene, path: bytes = b"") -> Answer:
    return await (await proxied.client(GET % path)).answer()


async def test_a_frontend_at_a_unix_socket_is_told_what_any_other_is(
    proxied: Scene, path: Path
) -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            heads.append(head)
            await peer.send(MOVED if b" /moved " in head else OK)

    frontend = Upstream(script)
    await frontend.start_unix(path)
    assert (await asked(proxied)).body == b"ok"
    assert b"\r\nHost: shop.test\r\n" in heads[0]
    assert b"\r\nX-Forwarded-Proto: https\r\n" in heads[0]
    moved = await asked(proxied, b"moved")
    assert values(moved.fields, b"Location") == [b"https://shop.test/there"]
    await frontend.close()


async def test_a_frontend_that_is_not_there_yet_is_waited_for_and_named(
    proxied: Scene, path: Path
) -> None:
    missing = await asked(proxied)
    assert missing.status == 502
    assert b"There is no socket at unix:%b" % bytes(path) in missing.body
    unready = await asked(proxied, b"_wix/readyz")
    assert unready.status == 503
    assert b"the frontend at unix:%b has not taken a connection yet" % bytes(path) in unready.body

    async def script(peer: Peer) -> None:
        if await peer.head():
            await peer.send(OK)

    frontend = Upstream(script)
    await frontend.start_unix(path)
    assert (await asked(proxied)).body == b"ok"
    async with asyncio.timeout(5):
        while (await asked(proxied, b"_wix/readyz")).status != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await frontend.close()
