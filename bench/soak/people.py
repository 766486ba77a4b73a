"""People who use a site all day: each visit is a new browser that does a bit of everything."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from ..loads.browser import asset, call, navigation
from ..processes import Server
from ..upstreams.content import API_PATH, API_PREFIX
from ..upstreams.streams import ECHO, EVENTS, SINK, SOURCE

STEP_SECONDS = 30.0
PAUSE_SECONDS = 0.2
BODY_BYTES, LARGE_BYTES = 16 * 1024, 1024 * 1024
UPLOAD = bytes(64 * 1024)
MESSAGES = 5

Step = Callable[[], Awaitable[None]]


@dataclass
class Tally:
    """What has been done, and what went wrong, by kind."""

    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


async def visit_until_told(server: Server, stop: asyncio.Event, tally: Tally, seed: int) -> None:
    """Visit again and again; whatever fails is counted, and the next visit begins."""
    dice = random.Random(seed)  # noqa: S311 - a person's mood
    while not stop.is_set():
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(server.origin, cookie_jar=jar) as http:
            person = _Person(server, http, tally, dice)
            await person.visit(stop)


class _Person:
    """One visit."""

    def __init__(
        self, server: Server, http: aiohttp.ClientSession, tally: Tally, dice: random.Random
    ) -> None:
        self._server = server
        self._http = http
        self._tally = tally
        self._dice = dice
        self._steps = {
            "call": self._call,
            "file": self._file,
            "large file": self._large_file,
            "upload": self._upload,
            "websocket": self._websocket,
            "events": self._events,
            "leaving": self._leave,
        }

    async def visit(self, stop: asyncio.Event) -> None:
        """Open a page, then do everything once, in any order."""
        kinds = list(self._steps)
        self._dice.shuffle(kinds)
        await self._step("page", self._page)
        for kind in kinds:
            if stop.is_set():
                return
            await asyncio.sleep(self._dice.uniform(0, PAUSE_SECONDS))
            await self._step(kind, self._steps[kind])

    async def _step(self, kind: str, step: Step) -> None:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await step()
        except (aiohttp.ClientError, OSError, RuntimeError, TimeoutError) as error:
            self._tally.failed[f"{kind}: {type(error).__name__}: {error}"] += 1
        else:
            self._tally.done[kind] += 1

    async def _page(self) -> None:
        await self._get("/", navigation("/").headers)

    async def _call(self) -> None:
        path = API_PREFIX + API_PATH
        await self._get(path, call(path, self._server.origin).headers)

    async def _file(self) -> None:
        await self._read(BODY_BYTES)

    async def _large_file(self) -> None:
        await self._read(LARGE_BYTES)

    async def _read(self, size: int) -> None:
        target = f"{SOURCE}?bytes={size}"
        received = await self._get(target, asset(target, self._server.origin).headers)
        if received != size:
            raise RuntimeError(f"{received} of {size} bytes arrived")

    async def _upload(self) -> None:
        headers = call(SINK, self._server.origin).headers
        async with self._http.post(SINK, data=UPLOAD, headers=headers) as answer:
            if (await answer.json())["bytes"] != len(UPLOAD):
                raise RuntimeError("an upload did not arrive whole")

    async def _websocket(self) -> None:
        async with self._http.ws_connect(ECHO, origin=self._server.origin) as socket:
            for number in range(MESSAGES):
                message = b"message %d" % number
                await socket.send_bytes(message)
                if (await socket.receive()).data != message:
                    raise RuntimeError("a message did not come back")

    async def _events(self) -> None:
        async with self._http.get(
            EVENTS, params={"count": str(MESSAGES), "every_ms": "20"}
        ) as answer:
            events = (await answer.text()).count("data: ")
        if events != MESSAGES:
            raise RuntimeError(f"{events} of {MESSAGES} events arrived")

    async def _leave(self) -> None:
        """Close the connection in the middle of a large body."""
        target = f"{SOURCE}?bytes={LARGE_BYTES * 8}"
        headers = asset(target, self._server.origin).headers
        async with self._http.get(target, headers=headers) as answer:
            await answer.content.readany()
            answer.close()

    async def _get(self, target: str, headers: Mapping[str, str]) -> int:
        async with self._http.get(target, headers=headers) as answer:
            body = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}")
        return len(body)
