"""Ten thousand webhooks, a handler that fails, and a proxy that is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from tests import wix_signing as wix
from tests.commands.terminal import Terminal, free_port, terminal_in
from tests.journeys.event_handlers import Call, EventHandlers

ENTITIES, PER_ENTITY = 1_000, 10
EVENTS = ENTITIES * PER_ENTITY
SENDERS = 20
# The proxy is killed once so many events were taken.
KILLED_AFTER = 3_000
UNDER_WAY = 16
SECONDS = 40


class Killable:
    """A proxy as a process, which can be killed and started again."""

    def __init__(self, terminal: Terminal, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self._terminal = terminal
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the proxy."""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "wixproxy", "serve"],
            cwd=self._terminal.folder,
            env=self._terminal.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def configured(folder: Path, frontend: str) -> Iterator[Killable]:
    port = free_port()
    # A JSON text is a TOML text, too.
    quoted = json.dumps(wix.pem(wix.key()))
    (folder / "wixproxy.toml").write_text(
        f"""
        mode = "dev"
        [server]
        port = {port}
        [site]
        client_id = "{wix.APP}"
        public_keys = [{quoted}]
        [[site.extensions.webhooks]]
        id = "storm"
        path = "/hooks/storm"
        [upstream]
        url = "{frontend}"
        [log]
        level = "error"
        """
    )
    proxy = Killable(terminal_in(folder), port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.kill()


class Wix:
    """Sends events until each was answered with 200: some twice, none in order."""

    def __init__(self, origin: str) -> None:
        now = time.time()
        self._url = f"{origin}/_wix/extensions/webhooks/storm"
        chance = random.Random(7)
        pairs = [
            (number, f"item-{entity}")
            for number in range(1, PER_ENTITY + 1)
            for entity in range(ENTITIES)
        ]
        self.ids = {f"event-{entity}-{number}" for number, entity in pairs}
        messages = [
            wix.signed(wix.event_claims(wix.domain_event(number, entity), now))
            for number, entity in pairs
        ]
        messages += chance.sample(messages, EVENTS // 5)
        # Neighbours change places, as they do on the way through many machines.
        order = sorted(range(len(messages)), key=lambda at: at + chance.random() * 3 * ENTITIES)
        self._waiting = [messages[at] for at in reversed(order)]

    async def send(self) -> None:
        """Send everything."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            await asyncio.gather(*(self._send(http) for _ in range(SENDERS)))

    async def _send(self, http: aiohttp.ClientSession) -> None:
        while self._waiting:
            message = self._waiting.pop()
            try:
                async with http.post(self._url, data=message) as answer:
                    taken = answer.status == 200
            except aiohttp.ClientError:
                taken = False
            if not taken:
                self._waiting.append(message)
                # The proxy is starting; the real Wix waits for longer.
                await asyncio.sleep(0.05)


class Storm:
    """The frontend's handler: fails at first for one event in three."""

    def __init__(self, handlers: EventHandlers) -> None:
        self.taken: Counter[str] = Counter()
        self.failed: set[str] = set()
        self.all_taken = asyncio.Event()
        self.many_taken = asyncio.Event()
        handlers.answer = self._answer

    async def _answer(self, call: Call) -> web.Response:
        fails = call.body["entity"]["revision"] % 3 == 0
        if fails and call.event_id not in self.failed:
            self.failed.add(call.event_id)
            return web.Response(status=503)
        self.taken[call.event_id] += 1
        if len(self.taken) >= KILLED_AFTER:
            self.many_taken.set()
        if len(self.taken) == EVENTS:
            self.all_taken.set()
        return web.Response(status=204)


def out_of_order(calls: list[Call]) -> list[str]:
    """Return the events that came behind a later one of their entity and did not say so."""
    highest: dict[str, int] = {}
    found = []
    for call in calls:
        entity, number = call.headers["X-Wix-Entity-Id"], int(call.headers["X-Wix-Event-Sequence"])
        if number < highest.get(entity, 0) and not call.late:
            found.append(call.event_id)
        highest[entity] = max(highest.get(entity, 0), number)
    return found


async def test_a_kill_among_ten_thousand_webhooks_loses_none(tmp_path: Path) -> None:
    """Each at least once, those of an entity in order or marked late, duplicates dropped."""
    handlers = EventHandlers()
    await handlers.start()
    storm = Storm(handlers)
    with configured(tmp_path, handlers.origin) as proxy:
        wix_sends = Wix(proxy.origin)
        try:
            async with asyncio.timeout(SECONDS):
                sending = asyncio.create_task(wix_sends.send())
                await storm.many_taken.wait()
                proxy.kill()
                at_the_kill = len(storm.taken)
                proxy.start()
                await sending
                await storm.all_taken.wait()
        finally:
            await handlers.stop()
    assert at_the_kill < EVENTS
    assert storm.taken.keys() == wix_sends.ids
    twice = [name for name, count in storm.taken.items() if count > 1]
    assert len(twice) <= UNDER_WAY, "only what was under way at the kill comes twice"
    assert out_of_order(handlers.calls) == []
    assert any(call.late for call in handlers.calls), "the storm was too tidy to show anything"
    assert len(storm.failed) == ENTITIES * (PER_ENTITY // 3)
