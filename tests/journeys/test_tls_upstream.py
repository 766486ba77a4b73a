"""A frontend that speaks TLS: whom the proxy believes, through the whole of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.certificate import self_signed, serving
from tests.vectors.readers import Answer
from tests.vectors.scene import OK, scene
from tests.wire.upstreams import Peer, Upstream

GET = b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
ASK = b"GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


async def serve(peer: Peer) -> None:
    """Answer requests, and repeat what comes behind a wish for a WebSocket."""
    while head := await peer.head():
        if b"Upgrade: websocket" not in head:
            await peer.send(OK)
            continue
        await peer.send(SWITCH)
        while said := await peer.reader.read(65_536):
            await peer.send(said)


@pytest.fixture
async def port(certificate: Path) -> AsyncIterator[int]:
    """Where a server listens that shows a certificate for localhost and 127.0.0.1."""
    upstream = Upstream(serve)
    origin = await upstream.start(ssl=serving(certificate))
    yield origin.port
    await upstream.close()


async def asked(folder: Path, **flags: str) -> Answer:
    """Ask once through a proxy with these options of `upstream`."""
    async with scene(folder, {f"upstream.{name}": value for name, value in flags.items()}) as here:
        return await (await here.client(GET)).answer()


async def test_a_frontend_whose_authority_is_named_is_believed(
    tmp_path: Path, certificate: Path, port: int
) -> None:
    for host in ("localhost", "127.0.0.1"):
        answer = await asked(tmp_path, url=f"https://{host}:{port}", ca_file=str(certificate))
        assert (answer.status, answer.body) == (200, b"ok")


async def test_a_frontend_whose_authority_is_unknown_is_not_asked(
    tmp_path: Path, port: int
) -> None:
    answer = await asked(tmp_path, url=f"https://localhost:{port}")
    assert answer.status == 502
    assert b"was not accepted" in answer.body
    assert b"upstream.ca_file" in answer.body


async def test_a_frontend_under_another_name_than_its_own_is_not_asked(
    tmp_path: Path, certificate: Path, port: int
) -> None:
    answer = await asked(tmp_path, url=f"https://app.localhost:{port}", ca_file=str(certificate))
    assert answer.status == 502
    assert b"was not accepted" in answer.body


async def test_on_this_machine_in_dev_every_certificate_may_be_believed(
    tmp_path: Path, port: int
) -> None:
    answer = await asked(tmp_path, url=f"https://localhost:{port}", verify="any")
    assert (answer.status, answer.body) == (200, b"ok")


async def test_plain_http_to_a_port_that_speaks_tls_says_what_to_write(
    tmp_path: Path, port: int
) -> None:
    """V88."""
    answer = await asked(tmp_path, url=f"http://localhost:{port}")
    assert answer.status == 502
    assert b"write https://" in answer.body


async def test_tls_to_a_port_that_speaks_plain_http_says_what_to_write(tmp_path: Path) -> None:
    """V88."""

    async def refuse(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    upstream = Upstream(refuse)
    origin = await upstream.start()
    answer = await asked(tmp_path, url=f"https://localhost:{origin.port}")
    assert answer.status == 502
    assert b"write http://" in answer.body
    await upstream.close()


async def test_a_websocket_passes_through_tls(tmp_path: Path, certificate: Path, port: int) -> None:
    flags = {"upstream.url": f"https://localhost:{port}", "upstream.ca_file": str(certificate)}
    async with scene(tmp_path, flags) as here:
        client = await here.client(ASK)
        assert (await client.answer(asks_websocket=True)).status == 101
        await client.send(b"hello")
        async with asyncio.timeout(5):
            assert await client.reader.readexactly(5) == b"hello"
