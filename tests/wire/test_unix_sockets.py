"""An upstream that listens at a unix socket: reached, kept, and what is said when it is not."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire.upstreams import Peer, Pieces, Upstream, answering, request
from wixproxy.errors import NothingListens, UpstreamUnavailable
from wixproxy.sansio.origin import Origin
from wixproxy.wire.pool import Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOBODY = 65_534


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A path that is short enough for a socket, whatever the folder of the test is called."""
    folder = Path("/tmp") / f"wixproxy-{os.getpid()}"  # noqa: S108 - it is left by its own test
    folder.mkdir(mode=0o755, exist_ok=True)
    path = folder / "app.sock"
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)
    folder.rmdir()


def at(path: Path) -> Origin:
    return Origin.of_upstream(f"unix:{path}")


async def test_a_unix_socket_is_an_upstream_like_any_other(path: Path, pool: Pool) -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            heads.append(head)
            if head.startswith(b"POST"):
                assert await peer.reader.readexactly(2) == b"hi"
            await peer.send(OK)

    upstream = Upstream(script)
    origin = await upstream.start_unix(path)
    assert await (await pool.send(origin, request())).read() == b"ok"
    body = Pieces(b"h", b"i")
    assert await (await pool.send(origin, request("POST", content_length=2), body)).read() == b"ok"
    assert [head.split(b"\r\n")[1] for head in heads] == [b"Host: shop.example"] * 2
    assert upstream.connections == 1
    assert pool.idle_connections == 1
    await upstream.close()


async def test_two_sockets_are_two_upstreams(path: Path, pool: Pool) -> None:
    """Both speak as localhost; their connections are never taken for each other's."""
    other = path.with_name("other.sock")
    servers = [Upstream(answering(OK, OK)), Upstream(answering(OK.replace(b"ok", b"no")))]
    first, second = [
        await server.start_unix(place) for server, place in zip(servers, (path, other), strict=True)
    ]
    assert await (await pool.send(first, request())).read() == b"ok"
    assert await (await pool.send(second, request())).read() == b"no"
    assert await (await pool.send(first, request())).read() == b"ok"
    for server in servers:
        await server.close()
    other.unlink(missing_ok=True)


async def test_a_socket_that_is_not_there_is_said_in_plain_words(path: Path, pool: Pool) -> None:
    with pytest.raises(NothingListens) as refused:
        await pool.send(at(path), request())
    assert refused.value.message == (
        f"There is no socket at unix:{path}. Is the server running, and is this its path?"
    )


def a_socket_left_behind(path: Path) -> None:
    """Leave what a server leaves that was killed."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


@pytest.mark.parametrize(
    "make", [a_socket_left_behind, Path.touch], ids=["left behind", "a plain file"]
)
async def test_a_socket_that_nobody_listens_at_is_said_in_plain_words(
    path: Path, pool: Pool, make: Callable[[Path], None]
) -> None:
    make(path)
    with pytest.raises(NothingListens) as refused:
        await pool.send(at(path), request())
    assert refused.value.message == f"Nothing is listening at unix:{path}. Is the server running?"


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """Let nobody use the socket, and be a user whom that concerns where the tests run as root."""
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


async def test_a_socket_that_others_may_not_use_is_said_in_plain_words(
    path: Path, pool: Pool
) -> None:
    upstream = Upstream(answering(OK))
    origin = await upstream.start_unix(path)
    with forbidden(path), pytest.raises(UpstreamUnavailable) as refused:
        await pool.send(origin, request())
    assert refused.value.message == (
        f"wixproxy may not connect to unix:{path}. Let its user write to that socket, and enter "
        "the folders above it."
    )
    await upstream.close()


async def test_a_server_that_says_nothing_is_not_suspected_of_tls(path: Path, pool: Pool) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()

    upstream = Upstream(script)
    origin = await upstream.start_unix(path)
    with pytest.raises(UpstreamUnavailable) as refused:
        await pool.send(origin, request())
    assert refused.value.message == f"unix:{path} closed the connection before it answered."
    await upstream.close()


async def test_whether_it_is_there_can_be_found_out_without_a_request(
    path: Path, pool: Pool
) -> None:
    with pytest.raises(NothingListens):
        await pool.reach(at(path))
    heads: list[bytes] = []
    heard = asyncio.Event()

    async def script(peer: Peer) -> None:
        heads.append(await peer.head())
        heard.set()

    upstream = Upstream(script)
    await pool.reach(await upstream.start_unix(path))
    async with asyncio.timeout(5):
        await heard.wait()
    assert heads == [b""]
    await upstream.close()
