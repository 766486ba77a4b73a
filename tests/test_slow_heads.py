"""Heads that come in pieces: in time they are served, and too slow they are refused (P21)."""

from __future__ import annotations

import asyncio

import pytest

from tests.public_listener import GET, Client, listening
from wixproxy.downstream import ClientDownstream
from wixproxy.errors import HeadTooSlow

BEGINNING, END = GET[:-4] + b"\r\nX-Long: a", b"\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\n"
SHORT, LONG = 0.05, 60.0


async def answer_page(downstream: ClientDownstream) -> None:
    await downstream.read_whole(10)
    await downstream.answer(200, [])


async def served(client: Client) -> None:
    """Read a whole answer of `answer_page`."""
    assert (await client.head()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("before", [b"", GET], ids=["first request", "later request"])
async def test_a_head_that_is_not_whole_in_time_is_refused(before: bytes) -> None:
    """P21."""
    async with listening(answer_page, head_seconds=SHORT, keepalive_seconds=LONG) as listener:
        client = await listener.client(before)
        if before:
            await served(client)
        await client.send(BEGINNING)
        answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"head_too_slow")
    assert [type(error) for error in listener.refused] == [HeadTooSlow]


async def test_a_head_whose_beginning_came_with_its_connection_has_the_same_time() -> None:
    """What waits on a busy machine is read in the moment in which its connection is taken."""
    async with listening(answer_page, head_seconds=SHORT) as listener:
        client = await listener.early_client(BEGINNING)
        assert (await client.head()).startswith(b"HTTP/1.1 408 ")


async def test_a_head_that_drips_gets_no_more_time_by_that() -> None:
    async with listening(answer_page, head_seconds=SHORT) as listener:
        client = await listener.client(BEGINNING)
        async with asyncio.timeout(5):
            while not listener.refused:
                await client.send(b"x")
                await asyncio.sleep(SHORT / 10)
        assert (await client.head()).startswith(b"HTTP/1.1 408 ")


async def test_a_head_in_two_pieces_is_served_and_what_follows_has_its_own_time() -> None:
    async with listening(answer_page, head_seconds=SHORT * 10) as listener:
        client = await listener.client(BEGINNING)
        await asyncio.sleep(SHORT)
        await client.send(END)
        await served(client)
        # Its time is over now, and it was in time.
        await asyncio.sleep(SHORT * 10)
        await client.send(GET)
        await served(client)
    assert listener.refused == []


async def test_the_time_of_an_idle_connection_does_not_end_a_head_that_has_begun() -> None:
    async with listening(answer_page, keepalive_seconds=SHORT * 10, head_seconds=LONG) as listener:
        client = await listener.client(BEGINNING)
        await asyncio.sleep(SHORT * 14)
        await client.send(END)
        await served(client)


@pytest.mark.parametrize("between", [b"", b"\r\n"], ids=["nothing", "an empty line"])
async def test_an_idle_connection_owes_no_head(between: bytes) -> None:
    async with listening(answer_page, head_seconds=SHORT, keepalive_seconds=LONG) as listener:
        client = await listener.client(POST)
        await client.send(b"ab")
        await served(client)
        await client.send(between)
        await asyncio.sleep(SHORT * 4)
        await client.send(GET)
        await served(client)
    assert listener.refused == []


async def test_the_next_head_has_time_while_the_answer_to_one_before_takes_long() -> None:
    goes_on = asyncio.Event()

    async def answer_late(downstream: ClientDownstream) -> None:
        await goes_on.wait()
        await downstream.answer(200, [])

    async with listening(answer_late, head_seconds=SHORT) as listener:
        client = await listener.client(GET)
        await client.send(BEGINNING)
        await asyncio.sleep(SHORT * 4)
        goes_on.set()
        await served(client)
        await client.send(END)
        await served(client)
    assert listener.refused == []


async def test_a_head_that_comes_at_once_starts_no_timer() -> None:
    """The one timer of a connection, which closes it when it is idle, is left as it is."""
    async with listening(answer_page) as listener:
        client = await listener.client(GET)
        await served(client)
        (connection,) = listener.server.connections
        timer = connection._keepalive_handle
        assert timer is not None
        for _ in range(3):
            await client.send(GET)
            await served(client)
        assert connection._keepalive_handle is timer
