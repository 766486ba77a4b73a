"""Speak HTTP/1.1 over one connection to an upstream, one exchange at a time.

Law: a connection serves again only when the answer before ended where its
head said, no byte followed it, and the request had been sent whole. A byte
or an end of file that comes while nothing was asked closes it. An answer
that ends short is an error, whatever the transport says (RFC 9112 §8).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from ..errors import UpstreamMalformed, UpstreamTimeout, UpstreamUnavailable, WixproxyError
from ..sansio.answers import (
    MAX_INTERIM_ANSWERS,
    BodyEnd,
    Framing,
    agrees_to_switch,
    frame_answer,
    keep_alive_seconds,
)
from ..sansio.exchange import Fields, Request
from ..sansio.origin import Origin
from .alarm import Alarm
from .heads import ChunkedBody, HeadBuffer, read_head
from .incoming import Incoming
from .outbox import Outbox
from .remains import remains

WRITE_HIGH_WATER_BYTES = 64 * 1024


class Connection(asyncio.Protocol):
    """One transport; `reused` is true after its first exchange.

    `idle_limit` is for how many seconds the upstream says that it keeps the
    connection while nothing is asked; None where it does not say.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        max_head_bytes: int,
        outbox: Outbox,
        on_idle: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self.origin = origin
        self.reused = False
        self._idle_since = 0.0
        self.idle_limit: float | None = None
        self._max_head_bytes = max_head_bytes
        self._outbox = outbox
        self._unsent = b""
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._alarm = Alarm(self._loop)
        self._take: Callable[[bytes], None] = self._take_unasked
        self._incoming: Incoming | None = None
        self._request: Request | None = None
        self._head = HeadBuffer(max_head_bytes)
        self._framing: Framing | None = None
        self._left = 0
        self._chunks: ChunkedBody | None = None
        self._interim_count = 0
        self._room: asyncio.Future[None] | None = None
        self._writing_paused = False

    # What an exchange does.

    @property
    def is_open(self) -> bool:
        """Tell whether bytes can still be written."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def idle_seconds(self) -> float:
        """How long nothing has been asked."""
        return self._loop.time() - self._idle_since

    def start(self, request: Request, head: bytes) -> Incoming:
        """Send the head of a request and return its answer to be.

        A head without a body goes out in the loop's next iteration, unless it
        was given up by then. Raises nothing: what fails is told by the answer.
        """
        incoming = Incoming(self._loop, self._alarm, self.origin, self)
        self._incoming, self._request = incoming, request
        self._interim_count = 0
        self._take = self._take_head
        if self._transport is None:
            self._fail(self._broken_off(incoming))
        elif request.has_body:
            self._transport.write(head)
        else:
            self._unsent = head
            self._outbox.put(self._send_whole)
        return incoming

    def _send_whole(self) -> None:
        """Send a request that is nothing but its head, unless it was given up meanwhile."""
        head, self._unsent = self._unsent, b""
        if head and self._incoming is not None and self.is_open:
            cast("asyncio.Transport", self._transport).write(head)
            self._incoming.sent()

    async def write(self, data: bytes, seconds: float | None = None) -> None:
        """Send bytes; return when there is room for more.

        Raises `UpstreamUnavailable`, and `UpstreamTimeout` when there was no
        room for `seconds`.
        """
        if self._transport is None or self._transport.is_closing():
            raise self._closed()
        self._transport.write(data)
        if self._writing_paused:
            self._room = self._loop.create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._room
            except TimeoutError:
                raise UpstreamTimeout(
                    f"{self.origin} took nothing of the request for {seconds:g} seconds."
                ) from None

    def write_eof(self) -> None:
        """End our direction of a tunnel; TLS cannot be half-closed, so it is closed."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def pause_reading(self) -> None:
        """Stop reading from the socket."""
        if self.is_open:
            cast("asyncio.Transport", self._transport).pause_reading()

    def resume_reading(self) -> None:
        """Read from the socket again."""
        if self.is_open:
            cast("asyncio.Transport", self._transport).resume_reading()

    def abort(self) -> None:
        """Close at once, unsent bytes included."""
        self._fail(self._closed())
        if self._transport is not None and not self._loop.is_closed():
            self._transport.abort()

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)

    def data_received(self, data: bytes) -> None:
        """Hand the bytes to whatever is expected now."""
        try:
            self._take(data)
        except UpstreamMalformed as error:
            self._fail(UpstreamMalformed(f"{self.origin}: {error.message}"))
            self.abort()

    def eof_received(self) -> bool:
        """End what may end here; True keeps our direction of a tunnel open."""
        incoming = self._incoming
        if incoming is None:
            return False
        if incoming.switched:
            incoming.end()
            return self._can_half_close()
        if self._framing is not None and self._framing.end is BodyEnd.CLOSE:
            self._finish()
        else:
            self._fail(self._broken_off(incoming))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Finish with what had arrived, or fail."""
        if self._incoming and self._transport and isinstance(exc, ConnectionError):
            for data in remains(self._transport):
                self.data_received(data)
        if self._incoming is not None:
            error = self._broken_off(self._incoming)
            error.__cause__ = exc
            self._fail(error)
        self._transport = None
        self._alarm.close()
        self.resume_writing()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Hold writers back: the upstream is slower than the client."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writing_paused = False
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    # What the bytes mean.

    def _take_unasked(self, data: bytes) -> None:
        self.abort()

    def _take_head(self, data: bytes) -> None:
        incoming, request = self._incoming, self._request
        if incoming is None or request is None:
            self._take_unasked(data)
            return
        if self._unsent:
            # No answer: nothing was asked yet. On uvloop, reads come before what is put off.
            self._fail(self._broken_off(incoming))
            self.abort()
            return
        incoming.begun = True
        whole = self._head.feed(data)
        if whole is None:
            return
        head, rest = whole
        status, version, fields = read_head(head)
        if 100 <= status < 200:
            self._take_interim(incoming, request, status, fields)
        else:
            framing = frame_answer(request.method, status, version, fields)
            self._take_final(incoming, framing, status, fields, surplus=bool(rest))
        if rest:
            self._take(rest)

    def _take_interim(
        self, incoming: Incoming, request: Request, status: int, fields: Fields
    ) -> None:
        if status == 101:
            if not agrees_to_switch(request.fields, fields):
                raise UpstreamMalformed("the answer is a 101 that was not asked for.")
            incoming.switched = True
            self._request = None
            self._take = incoming.push
            incoming.head(status, fields)
        else:
            self._interim_count += 1
            if self._interim_count > MAX_INTERIM_ANSWERS:
                raise UpstreamMalformed(f"more than {MAX_INTERIM_ANSWERS} 1xx answers came.")
            incoming.hint(status, fields)

    def _take_final(
        self, incoming: Incoming, framing: Framing, status: int, fields: Fields, *, surplus: bool
    ) -> None:
        self._framing = framing
        self.idle_limit = keep_alive_seconds(fields) if framing.reusable else None
        incoming.head(status, fields)
        match framing.end:
            case BodyEnd.NONE:
                self._finish(surplus=surplus)
            case BodyEnd.LENGTH:
                self._left = framing.length
                self._take = self._take_counted
            case BodyEnd.CHUNKED:
                self._chunks = ChunkedBody(self._max_head_bytes)
                self._take = self._take_chunked
            case BodyEnd.CLOSE:
                self._take = incoming.push

    def _take_counted(self, data: bytes) -> None:
        incoming = cast("Incoming", self._incoming)
        left = self._left - len(data)
        self._left = left
        if left > 0:
            incoming.push(data)
        else:
            incoming.push(data[:left] if left else data)
            self._finish(surplus=left < 0)

    def _take_chunked(self, data: bytes) -> None:
        incoming, chunks = cast("Incoming", self._incoming), cast("ChunkedBody", self._chunks)
        content = chunks.feed(data)
        if content:
            incoming.push(content)
        if chunks.ended:
            incoming.trailers = chunks.trailers
            self._finish(surplus=chunks.surplus)

    # How an exchange ends.

    def _finish(self, *, surplus: bool = False) -> None:
        """End the answer cleanly; serve again if the law allows it."""
        incoming, framing = self._incoming, self._framing
        if incoming is None or framing is None:
            raise AssertionError("only an answer can end")
        self._forget()
        incoming.end()
        incoming.release()
        if framing.reusable and not surplus and not incoming.sending and self.is_open:
            self.reused = True
            self._idle_since = self._loop.time()
            self._on_idle(self)
        else:
            self.abort()

    def _fail(self, error: BaseException) -> None:
        incoming = self._incoming
        if incoming is not None:
            self._forget()
            incoming.fail(error)
            incoming.release()

    def _forget(self) -> None:
        self._incoming = self._request = self._framing = self._chunks = None
        self._unsent = b""
        self._take = self._take_unasked
        self._head.clear()

    def _can_half_close(self) -> bool:
        return self._transport is not None and self._transport.can_write_eof()

    def _closed(self) -> WixproxyError:
        return UpstreamUnavailable(f"The connection to {self.origin} is closed.")

    def _broken_off(self, incoming: Incoming) -> WixproxyError:
        if incoming.status:
            return UpstreamUnavailable(f"{self.origin} broke its answer off.")
        if incoming.begun:
            return UpstreamUnavailable(f"{self.origin} broke the head of its answer off.")
        may_speak_tls = not self.origin.is_tls and self.origin.socket_path is None
        hint = " If it speaks TLS, write https:// in its address." if may_speak_tls else ""
        return UpstreamUnavailable(f"{self.origin} closed the connection before it answered.{hint}")
