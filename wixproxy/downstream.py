"""The client's side of one exchange: read its body, write its answer.

1. Every answer passes through `head`, where `before_head` runs once: that is
   the place where the session joins the answer, whoever made it.
2. Status line and framing are made here; fields are written as the bytes they
   are, each once more judged, so that no value can break out of its line.
3. An answer that is cut short is cut visibly: the connection is reset, and
   never ended as if the body were whole (RFC 9112 §8).

aiohttp's own response classes are not used: they re-encode values above 0x7f,
invent Content-Type and Server, drop the Content-Length of a 304 and cannot
send trailers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from .client_stream import ClientStream
from .errors import BodyTooLarge, BodyTooSlow, ClientGone, MalformedRequest
from .file_request import FileRequest
from .received_request import received_request
from .sansio import headers
from .sansio.answer_framing import framed
from .sansio.exchange import Fields
from .sansio.head_lines import field_lines
from .status_lines import status_line

if TYPE_CHECKING:
    from .client_connection import ClientConnection

BeforeHead = Callable[[int, Fields], Awaitable[Fields]]

# For bodies of at most a few MiB that we read whole; what is passed on may take its time.
BODY_IDLE_SECONDS = 10.0
BODY_WHOLE_SECONDS = 60.0
# What aiohttp raises where the framing of a body does not hold.
BROKEN_BODY = (BadHttpMessage, web.RequestPayloadError)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class ClientDownstream:
    """One request of a client and the answer to it; see `sansio.exchange.Downstream`.

    `ended` tells whether the answer was handed to the connection to its end; its
    last bytes may wait there for the loop's next iteration. `tunnel` is what
    goes on behind a 101 when its handler has returned.
    """

    __slots__ = (
        "_bodiless",
        "_body",
        "_chunked",
        "_connection",
        "_expects_continue",
        "_held",
        "_is_last",
        "_keep_alive",
        "_left",
        "_message",
        "_sent_fields",
        "before_head",
        "bytes_sent",
        "ended",
        "request",
        "status",
        "tunnel",
    )

    def __init__(
        self, message: RawRequestMessage, body: StreamReader, connection: ClientConnection
    ) -> None:
        self._message: RawRequestMessage | None = message
        self._body = body
        self._connection = connection
        self.request = received_request(message, connection.peername)
        self.before_head: BeforeHead | None = None
        self.status = 0
        self.bytes_sent = 0
        self.ended = False
        self.tunnel: Coroutine[Any, Any, None] | None = None
        self._is_last = message.should_close or headers.is_last_of_old_client(self.request)
        # The parser stops behind a wish to upgrade, and what follows might hang there; and it
        # carries the last trailer of a chunked body over into the head of the next request.
        wants_upgrade = headers.get(self.request.fields, b"upgrade") is not None
        self._keep_alive = not (
            self._is_last or connection.draining or wants_upgrade or self.request.chunked
        )
        self._chunked = False
        self._bodiless = False
        self._left: int | None = None
        self._held = b""
        self._sent_fields: Fields = []
        self._expects_continue = (
            self.request.has_body
            and self.request.version >= (1, 1)
            and headers.get(self.request.fields, b"expect") is not None
        )

    @property
    def head_sent(self) -> bool:
        """Tell whether the answer has begun, be its head written or kept for what follows."""
        return self.status != 0

    @property
    def keep_alive(self) -> bool:
        """Tell whether the connection goes on after this exchange."""
        return self._keep_alive

    @property
    def is_last(self) -> bool:
        """Tell whether the client itself said that no other request follows."""
        return self._is_last

    @property
    def body_received(self) -> bool:
        """Tell whether the request's body arrived to its end."""
        return self._body.is_eof() or not self.request.has_body

    @property
    def body_is_broken(self) -> bool:
        """Tell whether nobody knows where the request's body ends."""
        return self._body.exception() is not None

    def close_after(self) -> None:
        """End the connection with this exchange."""
        self._keep_alive = False

    async def read(self) -> bytes:
        """Return the next piece of the request's body; empty bytes at the end.

        Raises `MalformedRequest` for broken framing, `ClientGone` when the
        client left before the end.
        """
        if self._expects_continue:
            self._expects_continue = False
            if not self.head_sent:
                self._connection.send(_CONTINUE)
        try:
            return await self._body.readany()
        except BROKEN_BODY as error:
            self.close_after()
            raise MalformedRequest(
                "The framing of the request's body is broken; expected what Content-Length or "
                "chunked coding announced."
            ) from error
        except ConnectionError as error:
            raise ClientGone from error

    async def read_whole(
        self,
        limit_bytes: int,
        *,
        idle_seconds: float = BODY_IDLE_SECONDS,
        whole_seconds: float = BODY_WHOLE_SECONDS,
    ) -> bytes:
        """Return the whole body, which is held in memory, and so may neither grow nor dawdle.

        Raises `BodyTooLarge` above `limit_bytes`, `BodyTooSlow` when nothing came
        for `idle_seconds`, or not all of it within `whole_seconds`, and what `read` raises.
        """
        parts, size = [], 0
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + whole_seconds
        while True:
            try:
                async with asyncio.timeout_at(min(loop.time() + idle_seconds, ends_at)):
                    piece = await self.read()
            except TimeoutError:
                self.close_after()
                raise BodyTooSlow(
                    f"The body stopped coming after {size} bytes. Expected some of it every "
                    f"{idle_seconds:g} seconds, and all of it within {whole_seconds:g}."
                ) from None
            if not piece:
                break
            parts.append(piece)
            size += len(piece)
            if size > limit_bytes:
                self.close_after()
                raise BodyTooLarge(f"The body has more than {limit_bytes} bytes.")
        return b"".join(parts)

    async def interim(self, status: int, fields: Fields) -> None:
        """Send a 1xx answer, but none to an HTTP/1.0 client (RFC 9110 §15.2).

        Raises `ClientGone`.
        """
        if self.request.version >= (1, 1) and not self.head_sent:
            self._connection.send(status_line(status) + field_lines(fields) + b"\r\n")

    async def head(self, status: int, fields: Fields, *, more: bool = False) -> None:
        """Send the head of the answer, or with `more` keep it for the `write` that follows.

        Where no body follows it goes out in the loop's next iteration. Raises `ClientGone`.
        """
        if self.head_sent:
            raise AssertionError("an exchange has one answer")
        before_head, self.before_head = self.before_head, None
        if before_head is not None:
            fields = await before_head(status, fields)
        fields = self._framed(status, fields)
        head = status_line(status) + field_lines(fields) + b"\r\n"
        # Only now: what is wrong with a head is found while it is made, and can still be answered.
        self.status, self._sent_fields = status, fields
        if self._bodiless or self._left == 0:
            self._send_end(head)
            # Behind a 101 its tunnel has to begin at once.
            if self._connection.writing_paused and status != 101:
                await self._connection.drained()
        elif more:
            self._held = head
        else:
            self._connection.send(head)

    async def joined(self, status: int, fields: Fields) -> Fields:
        """Return the head's fields after `before_head` had its one say."""
        before_head, self.before_head = self.before_head, None
        return fields if before_head is None else await before_head(status, fields)

    async def write(self, chunk: bytes, *, last: bool = False) -> None:
        """Send a piece of the body; return when the client has room for more.

        With `last`, a chunk is kept for the `end` that follows; what completes a
        Content-Length goes out in the loop's next iteration. Raises `ClientGone`.
        """
        if not chunk or self._bodiless:
            return
        self.bytes_sent += len(chunk)
        if self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
        elif self._left is not None:
            self._left -= len(chunk)
            if self._left < 0:
                self.abort()
                raise AssertionError("the body is longer than its Content-Length")
        if self._held:
            chunk, self._held = self._held + chunk, b""
        if self._left == 0:
            self._send_end(chunk)
        elif last and self._chunked:
            self._held = chunk
        else:
            self._connection.send(chunk)
        if self._connection.writing_paused:
            await self._connection.drained()

    async def end(self, trailers: Fields | None = None) -> None:
        """Finish the answer; a body shorter than announced is aborted instead.

        `trailers` go behind a chunked body alone. Raises `ClientGone`.
        """
        if self._left:
            self.abort()
            return
        rest, self._held = self._held, b""
        if self._chunked and not self._bodiless:
            rest += b"0\r\n" + field_lines(trailers or []) + b"\r\n"
        if rest:
            self._send_end(rest)
        self.ended = True

    def _send_end(self, data: bytes) -> None:
        """Send what the answer ends with: soon, if the connection goes on behind it."""
        if self._keep_alive:
            self._connection.send_soon(data)
        else:
            self._connection.send(data)

    async def answer(self, status: int, fields: Fields, body: bytes = b"") -> None:
        """Send a whole answer of known length; a 204 has none (RFC 9110 §8.6).

        Raises `ClientGone`.
        """
        if status != 204:
            fields = [*fields, (b"Content-Length", str(len(body)).encode())]
        await self.head(status, fields, more=bool(body))
        await self.write(body)
        await self.end()

    async def file(self, response: web.FileResponse) -> None:
        """Send a file by aiohttp's own response: ranges, validators and twins.

        It is the one answer not written here. Raises `ClientGone`.
        """
        if self._message is None:
            raise AssertionError("a file is no answer to an upgrade")
        self._connection.flush()
        request = FileRequest(self._message, self._body, self._connection, self)
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError as error:
            raise ClientGone from error
        self.bytes_sent = 0 if self.request.method == "HEAD" else response.content_length or 0
        self.ended = True
        if not response.keep_alive:
            self.close_after()

    def abort(self) -> None:
        """Cut the connection, so that the answer never looks complete."""
        self.close_after()
        self._connection.reset()

    def leave(self) -> None:
        """End a stream of events, which has no end of its own; its reader asks again."""
        kind = headers.get(self._sent_fields, b"content-type") or b""
        if not kind.lower().startswith(b"text/event-stream"):
            return
        transport = self._connection.transport
        if self.ended or transport is None or transport.is_closing():
            return
        rest, self._held = self._held, b""
        if self._chunked:
            rest += _LAST_CHUNK
        if rest:
            self._connection.send(rest)
        transport.close()

    def upgrade(self) -> ClientStream:
        """Hand over the connection's bytes, once a 101 was sent.

        A tunnel may stand for days, so nothing is kept of the heads that led to it.
        """
        self.close_after()
        self.ended = True
        self._message = None
        self.request = self.request.with_fields([])
        self._sent_fields = []
        return ClientStream(self._connection)

    def _framed(self, status: int, fields: Fields) -> Fields:
        """Decide how the answer ends, and return its fields."""
        # A client that is still sending shall not go on for the sake of its connection.
        goes_on = self._keep_alive and self.body_received and not self._connection.draining
        fields, self._bodiless, self._chunked, self._left, self._keep_alive, dated = framed(
            status, fields, self.request, keep_alive=goes_on
        )
        if not dated:
            fields.append((b"Date", formatdate(usegmt=True).encode()))
        return fields
