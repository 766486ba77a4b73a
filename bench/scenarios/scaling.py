"""What a request costs as connections and sessions become many."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from contextlib import AsyncExitStack

from wixproxy.sansio.cookies import CookiePolicy
from wixproxy.sansio.keyring import Keyring
from wixproxy.sansio.session import encode
from wixproxy.stores.cookie import PURPOSE

from ..course import Course
from ..figures import ERRORS, Case, Figures
from ..loads.asking import ask_each
from ..loads.browser import asset, call
from ..measuring import cpu_seconds, memory
from ..peers.peer import Task
from ..peers.populated import Populated, session_id, visitors
from ..peers.wixproxy import CLIENT_ID, Wixproxy
from ..processes import HOST, Server
from ..upstreams.content import API_PATH, API_PREFIX, SMALL, content
from .requests import CONNECTIONS, MAIN_PEERS, MIB, MICRO, ask, before_content

CONNECTION_COUNTS, QUICK_CONNECTION_COUNTS = (1, 100, 1_000, 5_000), (1, 100)
SESSION_COUNTS, QUICK_SESSION_COUNTS = (1, 10_000), (1, 1_000)
MILLION = 1_000_000
REQUESTS, QUICK_REQUESTS = 20_000, 2_000


async def connections(course: Course) -> None:
    """A file of 1 kB over one connection, and over thousands."""
    counts = QUICK_CONNECTION_COUNTS if course.quick else CONNECTION_COUNTS
    async with before_content(course, names=MAIN_PEERS) as servers:
        for count in counts:
            case = Case(
                f"connections-{count}",
                f"A file of 1 kB over {count:,} {'connection' if count == 1 else 'connections'}",
                "GET, kept connections, a browser's header fields",
            )
            await ask(
                course,
                case,
                servers,
                lambda server: asset(SMALL, server.origin),
                connections=count,
            )


async def sessions(course: Course) -> None:
    """A call to Wix from one session, from thousands, and from a million, in both stores."""
    case = Case(
        "sessions",
        "A call to Wix below /_wix/api, each from another of many sessions",
        f"GET, {CONNECTIONS} kept connections; a million sessions call once each",
        yardstick="cookie, 1",
    )
    await _calls(course, case, QUICK_SESSION_COUNTS if course.quick else SESSION_COUNTS)
    if not course.quick:
        await _calls(course, case, [MILLION], rounds=1)


async def _calls(
    course: Course, case: Case, counts: tuple[int, ...] | list[int], rounds: int | None = None
) -> None:
    peers: dict[str, tuple[Wixproxy, int]] = {}
    for count in counts:
        peers[f"cookie, {count:,}"] = (Wixproxy(), count)
        peers[f"memory, {count:,}"] = (Populated(count), count)
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(content(course.folder))
        servers = {
            name: await running.enter_async_context(
                peer.serving(Task(upstream.port), course.folder)
            )
            for name, (peer, _) in peers.items()
        }
        names = {server.port: name for name, server in servers.items()}

        async def measure(server: Server) -> Figures:
            peer, count = peers[names[server.port]]
            total = max(count, QUICK_REQUESTS if course.quick else REQUESTS)
            requests = itertools.islice(_requests(server, peer, count), total)
            before = cpu_seconds(server.pid)
            answers = await ask_each(server, requests, CONNECTIONS)
            spent = cpu_seconds(server.pid) - before
            return {
                "cpu_us": spent / total * MICRO,
                "p50_ms": statistics.median(answers.taken_ms),
                "rss_mib": memory(server.pid).rss_bytes / MIB,
                "requests": total,
                ERRORS: answers.errors,
            }

        await course.measure(case, servers, measure, rounds=rounds)


def _requests(server: Server, peer: Wixproxy, count: int) -> Iterator[bytes]:
    """Make calls, each with the cookie of the next session, over and over."""
    origin = f"http://{HOST}:{server.port}"
    name = CookiePolicy.for_origin("http", server.port).session
    asked = call(API_PREFIX + API_PATH, origin)
    lines = [f"GET {asked.path} HTTP/1.1", f"Host: {HOST}:{server.port}"]
    lines += [f"{field}: {value}" for field, value in asked.headers.items()]
    head = "\r\n".join(lines)
    keyring, bound_to = Keyring([peer.key]), (name, CLIENT_ID, origin)
    while True:
        if isinstance(peer, Populated):
            texts: Iterator[str] = map(session_id, range(count))
        else:
            texts = (
                keyring.seal(PURPOSE, encode(session), bound_to) for session in visitors(count)
            )
        for text in texts:
            # The cookies stand last among the fields.
            yield f"{head}; {name}={text}\r\n\r\n".encode("ascii")
