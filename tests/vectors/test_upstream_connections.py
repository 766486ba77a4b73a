"""Which connection to an upstream is used again, and what is sent a second time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.vectors.readers import values
from tests.vectors.scene import OK, Scene, scene
from tests.wire.test_dial import unused_port
from tests.wire.upstreams import Peer, Script, Upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")

GET = b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\nhi"
PAGE = GET.replace(b"\r\n\r\n", b"\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n")
PAGE += b"Sec-Fetch-Dest: document\r\n\r\n"
GOODBYE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def once_and_then(second: Callable[[Peer], object], seen: list[bytes]) -> Script:
    """Answer the first request of the first connection, its second as told, and all others."""
    is_first = True

    async def script(peer: Peer) -> None:
        nonlocal is_first
        first, is_first = is_first, False
        while head := await peer.head():
            seen.append(head.split(b" ")[0])
            if first and len(seen) == 2:
                if head.startswith(b"POST"):
                    await peer.reader.readexactly(2)
                second(peer)
                return
            await peer.send(OK)

    return script


async def two_answers(proxied: Scene, second: bytes) -> int:
    """Ask twice on one connection; return the status of the second answer."""
    client = await proxied.client(GET)
    assert (await client.answer()).status == 200
    await client.send(second)
    return (await client.answer()).status


async def test_a_get_on_a_reused_connection_that_is_lost_is_sent_once_more(proxied: Scene) -> None:
    """V72."""
    seen: list[bytes] = []
    proxied.upstream.script = once_and_then(Peer.reset, seen)
    assert await two_answers(proxied, GET) == 200
    assert seen == [b"GET", b"GET", b"GET"]
    assert proxied.upstream.connections == 2


async def test_a_post_on_a_reused_connection_that_is_lost_is_delivered_once(
    proxied: Scene,
) -> None:
    """V73."""
    seen: list[bytes] = []
    proxied.upstream.script = once_and_then(Peer.reset, seen)
    assert await two_answers(proxied, POST) == 502
    assert seen == [b"GET", b"POST"]


async def test_a_get_on_a_new_connection_that_is_lost_is_not_repeated(proxied: Scene) -> None:
    """V74."""
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append((await peer.head()).split(b" ")[0])
        peer.reset()

    proxied.upstream.script = script
    client = await proxied.client(GET)
    assert (await client.answer()).status == 502
    assert seen == [b"GET"]


@pytest.mark.parametrize(("request_bytes", "status"), [(GET, 200), (POST, 408)])
async def test_a_goodbye_to_an_idle_connection_is_no_answer_to_what_can_be_repeated(
    proxied: Scene, request_bytes: bytes, status: int
) -> None:
    """V76."""
    seen: list[bytes] = []
    proxied.upstream.script = once_and_then(lambda peer: peer.writer.write(GOODBYE), seen)
    assert await two_answers(proxied, request_bytes) == status
    assert len(seen) == (3 if request_bytes == GET else 2)


@pytest.fixture
async def lonely(tmp_path: Path) -> AsyncIterator[tuple[Scene, int]]:
    """A proxy whose upstream is not there, and the port where it would be."""
    port = unused_port()
    async with scene(tmp_path, {"upstream.url": f"http://127.0.0.1:{port}"}) as lonely:
        yield lonely, port


@pytest.mark.asyncio(loop_scope="function")
async def test_nobody_listening_is_said_to_programs_and_people(lonely: tuple[Scene, int]) -> None:
    """V71: and the connection to the client goes on."""
    proxied, port = lonely
    client = await proxied.client(GET + PAGE)
    for kind in (b"application/problem+json", b"text/html; charset=utf-8"):
        answer = await client.answer()
        assert answer.status == 502
        assert values(answer.fields, b"Content-Type") == [kind]
        assert b"Nothing is listening at http://127.0.0.1:%d" % port in answer.body


@pytest.mark.asyncio(loop_scope="function")
async def test_a_frontend_that_comes_later_is_found_by_the_next_request(
    lonely: tuple[Scene, int],
) -> None:
    """V71."""
    proxied, port = lonely
    client = await proxied.client(POST)
    assert (await client.answer()).status == 502

    async def script(peer: Peer) -> None:
        if await peer.head():
            await peer.reader.readexactly(2)
            await peer.send(OK)

    late = Upstream(script)
    await late.start(port=port)
    client = await proxied.client(POST)
    assert (await client.answer()).status == 200
    await late.close()
