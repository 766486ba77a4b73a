"""Server code of the frontend, as it calls the backend listener."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from tests.conftest import HandClock
from tests.stage import Stage, staged
from wixproxy.config import Config
from wixproxy.listening import listen

SECRET = "backend-secret-of-forty-characters-0123456"


class Program:
    """Server code that calls the backend listener."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.origin = ""

    async def listen(self) -> None:
        """Open the proxy's backend listener."""
        sockets = listen("127.0.0.1", 0)
        await self.stage.proxy.start_backend(sockets)
        self.origin = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"

    async def restart(self, config: Config) -> None:
        """Stop the proxy and start another one, with a backend listener."""
        await self.stage.restart(config)
        await self.listen()

    async def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        """Call with the secret, unless another one is given; return status, values, headers."""
        return await self.call("GET", path, None, **headers)

    async def call(self, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any, Any]:
        """Call with a method and a JSON body; return status, values, headers."""
        headers = {"X-Wixproxy-Backend": SECRET, **headers}
        url = URL(self.origin + path, encoded=True)
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, url, headers=headers, json=body) as answer,
        ):
            return answer.status, await answer.json(), answer.headers


@asynccontextmanager
async def programmed(
    clock: HandClock, folder: Path, flags: Mapping[str, Any] | None = None
) -> AsyncIterator[Program]:
    """Set the stage with a backend listener."""
    listener = {"backend.listen": "127.0.0.1:0", "backend.secret": SECRET}
    async with staged(clock, folder, {**listener, **(flags or {})}) as stage:
        # When a caller's token ends is told by Wix's clock and believed by ours.
        stage.emulator.state.clock.freeze(clock.now)
        program = Program(stage)
        await program.listen()
        yield program
