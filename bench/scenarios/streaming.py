"""Connections that stay: WebSockets that echo, WebSockets that idle, and events."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from ..course import Course
from ..figures import Case, Figures
from ..loads.events import listen
from ..loads.sockets import echo, echo_paced, sockets
from ..measuring import cpu_seconds, memory
from ..peers.peer import Task
from ..processes import Server
from ..upstreams.streams import ECHO, EVENTS, streams
from .requests import MICRO

SOCKETS = 32
PAUSE_SECONDS = 0.02
IDLE_SOCKETS, QUICK_IDLE_SOCKETS = 5_000, 200
SETTLE_SECONDS = 1.0
LISTENERS = 20
EVERY_MS = 20


async def websocket(course: Course) -> None:
    """What a message costs, and how much later it arrives."""
    async with _before_streams(course) as servers:

        async def cost(server: Server) -> Figures:
            async with sockets(server, ECHO, SOCKETS) as opened:
                before = cpu_seconds(server.pid)
                count = await echo(opened, course.seconds)
                spent = cpu_seconds(server.pid) - before
            return {"cpu_us": spent / count * MICRO, "per_second": count / course.seconds}

        async def latency(server: Server) -> Figures:
            async with sockets(server, ECHO, SOCKETS) as opened:
                return _latency(await echo_paced(opened, course.seconds, PAUSE_SECONDS))

        proxies = {name: server for name, server in servers.items() if name != "direct"}
        how = f"64 bytes, {SOCKETS} connections"
        case = Case("websocket", "A WebSocket message and its echo", f"{how}, without a pause")
        await course.measure(case, proxies, cost, warms_up=cost)
        case = Case(
            "websocket-latency",
            "How long a WebSocket message and its echo are on their way",
            f"{how}, one message every {PAUSE_SECONDS * 1000:g} ms on each",
            compares="p50_ms",
            yardstick="direct",
        )
        await course.measure(case, servers, latency)


async def idle(course: Course) -> None:
    """What a WebSocket that says nothing holds in memory."""
    count = QUICK_IDLE_SOCKETS if course.quick else IDLE_SOCKETS
    case = Case(
        "idle-websockets",
        "Memory of idle WebSockets",
        f"{count:,} connections, growth of the resident memory",
        compares="kb_each",
    )

    async def grown(server: Server) -> Figures:
        before = memory(server.pid).rss_bytes
        async with sockets(server, ECHO, count):
            await asyncio.sleep(SETTLE_SECONDS)
            held = memory(server.pid).rss_bytes - before
        return {"kb_each": held / count / 1000, "grown_mb": held / 1e6}

    for _ in range(course.rounds):
        # What one round freed the next would fill: each has new processes.
        async with _before_streams(course) as servers:
            del servers["direct"]
            await course.measure(case, servers, grown, rounds=1)


async def events(course: Course) -> None:
    """How much later a server-sent event arrives."""
    count = course.seconds * 1000 // EVERY_MS
    case = Case(
        "events",
        "How long a server-sent event is on its way",
        f"{LISTENERS} listeners, an event every {EVERY_MS} ms",
        compares="p50_ms",
        yardstick="direct",
    )

    async def latency(server: Server) -> Figures:
        taken = await listen(server, EVENTS, listeners=LISTENERS, count=count, every_ms=EVERY_MS)
        return _latency(taken)

    async with _before_streams(course) as servers:
        await course.measure(case, servers, latency)


@asynccontextmanager
async def _before_streams(course: Course) -> AsyncIterator[dict[str, Server]]:
    """Run the peers in front of the streams; `direct` is without any."""
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(streams(course.folder))
        yield {"direct": upstream, **await course.start(running, Task(upstream.port))}


def _latency(taken_ms: Sequence[float]) -> Figures:
    """Return the middle and the slowest hundredth."""
    cuts = statistics.quantiles(taken_ms, n=100)
    return {"p50_ms": cuts[49], "p99_ms": cuts[98], "messages": len(taken_ms)}
