"""How a body goes out, and what happens when it does not."""

from __future__ import annotations

import asyncio

import pytest

from tests.wire.conftest import Serve
from tests.wire.upstreams import Endless, Peer, Pieces, Stalled, answering, request
from wixproxy.errors import ClientGone, MalformedRequest, UpstreamTimeout, UpstreamUnavailable
from wixproxy.sansio.exchange import Request
from wixproxy.wire.pool import Pool, Timeouts
from wixproxy.wire.upload import request_head

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_counted_body_stays_counted(serve: Serve, pool: Pool) -> None:
    bodies: list[bytes] = []

    async def script(peer: Peer) -> None:
        assert b"Content-Length: 5\r\n" in await peer.head()
        bodies.append(await peer.reader.readexactly(5))
        await peer.send(OK)
        await peer.gone()

    answer = await pool.send(
        await serve(script), request("POST", content_length=5), Pieces(b"he", b"llo")
    )
    assert await answer.read() == b"ok"
    assert bodies == [b"hello"]
    assert pool.idle_connections == 1


async def test_a_chunked_body_stays_chunked(serve: Serve, pool: Pool) -> None:
    sent: list[bytes] = []

    async def script(peer: Peer) -> None:
        assert (await peer.head()).endswith(b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent.append(await peer.reader.readuntil(b"0\r\n\r\n"))
        await peer.send(OK)
        await peer.gone()

    answer = await pool.send(
        await serve(script), request("POST", chunked=True), Pieces(b"he", b"llo" * 10)
    )
    assert await answer.read() == b"ok"
    assert sent == [b"2\r\nhe\r\n1e\r\n" + b"llo" * 10 + b"\r\n0\r\n\r\n"]
    assert pool.idle_connections == 1


async def test_each_piece_is_sent_before_the_next_is_there(serve: Serve, pool: Pool) -> None:
    heard = asyncio.Event()

    class Talking:
        def __init__(self) -> None:
            self.turn = 0

        async def read(self) -> bytes:
            self.turn += 1
            if self.turn == 1:
                return b"first"
            await heard.wait()
            return b""

    async def script(peer: Peer) -> None:
        await peer.head()
        assert await peer.reader.readexactly(10) == b"5\r\nfirst\r\n"
        heard.set()
        await peer.reader.readuntil(b"0\r\n\r\n")
        await peer.send(OK)

    answer = await pool.send(await serve(script), request("POST", chunked=True), Talking())
    assert await answer.read() == b"ok"


async def test_an_early_answer_stops_the_upload(serve: Serve, pool: Pool) -> None:
    """V91."""
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        await peer.gone()
        gone.set()

    body = Endless()
    answer = await pool.send(await serve(script), request("POST", chunked=True), body)
    assert answer.status == 413
    assert await answer.read() == b"big"
    async with asyncio.timeout(1):
        await gone.wait()
    taken = body.taken
    await asyncio.sleep(0.05)
    assert body.taken == taken
    assert pool.idle_connections == 0


async def test_an_answer_streams_while_the_upload_goes_on(serve: Serve, pool: Pool) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            await peer.reader.readexactly(16384)
            await peer.send(b"2\r\nok\r\n")
        await peer.send(b"0\r\n\r\n")
        await peer.gone()

    size = 10 * 1024 * 1024
    answer = await pool.send(await serve(script), request("POST", content_length=size), Endless())
    body = b""
    while piece := await answer.read():
        body += piece
    assert body == b"okokok"


async def test_a_slow_upstream_stalls_the_client(serve: Serve, pool: Pool) -> None:
    """P28: memory stays bounded on the way up, too."""
    let_go = asyncio.Event()

    async def script(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await let_go.wait()

    body = Endless()
    sending = asyncio.create_task(
        pool.send(await serve(script), request("POST", chunked=True), body)
    )
    stalled_at = -1
    while stalled_at != body.taken:
        stalled_at = body.taken
        await asyncio.sleep(0.1)
    assert body.taken < 32 * 1024 * 1024
    sending.cancel()
    let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_an_upstream_that_takes_nothing_is_given_up(serve: Serve) -> None:
    let_go = asyncio.Event()

    async def script(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await let_go.wait()

    pool = Pool(timeouts=Timeouts(idle_seconds=0.2))
    with pytest.raises(UpstreamTimeout, match=r"took nothing of the request for 0\.2 seconds"):
        await pool.send(await serve(script), request("POST", chunked=True), Endless())
    let_go.set()
    await pool.close()


@pytest.mark.parametrize(
    ("asked", "pieces", "error"),
    [
        pytest.param(
            request("POST", content_length=9), [b"half", ClientGone()], ClientGone, id="left"
        ),
        pytest.param(request("POST", content_length=9), [b"half"], ClientGone, id="short"),
        pytest.param(request("POST", content_length=3), [b"half"], MalformedRequest, id="long"),
        pytest.param(
            request("POST", chunked=True), [b"half", ClientGone()], ClientGone, id="chunked"
        ),
        pytest.param(
            request("POST", chunked=True), [b"x", OSError("broken")], OSError, id="foreign"
        ),
    ],
)
async def test_a_body_that_breaks_off_is_never_completed(
    serve: Serve,
    pool: Pool,
    asked: Request,
    pieces: list[bytes | Exception],
    error: type[Exception],
) -> None:
    """V92: the upstream sees the connection close in the middle of the body."""
    rest: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def script(peer: Peer) -> None:
        await peer.head()
        try:
            rest.set_result(await peer.reader.read())
        except ConnectionError:
            rest.set_result(b"")

    with pytest.raises(error):
        await pool.send(await serve(script), asked, Pieces(*pieces))
    async with asyncio.timeout(2):
        assert not (await rest).endswith(b"0\r\n\r\n")
    assert pool.idle_connections == 0


async def test_a_cancelled_upload_closes_the_connection(serve: Serve, pool: Pool) -> None:
    """V92."""
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.gone()
        gone.set()

    body = Stalled()
    sending = asyncio.create_task(
        pool.send(await serve(script), request("POST", chunked=True), body)
    )
    await body.asked.wait()
    sending.cancel()
    async with asyncio.timeout(0.1):
        await gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_a_long_upload_does_not_count_as_silence(serve: Serve) -> None:
    class Slow:
        def __init__(self) -> None:
            self.turn = 0

        async def read(self) -> bytes:
            self.turn += 1
            await asyncio.sleep(0.03)
            return b"x" if self.turn < 6 else b""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reader.readuntil(b"0\r\n\r\n")
        await peer.send(OK)

    pool = Pool(timeouts=Timeouts(first_byte_seconds=0.1))
    answer = await pool.send(await serve(script), request("POST", chunked=True), Slow())
    assert await answer.read() == b"ok"
    await pool.close()


async def test_the_time_for_an_answer_begins_when_the_upload_ends(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.gone()

    pool = Pool(timeouts=Timeouts(first_byte_seconds=0.05))
    with pytest.raises(UpstreamTimeout, match="did not answer"):
        await pool.send(await serve(script), request("POST", content_length=1), Pieces(b"x"))
    await pool.close()


async def test_an_upstream_that_closes_in_the_middle_of_an_upload_is_unavailable(
    serve: Serve, pool: Pool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        peer.reset()

    with pytest.raises(UpstreamUnavailable):
        await pool.send(await serve(script), request("POST", chunked=True), Endless())


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(request("GET", b"/ HTTP/1.1\r\nX: y"), id="line break in the target"),
        pytest.param(request("GET", b"/a b"), id="space in the target"),
        pytest.param(request("GET", b"/", [(b"A", b"b\r\nC: d")]), id="line break in a value"),
        pytest.param(request("GET", b"/", [(b"A", b"b\nC: d")]), id="LF in a value"),
        pytest.param(request("GET", b"/", [(b"A", b"b\rC")]), id="CR in a value"),
        pytest.param(
            request("POST", b"/", [(b"Transfer-Encoding", b"chunked")]), id="a coding by hand"
        ),
        pytest.param(request("POST", b"/", [(b"Content-Length", b"3")]), id="unknown length"),
        pytest.param(
            request("POST", content_length=3)._replace(content_length=4),
            id="another length",
        ),
        pytest.param(request("POST", chunked=True, content_length=3), id="both length and coding"),
        pytest.param(request("POST")._replace(content_length=3), id="length left out"),
    ],
)
def test_a_head_that_would_be_read_as_another_request_is_not_written(asked: Request) -> None:
    with pytest.raises(ValueError):
        request_head(asked)


async def test_an_announced_body_must_be_given(serve: Serve, pool: Pool) -> None:
    with pytest.raises(ValueError, match="announces a body"):
        await pool.send(await serve(answering(OK)), request("POST", content_length=1))


def test_an_empty_body_keeps_its_content_length() -> None:
    assert b"\r\nContent-Length: 0\r\n" in request_head(request("POST", content_length=0))
