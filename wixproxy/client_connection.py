"""One connection of a client: what comes in over it, when it is closed, and what breaks on it.

1. What the parser refuses is answered by us. aiohttp's own answer prints the
   offending line, which may be a `Cookie` or an `Authorization`. What breaks
   within a body is told to whoever reads that body.
2. A FIN means what the client said: after `Connection: close` or from an
   HTTP/1.0 client it is a half-close, and the answer is delivered; otherwise
   the client has left, and what runs for it is cancelled.
3. In a tunnel a FIN goes to the other side and no byte is looked at.
4. The parser bounds each field of a head and their number, which together
   is half a gigabyte; what it holds before it hands over is bounded here
   (see `parser_limits`).
5. A head that comes in pieces has a time of its own, from its first byte to
   its last. It takes the place of the time that an idle connection has, so
   a head that comes at once costs no timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import ERROR, _ErrInfo

from .client_output import LINGER_SECONDS, ClientOutput
from .client_stream import ClientStream
from .downstream import BROKEN_BODY, ClientDownstream
from .errors import ClientGone, FieldsTooLarge, HeadTooSlow, WixproxyError
from .listening import has_something
from .parser_limits import PARSER_HEAD_BYTES, refusal

if TYPE_CHECKING:
    from .protocol import PublicServer

log = logging.getLogger("wixproxy.server")


class ClientConnection(ClientOutput):
    """One connection of a client."""

    __slots__ = (
        "_arrived",
        "_awaited",
        "_body",
        "_tunnel",
        "_undelivered",
        "exchange",
    )

    def __init__(self, server: PublicServer, **options: Any) -> None:
        super().__init__(server, **options)
        self.exchange: ClientDownstream | None = None
        self._tunnel: ClientStream | None = None
        self._body: StreamReader = EMPTY_PAYLOAD
        self._arrived = (0, 0)
        self._awaited = -1
        self._undelivered = 0

    @property
    def draining(self) -> bool:
        """Tell whether the server is about to stop."""
        return self._server.draining

    async def start(self) -> None:
        """Answer one request after the other until the connection ends; called by aiohttp.

        It takes the place of aiohttp's own loop, which makes a task, a request
        and a response of its own for each, in circles that only the garbage
        collector undoes.
        """
        while not self._force_close:
            goes_on = await self._answer(*await self._next_message())
            if not goes_on or self._close:
                break
            self._wait_for_the_next()
        self._task_handler = None
        self.flush()
        if self.transport is not None:
            self.transport.close()

    async def _next_message(self) -> tuple[RawRequestMessage | _ErrInfo, StreamReader]:
        """Return the next head with its body, and let the parser go on behind it."""
        if not self._messages:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        return message

    async def _answer(self, head: RawRequestMessage | _ErrInfo, body: StreamReader) -> bool:
        """Answer one request, or refuse what could not be parsed; tell whether another may come."""
        error = refusal(head.exc) if isinstance(head, _ErrInfo) else None
        exchange = ClientDownstream(ERROR if isinstance(head, _ErrInfo) else head, body, self)
        # A tunnel may stand for days, and the parser's reading of its head weighs the most.
        del head
        self.exchange, self._request_in_progress = exchange, True
        try:
            if error is not None:
                exchange.close_after()
                await self._answer_refusal(exchange, error)
            else:
                await self._server.serve(exchange)
                if exchange.body_is_broken:
                    await self.linger()
        except ClientGone:
            exchange.abort()
        except Exception:
            log.exception("an exchange failed")
            exchange.abort()
        except BaseException:
            self.force_close()
            raise
        finally:
            self.exchange, self._request_in_progress = None, False
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)
        if not body.is_eof():
            await self._drop_rest(body)
        return exchange.keep_alive and body.is_eof()

    async def _drop_rest(self, body: StreamReader) -> None:
        """Read what is left of a body that nobody wanted, while its client may still send it."""
        with contextlib.suppress(TimeoutError, ConnectionError, *BROKEN_BODY):
            async with asyncio.timeout(LINGER_SECONDS):
                while not body.is_eof():
                    await body.readany()

    def _wait_for_the_next(self) -> None:
        """Start the time that a connection may be idle for."""
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it only grows and neither a head nor a body comes of it."""
        if self._ignores_input:
            return
        super().data_received(data)
        if self._tunnel is not None:
            return
        if self._messages:
            head, body = self._messages[-1]
            if isinstance(head, _ErrInfo):
                self._messages.pop()
                self._queue_refusal(head)
                return
            self._body = body
        arrived = (self._request_count, self._body.total_bytes)
        if arrived != self._arrived:
            self._arrived, self._undelivered = arrived, 0
            return
        # An empty line before a head is no part of it (RFC 9112 §2.2).
        if self._is_waiting and not self._is_coming and data.strip(b"\r\n"):
            self._limit_head()
        self._undelivered += len(data)
        if self._undelivered > PARSER_HEAD_BYTES:
            error = FieldsTooLarge(f"The header fields have more than {PARSER_HEAD_BYTES} bytes.")
            self._queue_refusal(_ErrInfo(error.status, error, error.message))

    @property
    def _is_waiting(self) -> bool:
        """Tell whether the next head is all that is waited for, also before `start` began to."""
        return not self._request_in_progress and not self._messages

    @property
    def _is_coming(self) -> bool:
        """Tell whether a part of the next head is there, and its time runs."""
        return self._awaited == self._request_count

    def _limit_head(self) -> None:
        """Let the time run in which the rest of a head must come."""
        self._awaited = self._request_count
        self._next_keepalive_close_time = self._loop.time() + self._server.head_seconds
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
        self._keepalive_handle = self._loop.call_at(
            self._next_keepalive_close_time, self._process_keepalive
        )

    def _queue_refusal(self, what: _ErrInfo) -> None:
        """Read no more, and refuse a head in its turn.

        What breaks within a body is told to whoever reads it; aiohttp would
        have them wait for the rest.
        """
        self._ignores_input = True
        if not self._body.is_eof():
            self._body.set_exception(web.RequestPayloadError(what.message))
            return
        self._messages.append((what, EMPTY_PAYLOAD))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _answer_refusal(self, exchange: ClientDownstream, error: WixproxyError) -> None:
        """Answer what could not be parsed; raises `ClientGone` when the client left."""
        await self._server.refuse(exchange, error)
        await self.linger()

    def _process_keepalive(self) -> None:
        """End a connection whose time is over, be it idle or its head too slow.

        aiohttp calls this, too, before the time has come.
        """
        self._keepalive_handle = None
        left = self._next_keepalive_close_time - self._loop.time()
        if left > 0:
            self._keepalive_handle = self._loop.call_later(left, self._process_keepalive)
        elif not self._is_waiting:
            return
        elif self._is_coming:
            error = HeadTooSlow(
                f"The request's head was not complete after {self._server.head_seconds:g} seconds."
            )
            self._queue_refusal(_ErrInfo(error.status, error, error.message))
        else:
            self.half_close()
            self._loop.call_later(LINGER_SECONDS, self.force_close)

    def begin_tunnel(self, stream: ClientStream) -> None:
        """Give every byte from now on to `stream`."""
        self._tunnel = stream
        self.set_parser(stream)  # type: ignore[arg-type] # it asks for feed_data alone
        # It would keep the head that it read last, and there is none to come.
        self._parser = None

    def dismiss(self, *, patiently: bool) -> None:
        """End what would go on by itself, and close where nothing is under way.

        `patiently`, a WebSocket is only told, and a connection that has asked
        for nothing yet may ask. One whose request has come is spared, also if
        it was not read yet.
        """
        if self._tunnel is not None:
            (self._tunnel.leave if patiently else self._tunnel.close)()
        elif self.exchange is not None:
            self.exchange.leave()
        elif not (
            self._messages
            or self._undelivered
            or (patiently and not self._request_count)
            or self._has_unread_bytes()
        ):
            self.force_close()

    def _has_unread_bytes(self) -> bool:
        if self.transport is None:
            return False
        opened = self.transport.get_extra_info("socket")
        return opened is not None and has_something(opened)

    def pause_tunnel(self) -> None:
        """Stop reading, because the other side does not keep up."""
        if not self._buffer_paused:
            self._pause_reading_for_buffer()

    def resume_tunnel(self) -> None:
        """Read on."""
        if self._buffer_paused:
            self._resume_reading_for_buffer()

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio asks for a bool
        """Decide whether a FIN is the end of the client or only of what it sends."""
        # Where it closes the connection, an answer that waits would be lost.
        self.flush()
        if self._tunnel is not None:
            self._tunnel.feed_eof()
            return True
        if self._half_closed:
            return False
        if self._messages:
            head, payload = self._messages[-1]
            # What could not be parsed has no such field; its refusal closes, too.
            return getattr(head, "should_close", True) and payload.is_eof()
        exchange = self.exchange
        return exchange is not None and exchange.is_last and exchange.body_received

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake who waits for bytes; the rest is aiohttp's."""
        if self._tunnel is not None:
            self._tunnel.feed_eof()
        if not self._body.is_eof():
            self._body.set_exception(exc or ConnectionResetError("the client left"))
        super().connection_lost(exc)
