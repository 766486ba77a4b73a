"""An answer that comes before the request is whole, from an upstream that then hangs up.

A server that refuses a body answers and closes. What it has not read makes
its kernel reset the connection, and the reset may be met by our next piece
before the answer was read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Endless, Peer, request
from wixproxy.errors import UpstreamError, UpstreamUnavailable
from wixproxy.sansio.exchange import Request
from wixproxy.sansio.origin import Origin
from wixproxy.wire.pool import Pool

REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much"
PIECE, PIECES = b"x" * 16_384, 50


class Rude:
    """An upstream in a thread: it reads a head and a little more, answers, and closes."""

    def __init__(self, listener: socket.socket, answer: bytes) -> None:
        self.closed = threading.Event()
        self._listener = listener
        self._answer = answer

    def run(self) -> None:
        taken, _ = self._listener.accept()
        with taken:
            received = b""
            while not received.partition(b"\r\n\r\n")[2]:
                received += taken.recv(1024)
            taken.sendall(self._answer)
        self.closed.set()


class Insisting:
    """A body whose second piece comes when the upstream has closed, and not a turn later."""

    def __init__(self, upstream: Rude) -> None:
        self._upstream = upstream
        self._given = 0

    async def read(self) -> bytes:
        self._given += 1
        if self._given == 2:
            # One turn of the loop, in which the first piece leaves.
            await asyncio.sleep(0)
            assert self._upstream.closed.wait(5)
        return PIECE if self._given <= PIECES else b""


@contextmanager
def rude(answer: bytes) -> Iterator[tuple[Origin, Rude]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream = Rude(listener, answer)
        thread = threading.Thread(target=upstream.run)
        thread.start()
        try:
            yield Origin("http", "127.0.0.1", listener.getsockname()[1]), upstream
        finally:
            thread.join(5)


async def test_an_answer_that_came_before_the_reset_is_read(pool: Pool) -> None:
    """V91, RFC 9112 §9.3."""
    with rude(REFUSAL) as (origin, upstream):
        answer = await pool.send(origin, asked(), Insisting(upstream))
        assert answer.status == 413
        assert await answer.read() == b"too much"
        assert await answer.read() == b""


async def test_half_an_answer_before_the_reset_never_looks_whole(pool: Pool) -> None:
    """P1."""
    with rude(REFUSAL[:-1]) as (origin, upstream):
        answer = await pool.send(origin, asked(), Insisting(upstream))
        with pytest.raises(UpstreamUnavailable, match="broke its answer off"):
            while await answer.read():
                pass


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(REFUSAL[:20], id="half a head"),
        pytest.param(b"nonsense\r\n\r\n", id="nonsense"),
    ],
)
async def test_a_reset_without_an_answer_is_the_upstreams_fault(pool: Pool, answer: bytes) -> None:
    with rude(answer) as (origin, upstream), pytest.raises(UpstreamError):
        await pool.send(origin, asked(), Insisting(upstream))


async def test_over_tls_a_refusal_and_a_reset_leave_nobody_waiting(
    serve: Serve, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    """What lies in the socket cannot be opened any more: it was read in time, or is lost."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(REFUSAL)
        peer.reset()

    origin = await serve(script, ssl=server_tls)
    pool = Pool(tls=ssl.create_default_context(cafile=certificate))
    for _ in range(5):
        async with asyncio.timeout(5):
            try:
                answer = await pool.send(origin, request("POST", chunked=True), Endless())
            except UpstreamUnavailable:
                continue
            assert answer.status == 413
            answer.abort()
    await pool.close()
    assert pool.open_connections == 0


def asked() -> Request:
    return request("POST", content_length=len(PIECE) * PIECES)
