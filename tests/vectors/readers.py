"""Read what the proxy sends to either side with h11, which shares no line with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import h11

from tests.public_listener import SECONDS
from tests.public_listener import Client as PlainClient
from tests.vectors.tables import HOST, Case

Fields = list[tuple[bytes, bytes]]
MAX_HEAD_BYTES = 1_048_576


@dataclass
class Answer:
    """What a client made of the bytes it got; not `whole` if they broke off."""

    status: int = 0
    reason: bytes = b""
    fields: Fields = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    trailers: Fields = field(default_factory=list)
    interim: list[tuple[int, Fields]] = field(default_factory=list)
    whole: bool = False

    @property
    def statuses(self) -> list[int]:
        return [status for status, _ in self.interim] + ([self.status] if self.status else [])


@dataclass
class Asked:
    """A whole request as an upstream read it."""

    method: bytes
    target: bytes
    fields: Fields
    body: bytes = b""
    trailers: Fields = field(default_factory=list)

    @property
    def line(self) -> bytes:
        return b" ".join([self.method, self.target] + ([self.body] if self.body else []))


class Client(PlainClient):
    """One connection to the proxy: plain bytes out, h11's reading in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.raw = bytearray()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._ended = False

    async def answer(self, method: bytes = b"GET", *, asks_websocket: bool = False) -> Answer:
        """Read one answer; raises `h11.RemoteProtocolError` for one that breaks the grammar."""
        self._ask(method, asks_websocket)
        answer = Answer()
        while True:
            try:
                event = await self._event()
            except h11.RemoteProtocolError:
                if self._ended:
                    return answer
                raise
            match event:
                case h11.InformationalResponse(status_code=101):
                    answer.status, answer.fields = 101, event.headers.raw_items()
                    answer.whole = True
                    return answer
                case h11.InformationalResponse():
                    answer.interim.append((event.status_code, event.headers.raw_items()))
                case h11.Response():
                    answer.status, answer.reason = event.status_code, event.reason
                    answer.fields = event.headers.raw_items()
                case h11.Data():
                    answer.body += event.data
                case h11.EndOfMessage():
                    answer.trailers, answer.whole = list(event.headers.raw_items()), True
                    return answer
                case _:
                    return answer

    async def answers(self, case: Case) -> list[Answer]:
        """Read as many answers as the case expects, or up to one that breaks off."""
        methods, answers = case.methods, [Answer(whole=True)]
        while len(answers) <= case.final_answers and answers[-1].whole:
            is_head = methods[len(answers) - 1 : len(answers)] == [b"HEAD"]
            answers.append(await self.answer(b"HEAD" if is_head else b"GET"))
        return answers[1:]

    async def ended(self) -> bool:
        """Tell whether the connection ends here; raises ValueError if more is said on it."""
        try:
            async with asyncio.timeout(SECONDS):
                more = self._http.trailing_data[0] + await self.reader.read()
        except ConnectionResetError:
            return True
        if more:
            raise ValueError(f"expected the end of the connection, found {more[:200]!r}")
        return True

    def tunnelled(self) -> bytes:
        """Return what came behind a 101 in the same read."""
        data: bytes = self._http.trailing_data[0]
        return data

    def _ask(self, method: bytes, asks_websocket: bool) -> None:
        """Tell h11 that a request was sent, which decides how an answer ends."""
        fields = [(b"Host", HOST)]
        if asks_websocket:
            fields += [(b"Connection", b"upgrade"), (b"Upgrade", b"websocket")]
        if self._http.our_state is not h11.IDLE:
            self._http.start_next_cycle()
        self._http.send(h11.Request(method=method, target=b"/", headers=fields))
        self._http.send(h11.EndOfMessage())

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            try:
                async with asyncio.timeout(SECONDS):
                    data = await self.reader.read(65_536)
            except ConnectionResetError:
                self._ended = True
                raise h11.RemoteProtocolError("the connection was reset") from None
            self._ended = not data
            self.raw += data
            self._http.receive_data(data)
        return event


class UpstreamReader:
    """What an upstream reads out of the bytes of one connection."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._asked: Asked | None = None
        self.beyond = b""

    def feed(self, data: bytes) -> list[Asked]:
        """Return the requests that are whole now; raises `h11.RemoteProtocolError`."""
        self._http.receive_data(data)
        whole: list[Asked] = []
        while True:
            event = self._http.next_event()
            match event:
                case h11.Request():
                    fields = event.headers.raw_items()
                    self._asked = Asked(event.method, event.target, list(fields))
                case h11.Data() if self._asked is not None:
                    self._asked.body += event.data
                case h11.EndOfMessage() if self._asked is not None:
                    self._asked.trailers = list(event.headers.raw_items())
                    whole.append(self._asked)
                    self._answered()
                case _:
                    return whole

    def _answered(self) -> None:
        """Tell h11 that the request was answered, whatever is sent, to read on behind it."""
        self._http.send(h11.Response(status_code=204, headers=[]))
        self._http.send(h11.EndOfMessage())
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()


def values(fields: Fields, name: bytes) -> list[bytes]:
    """Return the values of all fields of that name, whatever its case."""
    return [value for found, value in fields if found.lower() == name.lower()]
