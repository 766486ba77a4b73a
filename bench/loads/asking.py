"""Send a given number of requests, each of its own, over kept connections; count the answers.

wrk repeats one request. This sends as many different ones as it is given,
made while it sends, so that a million sessions need no million texts at once.
"""

from __future__ import annotations

import asyncio
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from ..processes import HOST, Server

LIMIT_SECONDS = 3_600
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Answers:
    """What came back: statuses, and how long each answer took, in ms."""

    statuses: Counter[bytes] = field(default_factory=Counter)
    taken_ms: array[float] = field(default_factory=lambda: array("d"))

    @property
    def errors(self) -> int:
        """How many answers were not 200."""
        return self.statuses.total() - self.statuses[b"200"]


class _Asking(asyncio.Protocol):
    """One connection: the next request goes out when the last answer is whole."""

    def __init__(self, requests: Iterator[bytes], answers: Answers) -> None:
        self._loop = asyncio.get_running_loop()
        self._requests = requests
        self._answers = answers
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._began = 0.0
        self.finished: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        head = received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(received, 0, head)
        if length is None:
            self._fail(f"an answer without length: {bytes(received[:200])!r}")
        elif len(received) >= head + 4 + int(length[1]):
            self._answers.taken_ms.append((self._loop.time() - self._began) * 1000)
            self._answers.statuses[bytes(received[9:12])] += 1
            received.clear()
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection was closed before the answer was whole")

    def _ask(self) -> None:
        transport = cast("asyncio.Transport", self._transport)
        try:
            request = next(self._requests, None)
        except Exception as error:
            # Raised from here it would be logged by the loop, and waited for in vain.
            self._fail(f"a request could not be made: {error!r}")
            return
        if request is None:
            if not self.finished.done():
                self.finished.set_result(None)
            transport.close()
            return
        self._began = self._loop.time()
        transport.write(request)

    def _fail(self, why: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(why))


async def ask_each(server: Server, requests: Iterator[bytes], connections: int) -> Answers:
    """Send all requests; return what came back. Raises RuntimeError when a connection breaks."""
    answers, loop = Answers(), asyncio.get_running_loop()
    async with asyncio.timeout(LIMIT_SECONDS):
        opened = [
            await loop.create_connection(lambda: _Asking(requests, answers), HOST, server.port)
            for _ in range(connections)
        ]
        try:
            await asyncio.gather(*(asking.finished for _, asking in opened))
        finally:
            for transport, asking in opened:
                asking.finished.cancel()
                transport.abort()
    return answers
