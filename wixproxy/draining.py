"""Stop serving without losing an answer.

1. First it is only said: every answer from now on closes its connection,
   readiness is gone, and everything is still taken, until whoever balances
   the load has noticed.
2. Then nobody new is let in, what waits in the kernel is taken, and the
   listeners close.
3. What is under way goes on to its end. A connection on which nothing is
   under way is closed; one that has asked for nothing yet gets a moment,
   because its first request may be on the way. Event streams are ended;
   WebSockets are told that the server goes away, and get the same moment.
4. What is left when the time is over is cut, and looks cut.

Source: RFC 9112 §9.6, RFC 6455 §7.4.1 (1001, going away).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence

from .listening import HANDSHAKE_SECONDS, has_something, let_nobody_in
from .protocol import PublicServer

# How long a first request may be on the way, and a WebSocket's answer to a goodbye.
MOMENT_SECONDS = 1.0
POLL_SECONDS = 0.01
# How long cut exchanges may take to clean up.
CUT_SECONDS = 1.0

log = logging.getLogger("wixproxy.server")


def announce(servers: Sequence[PublicServer]) -> None:
    """Have every answer from now on close its connection."""
    for server in servers:
        server.draining = True


async def close_listeners(
    listeners: Sequence[asyncio.Server], sockets: Sequence[socket.socket], timeout_seconds: float
) -> None:
    """Let nobody new in, take those who wait at the door, and close it.

    Where the door cannot be shut for newcomers, it is closed after `timeout_seconds`.
    """
    if sockets:
        let_nobody_in(sockets)
        # The listeners go on to accept meanwhile; a busy loop takes one at a time.
        await asyncio.sleep(HANDSHAKE_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await _emptied_queues(sockets)
    for listener in listeners:
        listener.close()
    for opened in sockets:
        opened.close()


async def _emptied_queues(sockets: Sequence[socket.socket]) -> None:
    for opened in sockets:
        while has_something(opened):  # noqa: ASYNC110 - only the kernel knows
            await asyncio.sleep(POLL_SECONDS)


async def finish(
    servers: Sequence[PublicServer], timeout_seconds: float, hurried: asyncio.Event
) -> None:
    """Wait until every connection has ended; cut what is left.

    That is after `timeout_seconds`, or as soon as somebody is in a hurry.
    """
    waiting = {
        asyncio.create_task(_all_emptied(servers)),
        asyncio.create_task(_until_set(hurried)),
    }
    await asyncio.wait(waiting, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    left = sum(len(server.connections) for server in servers)
    if left:
        log.warning("%d connections are cut", left)
    for server in servers:
        server.cut()
    await asyncio.gather(*(server.shutdown(CUT_SECONDS) for server in servers))


async def _all_emptied(servers: Sequence[PublicServer]) -> None:
    await asyncio.gather(*(_emptied(server) for server in servers))


async def _until_set(event: asyncio.Event) -> None:
    await event.wait()


async def _emptied(server: PublicServer) -> None:
    server.dismiss(patiently=True)
    insisting = asyncio.get_running_loop().call_later(
        MOMENT_SECONDS, lambda: server.dismiss(patiently=False)
    )
    try:
        await server.emptied()
    finally:
        insisting.cancel()
