"""An app's own server, as far as Wix calls it: it keeps what is posted and answers as told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer

Behaviour = Callable[[int], Awaitable[web.Response]]


class Receiver:
    """Every post that came, and a behaviour that is asked for each answer by its number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.paths: list[str] = []
        self.types: list[str] = []
        self.hosts: list[str] = []
        self.behaviour: Behaviour = self.accept
        self._arrived = asyncio.Condition()
        self.url = ""

    async def accept(self, _: int) -> web.Response:
        return web.Response(text="")

    async def receive(self, request: web.Request) -> web.Response:
        self.texts.append(await request.text())
        self.paths.append(request.path)
        self.types.append(request.content_type)
        self.hosts.append(request.host)
        number = len(self.texts)
        async with self._arrived:
            self._arrived.notify_all()
        return await self.behaviour(number)

    async def until(self, count: int) -> None:
        """Return once so many posts have come."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.texts) >= count)

    def events(self, public_key: str) -> list[dict[str, Any]]:
        """Return the domain events received, verified."""
        found = []
        for text in self.texts:
            claims = jwt.decode(text, public_key, ["RS256"], options={"verify_exp": False})
            told = json.loads(claims["data"])
            identity = json.loads(told["identity"]) if "identity" in told else None
            event = json.loads(told["data"])
            found.append({**event, "eventType": told["eventType"], "identity": identity})
        return found


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.receive)
    async with TestServer(app) as server:
        receiver.url = f"http://127.0.0.1:{server.port}"
        yield receiver
