"""Our subclasses of aiohttp's low-level server: connections in, exchanges out.

aiohttp parses requests and owns the connection; from the head of a request on,
everything is ours: `serve` is called with the request and its downstream.

1. What the parser refuses is answered by us. aiohttp's own answer prints the
   offending line, which may be a `Cookie` or an `Authorization`.
2. A FIN means what the client said: after `Connection: close` or from an
   HTTP/1.0 client it is a half-close, and the answer is delivered; otherwise
   the client has left, and what runs for it is cancelled.
3. In a tunnel a FIN goes to the other side and no byte is looked at.
4. The parser bounds each field of a head and their number, which together
   is half a gigabyte; what it holds before it hands over is bounded here
   (see `parser_limits`).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import HttpRequestParser, HttpRequestParserPy, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import _ErrInfo

from .client_stream import ClientStream
from .downstream import ClientDownstream, Written
from .errors import ClientGone, FieldsTooLarge, WixproxyError
from .parser_limits import (
    PARSER_FIELD_BYTES,
    PARSER_FIELDS,
    PARSER_HEAD_BYTES,
    PARSER_LINE_BYTES,
    refusal,
)

Serve = Callable[[ClientDownstream], Awaitable[None]]
Refuse = Callable[[ClientDownstream, WixproxyError], Awaitable[None]]

# A request that is not read to its end may go on for this long (RFC 9112 §9.6).
LINGER_SECONDS = 1.0

# SO_LINGER: on, for no time at all.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)

log = logging.getLogger("wixproxy.server")


class PublicServer(web.Server):
    """Makes a `ClientConnection` for each connection that is accepted."""

    def __init__(self, serve: Serve, refuse: Refuse, *, keepalive_seconds: float) -> None:
        if HttpRequestParser is HttpRequestParserPy:
            raise RuntimeError(
                "aiohttp runs without its C parser, which wixproxy needs for strict parsing. "
                "Install a wheel of aiohttp for this platform, and unset AIOHTTP_NO_EXTENSIONS."
            )
        super().__init__(
            self._handle,
            request_factory=self._make_client_request,
            handler_cancellation=True,
        )
        self._serve = serve
        self.refuse = refuse
        self._keepalive_seconds = keepalive_seconds
        self.draining = False
        self._emptied: asyncio.Future[None] | None = None

    def __call__(self) -> ClientConnection:
        """Make the protocol of one connection."""
        return ClientConnection(
            self,
            loop=self._loop,
            keepalive_timeout=self._keepalive_seconds,
            lingering_time=LINGER_SECONDS,
            max_line_size=PARSER_LINE_BYTES,
            max_field_size=PARSER_FIELD_BYTES,
            max_headers=PARSER_FIELDS,
            auto_decompress=False,
            access_log=None,
            logger=_SILENT,
        )

    def dismiss(self, *, patiently: bool) -> None:
        """Close where nothing is under way, and end what would go on by itself."""
        for connection in self._ours():
            connection.dismiss(patiently=patiently)

    def cut(self) -> None:
        """Break off every exchange that is still under way, visibly."""
        for connection in self._ours():
            connection.reset()

    async def emptied(self) -> None:
        """Return when no connection is left."""
        if self.connections:
            self._emptied = self._loop.create_future()
            await self._emptied

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forget a connection, and notice the last one."""
        super().connection_lost(handler, exc)
        if handler._task_handler is not None:
            # aiohttp's own callback, added a line above, forgets the connection first.
            handler._task_handler.add_done_callback(lambda _: self._notice_the_last())
        else:
            self._notice_the_last()

    def _notice_the_last(self) -> None:
        if self._emptied is not None and not self._emptied.done() and not self.connections:
            self._emptied.set_result(None)

    def _ours(self) -> list[ClientConnection]:
        return cast("list[ClientConnection]", self.connections)

    def _make_client_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        connection = cast("ClientConnection", protocol)
        return ClientRequest(message, payload, connection, writer, task, self._loop)

    async def _handle(self, message: web.BaseRequest) -> web.StreamResponse:
        request = cast("ClientRequest", message)
        exchange = request.exchange
        try:
            await self._serve(exchange)
        except ClientGone:
            exchange.abort()
        except Exception:
            log.exception("an exchange failed")
            exchange.abort()
        finally:
            request.connection.exchange = None
        return Written(exchange.keep_alive)


