"""Requests that come one after the other on kept connections: files, API calls, bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ..course import Course
from ..figures import ERRORS, Case, Figures
from ..loads.browser import Asked, asset, call, sealed_session
from ..loads.wrk import wrk
from ..measuring import cpu_seconds, memory, reset_peak
from ..peers import OURS
from ..peers.peer import Task
from ..processes import Server
from ..upstreams.content import (
    API_PATH,
    API_PREFIX,
    LARGE,
    MIDDLE,
    PAGE,
    SMALL,
    content,
    tokens_answer,
)
from ..upstreams.streams import SINK, streams

CONNECTIONS = 32
LARGE_CONNECTIONS = 8
WARM_UP_SECONDS, WARM_UP_SHARE = 1, 5
CONNECTIONS_PER_SECOND = 200
UPLOAD_BYTES = 64 * 1024
MICRO = 1e6
MIB = 2**20

HOW = f"GET, {CONNECTIONS} kept connections, a browser's header fields"

# What is compared where all of them would take too long.
MAIN_PEERS = ("nginx", OURS, "http-proxy-3", "naive-aiohttp")

Servers = Mapping[str, Server]
Ask = Callable[[Server], Asked]


async def frontend(course: Course) -> None:
    """A file of 1 kB, as a browser asks for it that has no session yet."""
    async with before_content(course) as servers:
        case = Case("frontend", "A file of 1 kB from the frontend", HOW)
        await ask(course, case, servers, lambda server: asset(SMALL, server.origin))


async def frontend_session(course: Course) -> None:
    """The same file, as it is asked for from then on."""
    async with before_content(course) as servers:
        case = Case(
            "frontend-session",
            "A file of 1 kB from the frontend, with a sealed session in the cookie",
            f"{HOW} and one sealed session",
        )
        cookie = await session_cookie(servers)
        await ask(course, case, servers, lambda server: asset(SMALL, server.origin, cookie))


async def api(course: Course) -> None:
    """A call to Wix: wixproxy opens the session and attaches its token, the others a fixed one."""
    token = str(tokens_answer()["access_token"])
    path = API_PREFIX + API_PATH
    async with before_content(course, authorization=token) as servers:
        cookie = await session_cookie(servers)
        case = Case(
            "api",
            "A call to Wix below /_wix/api with a sealed session",
            f"GET, {CONNECTIONS} kept connections, 1 kB of JSON; the others attach a fixed token",
        )
        await ask(course, case, servers, lambda server: call(path, server.origin, cookie))


async def bodies(course: Course) -> None:
    """Bodies of 64 kB and 1 MB down, and of 64 kB up."""
    async with before_content(course) as servers:
        case = Case("body-64k", "A body of 64 kB from the frontend", HOW)
        await ask(course, case, servers, lambda server: asset(MIDDLE, server.origin))
        how = f"GET, {LARGE_CONNECTIONS} kept connections, a browser's header fields"
        case = Case("body-1m", "A body of 1 MB from the frontend", how)
        await ask(
            course,
            case,
            servers,
            lambda server: asset(LARGE, server.origin),
            connections=LARGE_CONNECTIONS,
        )
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(streams(course.folder))
        servers = await course.start(running, Task(upstream.port))
        how = f"POST, {LARGE_CONNECTIONS} kept connections, a browser's header fields"
        await ask(
            course,
            Case("upload-64k", "A body of 64 kB to the frontend", how),
            servers,
            lambda server: call(SINK, server.origin),
            connections=LARGE_CONNECTIONS,
            upload_bytes=UPLOAD_BYTES,
        )


@asynccontextmanager
async def before_content(
    course: Course, *, authorization: str | None = None, names: Sequence[str] | None = None
) -> AsyncIterator[Servers]:
    """Run the peers, or those of `names`, in front of the files and the API."""
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(content(course.folder))
        yield await course.start(running, Task(upstream.port, authorization), names)


async def session_cookie(servers: Servers) -> str:
    """Return the cookie of a browser that visited a page and called Wix once."""
    return await sealed_session(servers[OURS], PAGE, API_PREFIX + API_PATH)


async def ask(
    course: Course,
    case: Case,
    servers: Servers,
    asked: Ask,
    *,
    connections: int = CONNECTIONS,
    upload_bytes: int = 0,
) -> None:
    """Measure what one request costs while it is sent over and over."""
    # Long enough that what it costs to open thousands of connections is a small part.
    long = max(course.seconds, connections // CONNECTIONS_PER_SECOND)

    async def measure(server: Server, seconds: int = long) -> Figures:
        return await request_cost(
            server,
            asked(server),
            seconds=seconds,
            folder=course.folder,
            connections=connections,
            upload_bytes=upload_bytes,
        )

    async def warm_up(server: Server) -> Figures:
        return await measure(server, max(WARM_UP_SECONDS, long // WARM_UP_SHARE))

    await course.measure(case, servers, measure, warms_up=None if course.quick else warm_up)


async def request_cost(
    server: Server,
    asked: Asked,
    *,
    seconds: int,
    folder: Path,
    connections: int = CONNECTIONS,
    upload_bytes: int = 0,
) -> Figures:
    """Send one request over and over; return what each cost, and how fast they were answered."""
    reset_peak(server.pid)
    before = cpu_seconds(server.pid)
    counted = await wrk(
        server,
        asked,
        seconds=seconds,
        connections=connections,
        folder=folder,
        upload_bytes=upload_bytes,
    )
    spent = cpu_seconds(server.pid) - before
    held = memory(server.pid)
    if not counted.requests:
        raise RuntimeError(f"no answer within {seconds} s")
    return {
        "cpu_us": spent / counted.requests * MICRO,
        "per_second": counted.requests / counted.seconds,
        "p50_ms": counted.p50_ms,
        "p99_ms": counted.p99_ms,
        "rss_mib": held.rss_bytes / MIB,
        "peak_mib": held.peak_bytes / MIB,
        "requests": counted.requests,
        ERRORS: counted.refused + counted.failed,
    }
