"""Play one conversation through a proxy, and keep all that its two neighbours saw."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import h11

from tests.differential.generation import Pieces, Turn
from tests.public_listener import SECONDS
from tests.vectors.readers import Answer, Asked, Client, UpstreamReader, values
from tests.vectors.scene import OK
from tests.wire.upstreams import Peer, Upstream


@dataclass
class Seen:
    """What the upstream read, what the client read, and what followed.

    `unreadable` counts what came to the upstream and is no request; `went_on`
    says for each answer whether the connection served on behind it.
    """

    requests: list[Asked] = field(default_factory=list)
    unreadable: int = 0
    answers: list[Answer] = field(default_factory=list)
    went_on: list[bool] = field(default_factory=list)


class Told:
    """An upstream that answers as it was told, and writes down whole requests alone."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.unreadable = 0
        self.answers: deque[tuple[Pieces, bool]] = deque()
        self.upstream = Upstream(self._converse)

    async def start(self) -> int:
        origin = await self.upstream.start()
        assert origin.port is not None
        return origin.port

    def begin(self, answers: Iterable[tuple[Pieces, bool]]) -> None:
        """Forget what was asked, and answer with these from now on, or else with `OK`."""
        self.requests, self.unreadable = [], 0
        self.answers = deque(answers)

    async def _converse(self, peer: Peer) -> None:
        try:
            await self._answer_all(peer)
        except h11.RemoteProtocolError:
            self.unreadable += 1

    async def _answer_all(self, peer: Peer) -> None:
        reader = UpstreamReader()
        while data := await peer.reader.read(65_536):
            for asked in reader.feed(data):
                self.requests.append(asked)
                pieces, then_closes = self.answers.popleft() if self.answers else ([OK], False)
                await _send(peer.writer, pieces)
                if then_closes:
                    peer.writer.write_eof()
                    await peer.gone()
                    return


class Side:
    """One of the two proxies: the port that it listens on, and the upstream behind it."""

    def __init__(self, port: int, told: Told) -> None:
        self._port = port
        self.told = told

    async def client(self) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self._port))

    async def play(self, turns: list[Turn]) -> Seen:
        """Ask one after the other, on the same connection for as long as it goes on."""
        self.told.begin((turn.answer, turn.then_closes) for turn in turns)
        seen, client = Seen(), await self.client()
        for turn in turns:
            await _send(client.writer, turn.request)
            answer = await client.answer(turn.method.encode())
            seen.answers.append(answer)
            goes_on = says_it_goes_on(turn, answer)
            seen.went_on.append(goes_on)
            if not goes_on:
                await client.ended()
                client.writer.close()
                client = await self.client()
        client.writer.close()
        seen.requests, seen.unreadable = self.told.requests, self.told.unreadable
        return seen

    async def send(self, sent: bytes) -> Seen:
        """Send these bytes, which are to end the connection; read whatever is answered."""
        self.told.begin([])
        seen, client = Seen(), await self.client()
        await client.send(sent)
        async with asyncio.timeout(SECONDS):
            while (answer := await client.answer()).status:
                seen.answers.append(answer)
                if b"close" in values(answer.fields, b"Connection"):
                    break
        client.writer.close()
        seen.requests, seen.unreadable = self.told.requests, self.told.unreadable
        return seen


def says_it_goes_on(turn: Turn, answer: Answer) -> bool:
    """Tell whether the answer promises that the connection serves on (RFC 9112 §9.3)."""
    options = b",".join(values(answer.fields, b"Connection")).lower()
    if turn.is_old:
        return b"keep-alive" in options
    return b"close" not in options


async def _send(writer: asyncio.StreamWriter, pieces: Pieces) -> None:
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        # Another turn of the loop is another write to the socket.
        await asyncio.sleep(0)