class ClientRequest(web.BaseRequest):
    """aiohttp's request, which lends its message and body to a `ClientDownstream`."""

    ATTRS = web.BaseRequest.ATTRS | frozenset(["connection", "exchange"])

    def __init__(  # noqa: PLR0917 - the order is aiohttp's
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        connection: ClientConnection,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(message, payload, connection, writer, task, loop)
        self.connection = connection
        self.exchange = ClientDownstream(self, connection)
        connection.exchange = self.exchange

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Let the session join the one kind of answer that aiohttp writes, a file."""
        exchange = self.exchange
        response.headers.popall("Server", None)
        fields = [(name.encode(), value.encode()) for name, value in response.headers.items()]
        fields = await exchange.joined(response.status, fields)
        response.headers.clear()
        for name, value in fields:
            response.headers.add(name.decode(), value.decode())
        if not exchange.keep_alive:
            response.force_close()
        exchange.status = response.status


class ClientConnection(web.RequestHandler):
    """One connection of a client."""

    __slots__ = ("_arrived", "_body", "_refused", "_tunnel", "_undelivered", "exchange")

    def __init__(self, server: PublicServer, **options: Any) -> None:
        super().__init__(server, **options)
        self.exchange: ClientDownstream | None = None
        self._tunnel: ClientStream | None = None
        self._body: StreamReader = EMPTY_PAYLOAD
        self._arrived = (0, 0)
        self._undelivered = 0
        self._refused = False

    @property
    def draining(self) -> bool:
        """Tell whether the server is about to stop."""
        server = self._manager
        return isinstance(server, PublicServer) and server.draining

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse what the parser could not read, without repeating any of it."""
        exchange = cast("ClientRequest", request).exchange
        return _Refusal(self._manager, exchange, refusal(exc))

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it only grows and neither a head nor a body comes of it."""
        if self._refused:
            return
        super().data_received(data)
        if self._tunnel is not None:
            return
        if self._messages:
            self._body = self._messages[-1][1]
        arrived = (self._request_count, self._body.total_bytes)
        if arrived != self._arrived:
            self._arrived, self._undelivered = arrived, 0
            return
        self._undelivered += len(data)
        if self._undelivered > PARSER_HEAD_BYTES:
            self._refuse_endless()

    def _refuse_endless(self) -> None:
        """Refuse a head that does not end, in its turn, or the trailers of a body."""
        self._refused = True
        error = FieldsTooLarge(f"The header fields have more than {PARSER_HEAD_BYTES} bytes.")
        if not self._body.is_eof():
            self._body.set_exception(web.RequestPayloadError(error.message))
            return
        self._messages.append((_ErrInfo(error.status, error, error.message), EMPTY_PAYLOAD))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def send(self, data: bytes) -> None:
        """Write bytes to the client; raises `ClientGone` when it left."""
        if self.transport is None or self.transport.is_closing():
            raise ClientGone
        self.transport.write(data)

    async def drained(self) -> None:
        """Return when the client has room for more; raises `ClientGone` when it left."""
        try:
            await self._drain_helper()
        except ConnectionError as error:
            raise ClientGone from error

    def reset(self) -> None:
        """Close so that the client sees a broken connection.

        A FIN would not do: it is how a body of unknown length ends for an
        HTTP/1.0 client, and so for many a load balancer.
        """
        if self.transport is None:
            return
        opened = self.transport.get_extra_info("socket")
        if opened is not None and not self.transport.is_closing():
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def begin_tunnel(self, stream: ClientStream) -> None:
        """Give every byte from now on to `stream`."""
        self._tunnel = stream
        self.set_parser(stream)  # type: ignore[arg-type] # it asks for feed_data alone

    def dismiss(self, *, patiently: bool) -> None:
        """End what would go on by itself, and close where nothing is under way.

        `patiently`, a WebSocket is only told, and a connection that has asked
        for nothing yet may ask. One whose request is on its way is spared.
        """
        if self._tunnel is not None:
            (self._tunnel.leave if patiently else self._tunnel.close)()
        elif self.exchange is not None:
            self.exchange.leave()
        elif not (self._messages or self._undelivered or (patiently and not self._request_count)):
            self.force_close()

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
        if self._tunnel is not None:
            self._tunnel.feed_eof()
            return True
        if self._messages:
            head, payload = self._messages[-1]
            # What could not be parsed has no such field; its refusal closes, too.
            return getattr(head, "should_close", True) and payload.is_eof()
        exchange = self.exchange
        return exchange is not None and exchange.said_last and exchange.body_received

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake the tunnel that waits for bytes; the rest is aiohttp's."""
        if self._tunnel is not None:
            self._tunnel.feed_eof()
        super().connection_lost(exc)


class _Refusal(Written):
    """The answer to a request that could not be parsed, written when aiohttp asks for it."""

    def __init__(
        self, server: web.Server | None, exchange: ClientDownstream, error: WixproxyError
    ) -> None:
        super().__init__(keep_alive=False)
        self._server = server
        self._exchange = exchange
        self._error = error

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write the refusal."""
        self._exchange.close_after()
        if isinstance(self._server, PublicServer):
            try:
                await self._server.refuse(self._exchange, self._error)
            except ClientGone:
                self._exchange.abort()
        return None


_SILENT = logging.getLogger("wixproxy.parser")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
