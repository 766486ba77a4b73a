"""A frontend that handles events and plugin requests, and remembers each call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Call:
    """One call of a handler."""

    path: str
    headers: dict[str, str]
    body: Any

    @property
    def event_id(self) -> str:
        return self.headers["X-Wix-Event-Id"]

    @property
    def attempt(self) -> int:
        return int(self.headers["X-Wix-Event-Attempt"])

    @property
    def late(self) -> bool:
        return self.headers.get("X-Wix-Event-Late") == "true"


Answer = Callable[[Call], Awaitable[web.Response]]


async def takes_it(call: Call) -> web.Response:
    return web.Response(status=204)


class EventHandlers:
    """The frontend; `answer` decides what each call gets."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: Answer = takes_it
        self.origin = ""
        self._called = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://localhost:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def called(self, count: int, seconds: float = 10) -> list[Call]:
        """Return the calls once there are so many."""
        async with asyncio.timeout(seconds), self._called:
            await self._called.wait_for(lambda: len(self.calls) >= count)
        return self.calls

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        call = Call(request.path, dict(request.headers), body)
        self.calls.append(call)
        async with self._called:
            self._called.notify_all()
        return await self.answer(call)
