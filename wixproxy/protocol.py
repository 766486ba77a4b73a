"""Our subclasses of aiohttp's low-level server: connections in, exchanges out.

aiohttp parses requests and owns the connection; from the head of a request on,
everything is ours: `serve` is called with each request's downstream, and
`refuse` with what could not be parsed. See `client_connection` for what
comes in, and `client_output` for what goes out.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import web
from aiohttp.http_parser import HttpRequestParser, HttpRequestParserPy

from .client_connection import ClientConnection
from .downstream import ClientDownstream
from .errors import WixproxyError
from .parser_limits import PARSER_FIELD_BYTES, PARSER_FIELDS, PARSER_LINE_BYTES
from .turned_away import TurnedAway
from .wire.outbox import Outbox

Serve = Callable[[ClientDownstream], Awaitable[None]]
Refuse = Callable[[ClientDownstream, WixproxyError], Awaitable[None]]

# From the first byte of a request's head to its last, if it comes in pieces.
HEAD_SECONDS = 30.0
# How often the log hears that there is no room.
TOLD_EVERY_SECONDS = 60.0

log = logging.getLogger("wixproxy.server")


class PublicServer(web.Server):
    """Makes a `ClientConnection` for each connection that is accepted."""

    def __init__(
        self,
        serve: Serve,
        refuse: Refuse,
        *,
        keepalive_seconds: float,
        head_seconds: float = HEAD_SECONDS,
        max_connections: int | None = None,
    ) -> None:
        if HttpRequestParser is HttpRequestParserPy:
            raise RuntimeError(
                "aiohttp runs without its C parser, which wixproxy needs for strict parsing. "
                "Install a wheel of aiohttp for this platform, and unset AIOHTTP_NO_EXTENSIONS."
            )
        super().__init__(_unused, handler_cancellation=True)
        self.serve = serve
        self.refuse = refuse
        self._keepalive_seconds = keepalive_seconds
        self.head_seconds = head_seconds
        self._max_connections = max_connections
        self._told_at = -math.inf
        self._coming: set[web.RequestHandler] = set()
        self._heard: set[TurnedAway] = set()
        self.outbox = Outbox()
        self.draining = False
        self._emptied: asyncio.Future[None] | None = None

    def __call__(self) -> ClientConnection | TurnedAway:  # type: ignore[override]
        """Make the protocol of one connection."""
        return TurnedAway(self._heard) if self._turns_away() else self._connection()

    def _turns_away(self) -> bool:
        """Tell whether there is no room; the log hears of it once a minute."""
        # asyncio makes the protocols of all that wait at the door before the first is connected.
        count = len(self._connections) + len(self._coming)
        if self._max_connections is None or count < self._max_connections:
            return False
        now = self._loop.time()
        if now - self._told_at >= TOLD_EVERY_SECONDS:
            self._told_at = now
            log.warning("%d clients are connected; more are turned away", count)
        return True

    def _connection(self) -> ClientConnection:
        connection = ClientConnection(
            self,
            loop=self._loop,
            keepalive_timeout=self._keepalive_seconds,
            max_line_size=PARSER_LINE_BYTES,
            max_field_size=PARSER_FIELD_BYTES,
            max_headers=PARSER_FIELDS,
            auto_decompress=False,
            access_log=None,
            logger=_SILENT,
        )
        self._coming.add(connection)
        return connection

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Count the connection among those that are there."""
        self._coming.discard(handler)
        super().connection_made(handler, transport)

    def dismiss(self, *, patiently: bool) -> None:
        """Close where nothing is under way, and end what would go on by itself."""
        for connection in self._ours():
            try:
                connection.dismiss(patiently=patiently)
            except Exception:
                # A fault of ours on one connection must not cost the others their answers.
                log.exception("a connection could not be dismissed")
                connection.reset()

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


async def _unused(request: web.BaseRequest) -> web.StreamResponse:
    """Stand for the handler that aiohttp asks for, and that `ClientConnection` never calls."""
    raise NotImplementedError


_SILENT = logging.getLogger("wixproxy.parser")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
