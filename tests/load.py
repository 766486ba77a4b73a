"""A crowd of clients that keep asking, and know what a failure is.

Once a connection stands, its request has been accepted by the kernel: if it is
not answered whole, that is a failure. A connection that is refused is none.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Crowd:
    """What the clients saw: statuses by number, and what went wrong."""

    port: int
    path: str = "/"
    fields: str = ""
    host: str = "localhost"
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    refused: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def served(self) -> int:
        return sum(self.statuses.values())

    async def ask(self, clients: int, most: int) -> None:
        """Ask with so many clients until told to end, refused for good, or `most` answers came."""
        await asyncio.gather(*(self._client(most) for _ in range(clients)))

    async def until(self, served: int) -> None:
        """Return once so many answers have come."""
        for _ in range(6_000):
            if self.served >= served:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"only {self.served} answers came")

    async def _client(self, most: int) -> None:
        while not self.ended.is_set() and self.served < most:
            try:
                streams = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                self.refused += 1
                return
            try:
                await self._use(*streams, most)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                self.failures.append(repr(error))
            finally:
                streams[1].close()

    async def _use(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int
    ) -> None:
        request = f"GET {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{self.fields}\r\n"
        while not self.ended.is_set() and self.served < most:
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if length is None:
                raise AssertionError("the answer has no length")
            await reader.readexactly(int(length[1]))
            self.statuses[int(head[9:12])] += 1
            if b"\r\nconnection: close" in head.lower():
                return
