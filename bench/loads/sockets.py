"""Open WebSockets and keep them: echoing without a pause, echoing now and then, or idle."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from ..processes import Server
from .browser import OTHER_COOKIES

MESSAGE = bytes(64)
OPENED_AT_ONCE = 64
ANSWER_SECONDS = 20.0

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def sockets(server: Server, target: str, count: int) -> AsyncIterator[list[Socket]]:
    """Open so many WebSockets, a few at once, and close them when the block ends."""
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    async with AsyncExitStack() as closing:
        http = await closing.enter_async_context(
            aiohttp.ClientSession(
                server.origin,
                connector=aiohttp.TCPConnector(limit=0),
                headers={"Cookie": OTHER_COOKIES},
            )
        )

        async def opened() -> Socket:
            async with gate, asyncio.timeout(ANSWER_SECONDS):
                return await http.ws_connect(target, origin=server.origin, autoping=True)

        yield await asyncio.gather(*(opened() for _ in range(count)))


async def echo(opened: list[Socket], seconds: float) -> int:
    """Send on each as soon as the last message came back; return how many came back."""
    ends_at = time.monotonic() + seconds

    async def one(socket: Socket) -> int:
        count = 0
        while time.monotonic() < ends_at:
            await _round_trip(socket)
            count += 1
        return count

    return sum(await asyncio.gather(*map(one, opened)))


async def echo_paced(opened: list[Socket], seconds: float, pause_seconds: float) -> array[float]:
    """Send on each with pauses; return how long each message was on its way, in ms."""
    ends_at = time.monotonic() + seconds
    taken = array("d")

    async def one(socket: Socket, begins_after: float) -> None:
        await asyncio.sleep(begins_after)
        while (began := time.monotonic()) < ends_at:
            await _round_trip(socket)
            taken.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(pause_seconds)

    share = pause_seconds / len(opened)
    await asyncio.gather(*(one(socket, share * place) for place, socket in enumerate(opened)))
    return taken


async def _round_trip(socket: Socket) -> None:
    await socket.send_bytes(MESSAGE)
    message = await socket.receive(timeout=ANSWER_SECONDS)
    if message.data != MESSAGE:
        raise RuntimeError(f"a message came back as {message.type.name}")
