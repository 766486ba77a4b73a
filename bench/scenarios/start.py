"""How long commands take from their call: until the ready line, or until they have answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from ..course import Course
from ..figures import Case, Figures
from ..peers.peer import Task
from ..peers.wixproxy import Wixproxy
from ..processes import HOST, Server, child, free_port
from ..upstreams.content import content

READY = b"is ready at"
ROUNDS = 3
LIMIT_SECONDS = 60.0


async def start(course: Course) -> None:
    """Cold start of `serve`, of `serve --emulator`, and of `--help`."""
    ours = Wixproxy()
    async with AsyncExitStack() as running:
        upstream = await running.enter_async_context(content(course.folder))

        def serve() -> list[str]:
            port = free_port()
            home = course.folder / f"start-{port}"
            home.mkdir()
            return ours.command(Task(upstream.port), port, home)

        def emulator() -> list[str]:
            return [*ours.module(), "--emulator", "--host", HOST, "--port", str(free_port())]

        def help_() -> list[str]:
            return [*ours.module()[:-1], "--help"]

        commands = {"serve": serve, "serve --emulator": emulator, "--help": help_}
        # Nothing runs yet: the place of a server holds the command's name.
        names = {name: Server(name, 0, 0) for name in commands}

        async def measure(server: Server) -> Figures:
            is_server = server.name != "--help"
            return {"start_ms": await _seconds(course, commands[server.name](), is_server) * 1000}

        case = Case(
            "start",
            "How long wixproxy takes to start",
            "from the call to the ready line, or to the end of --help; files are cached",
            compares="start_ms",
            yardstick="serve",
        )
        await course.measure(case, names, measure, warms_up=measure, rounds=course.rounds * ROUNDS)


async def _seconds(course: Course, command: Sequence[str], is_server: bool) -> float:
    """Run a command until it is ready, or over; return how long that took."""
    began = time.perf_counter()
    async with child(command, folder=course.folder) as process, asyncio.timeout(LIMIT_SECONDS):
        assert process.stdout is not None
        said = b""
        while line := await process.stdout.readline():
            said += line
            if is_server and READY in line:
                return time.perf_counter() - began
        if is_server or await process.wait() != 0:
            raise RuntimeError(f"it ended early: {said[-500:].decode('utf-8', 'replace')}")
        return time.perf_counter() - began
