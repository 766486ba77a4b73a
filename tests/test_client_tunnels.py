"""Connections of clients after an upgrade, over real sockets."""

from __future__ import annotations

import asyncio

from tests.public_listener import PIECE, PIECES, listening, settled
from wixproxy.downstream import ClientDownstream

UPGRADE = (
    b"GET /socket HTTP/1.1\r\nHost: shop.example\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)
SWITCHED = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]


async def echo(downstream: ClientDownstream) -> None:
    """Switch protocols, and send back what comes until the client has said all."""
    await downstream.head(101, SWITCHED)
    stream = downstream.upgrade()
    while data := await stream.read():
        await stream.write(data)
    stream.write_eof()
    stream.close()


async def test_after_an_upgrade_bytes_travel_both_ways_as_they_are() -> None:
    async with listening(echo) as listener:
        client = await listener.client(UPGRADE)
        head = await client.head()
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert b"Transfer-Encoding" not in head
        assert b"Connection: close" not in head
        for data in (b"\x81\x05hello", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256))):
            await client.send(data)
            assert await client.exactly(len(data)) == data


async def test_bytes_that_came_with_the_upgrade_are_not_lost() -> None:
    async with listening(echo) as listener:
        client = await listener.client(UPGRADE + b"early")
        await client.head()
        assert await client.exactly(5) == b"early"


async def test_an_end_of_file_in_a_tunnel_is_passed_on_and_ends_one_direction() -> None:
    async with listening(echo) as listener:
        client = await listener.client(UPGRADE)
        await client.head()
        await client.send(b"last words")
        client.half_close()
        assert await client.rest() == b"last words"


async def test_a_tunnel_whose_reader_lags_stops_reading_from_the_client() -> None:
    go_on = asyncio.Event()
    taken = 0

    async def serve(downstream: ClientDownstream) -> None:
        nonlocal taken
        await downstream.head(101, SWITCHED)
        stream = downstream.upgrade()
        await go_on.wait()
        while data := await stream.read():
            taken += len(data)

    async with listening(serve) as listener:
        client = await listener.client(UPGRADE)
        await client.head()
        sent = 0

        async def flood() -> None:
            nonlocal sent
            for _ in range(PIECES):
                await client.send(PIECE)
                sent += 1
            client.half_close()

        flooding = asyncio.create_task(flood())
        assert await settled(lambda: sent) < PIECES / 2
        go_on.set()
        async with asyncio.timeout(10):
            await flooding
        await client.rest()
    assert taken == PIECES * len(PIECE)


async def test_a_client_that_leaves_a_tunnel_wakes_its_reader() -> None:
    outcome: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(downstream: ClientDownstream) -> None:
        await downstream.head(101, SWITCHED)
        stream = downstream.upgrade()
        try:
            outcome.set_result(await stream.read())
        except asyncio.CancelledError:
            outcome.set_result(b"")
            raise

    async with listening(serve) as listener:
        client = await listener.client(UPGRADE)
        await client.head()
        client.reset()
        async with asyncio.timeout(5):
            assert await outcome == b""
