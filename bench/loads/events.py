"""Listen to server-sent events that carry the time at which they were sent."""

from __future__ import annotations

import asyncio
import time
from array import array

import aiohttp

from ..processes import Server

SLACK_SECONDS = 30.0


async def listen(
    server: Server, target: str, *, listeners: int, count: int, every_ms: int
) -> array[float]:
    """Take so many events at each listener; return how long each was on its way, in ms."""
    taken = array("d")
    query = {"count": str(count), "every_ms": str(every_ms)}

    async def one(http: aiohttp.ClientSession) -> None:
        async with http.get(target, params=query) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    taken.append((time.monotonic_ns() - int(line[6:])) / 1e6)

    async with (
        asyncio.timeout(count * every_ms / 1000 + SLACK_SECONDS),
        aiohttp.ClientSession(
            server.origin,
            connector=aiohttp.TCPConnector(limit=0),
            headers={"Accept": "text/event-stream"},
        ) as http,
    ):
        await asyncio.gather(*(one(http) for _ in range(listeners)))
    if len(taken) != listeners * count:
        raise RuntimeError(f"{len(taken)} of {listeners * count} events arrived")
    return taken
