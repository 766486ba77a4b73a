"""One large body down, one up, and one whose reader stops reading."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp

from ..course import Course
from ..figures import Case, Figures
from ..loads.browser import asset, call
from ..loads.transfers import download, stopped_download, upload
from ..measuring import cpu_seconds, memory, reset_peak
from ..peers.peer import Task
from ..processes import Server
from ..upstreams.streams import SENT, SINK, SOURCE, streams
from .requests import MIB

GIB = 2**30
QUICK_BYTES = 64 * MIB
READ_BYTES = 8 * MIB
STALL_SECONDS = 2.0


async def transfers(course: Course) -> None:
    """Throughput and memory of large bodies; how far the upstream runs ahead of a reader."""
    size = QUICK_BYTES if course.quick else GIB
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(streams(course.folder))
        servers = {
            "direct": upstream,
            **await course.start(running, Task(upstream.port)),
        }
        target = f"{SOURCE}?bytes={size}"
        told = f"{size // MIB} MiB on one connection, as fast as it goes"

        async def down(server: Server) -> Figures:
            with _Cost(server, size) as cost:
                seconds = await download(server, target, asset(target, server.origin).headers)
            return cost.figures(seconds)

        async def up(server: Server) -> Figures:
            with _Cost(server, size) as cost:
                seconds = await upload(server, SINK, call(SINK, server.origin).headers, size)
            return cost.figures(seconds)

        async def stalled(server: Server) -> Figures:
            headers = asset(target, server.origin).headers
            reset_peak(server.pid)
            before = memory(server.pid)
            async with stopped_download(server, target, headers, READ_BYTES) as reading:
                await asyncio.sleep(STALL_SECONDS)
                sent = await _sent(upstream)
                ahead = sent - reading.received
                if sent >= size:
                    raise RuntimeError("the upstream sent everything to a reader that had stopped")
            grown = memory(server.pid).peak_bytes - before.rss_bytes
            return {"ahead_mib": ahead / MIB, "growth_mib": max(0, grown) / MIB}

        speed = "mib_per_second"
        await course.measure(
            Case("download", "A large body down", f"GET, {told}", speed), servers, down
        )
        await course.measure(Case("upload", "A large body up", f"POST, {told}", speed), servers, up)
        case = Case(
            "stall",
            "A large body down, to a reader that stops",
            f"GET, {READ_BYTES // MIB} MiB are read, then nothing for {STALL_SECONDS:g} s",
            compares="ahead_mib",
            yardstick="direct",
        )
        await course.measure(case, servers, stalled)


class _Cost:
    """What a server spends while one body passes."""

    def __init__(self, server: Server, size: int) -> None:
        self._pid = server.pid
        self._size = size

    def __enter__(self) -> _Cost:
        reset_peak(self._pid)
        self._rss_bytes = memory(self._pid).rss_bytes
        self._cpu_seconds = cpu_seconds(self._pid)
        return self

    def __exit__(self, *failure: object) -> None:
        self._cpu_seconds = cpu_seconds(self._pid) - self._cpu_seconds
        self._grown = memory(self._pid).peak_bytes - self._rss_bytes

    def figures(self, seconds: float) -> Figures:
        """Return the cost of the body that took so long."""
        return {
            "mib_per_second": self._size / MIB / seconds,
            "cpu_ms_per_mib": self._cpu_seconds * 1000 / (self._size / MIB),
            "growth_mib": max(0, self._grown) / MIB,
        }


async def _sent(upstream: Server) -> int:
    """Ask the upstream, beside all proxies, how much it has got rid of."""
    async with aiohttp.ClientSession() as http, http.get(upstream.origin + SENT) as answer:
        told: dict[str, int] = await answer.json()
    return told["bytes"]
