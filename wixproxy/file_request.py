"""aiohttp's request, made for the one answer that aiohttp writes: a file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import StreamReader

if TYPE_CHECKING:
    from .client_connection import ClientConnection
    from .downstream import ClientDownstream


class FileRequest(web.BaseRequest):
    """The request of `exchange`, as `web.FileResponse` reads it."""

    ATTRS = web.BaseRequest.ATTRS | frozenset(["_connection", "_exchange"])

    def __init__(
        self,
        message: RawRequestMessage,
        body: StreamReader,
        connection: ClientConnection,
        exchange: ClientDownstream,
    ) -> None:
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[None]", asyncio.current_task())
        super().__init__(message, body, connection, StreamWriter(connection, loop), task, loop)
        self._connection = connection
        self._exchange = exchange

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Let the session join the answer; its fields are not written yet."""
        exchange = self._exchange
        response.headers.popall("Server", None)
        fields = [(name.encode(), value.encode()) for name, value in response.headers.items()]
        fields = await exchange.joined(response.status, fields)
        response.headers.clear()
        for name, value in fields:
            response.headers.add(name.decode(), value.decode())
        if self._connection.draining or not exchange.keep_alive:
            # aiohttp has written its own Connection field by now.
            exchange.close_after()
            response.force_close()
            response.headers["Connection"] = "close"
        exchange.status = response.status
