"""P30: beyond the last client there is room for, each is told so, and nobody else suffers."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.public_listener import GET, Client, listening
from wixproxy.downstream import ClientDownstream
from wixproxy.turned_away import MOST_HEARD


async def serve(downstream: ClientDownstream) -> None:
    await downstream.answer(200, [], b"ok")


async def served(client: Client) -> bytes:
    await client.send(GET)
    await client.head()
    return await client.exactly(2)


async def test_a_client_beyond_the_last_is_told_to_come_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listening(serve, max_connections=2) as listener:
        inside = [await listener.client() for _ in range(2)]
        assert [await served(client) for client in inside] == [b"ok", b"ok"]
        for _ in range(3):
            head, body = await listener.answer(GET)
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 1\r\n" in head
            assert json.loads(body)["code"] == "too_many_connections"
        assert await served(inside[0]) == b"ok"
    assert caplog.text.count("more are turned away") == 1


async def test_whoever_leaves_makes_room(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(serve, max_connections=1) as listener:
        first = await listener.client()
        assert await served(first) == b"ok"
        first.leave()
        async with asyncio.timeout(5):
            while listener.server.connections:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)
        assert await served(await listener.client()) == b"ok"
    assert "turned away" not in caplog.text


async def test_in_a_crowd_nobody_is_waited_for() -> None:
    """Those who say nothing would hold the files that the others need."""
    async with listening(serve, max_connections=1) as listener:
        assert await served(await listener.client()) == b"ok"
        silent = [await listener.client() for _ in range(MOST_HEARD + 3)]
        told = [await client.rest() for client in silent]
        assert told.count(b"") == MOST_HEARD
        assert sum(answer.startswith(b"HTTP/1.1 503 ") for answer in told) == 3
