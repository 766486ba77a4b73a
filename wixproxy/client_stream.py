"""The bytes of a client's connection after an upgrade to a WebSocket; see `wire.tunnel`.

They are carried as they are. Only the ends of frames towards the client are
followed, so that a server that stops, or whose upstream broke off, can say
goodbye in the WebSocket's own words; where it stops, the client's answer then
ends the other side in good order, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from .errors import ClientGone
from .sansio.websocket_frames import GOING_AWAY, INTERNAL_ERROR, FrameEnds, close_frame

if TYPE_CHECKING:
    from .client_connection import ClientConnection


class ClientStream:
    """One end of a tunnel: the client's."""

    __slots__ = (
        "_arrival",
        "_connection",
        "_ended",
        "_frames",
        "_half_closed",
        "_leaving",
        "_pieces",
    )

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        # Thousands of these are idle at once, and a queue of asyncio's weighs as much as the rest.
        self._pieces: list[bytes] = []
        self._arrival: asyncio.Future[None] | None = None
        self._ended = False
        self._frames = FrameEnds()
        self._leaving = False
        self._half_closed = False
        connection.begin_tunnel(self)

    async def read(self) -> bytes:
        """Return the next bytes; empty bytes when the client sends no more."""
        while not self._pieces:
            if self._ended:
                return b""
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._connection.resume_tunnel()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; returns when the client has room for more.

        Behind a close frame there is nothing more to say (RFC 6455 §5.5.1).
        """
        if self._leaving and self._frames.closed:
            return
        self._frames.feed(data)
        self._connection.send(data)
        if self._leaving:
            self._say_goodbye(GOING_AWAY)
        if self._connection.writing_paused:
            await self._connection.drained()

    def leave(self) -> None:
        """Tell the client that the server goes away, as soon as a frame may be put in."""
        self._leaving = True
        self._say_goodbye(GOING_AWAY)

    def write_eof(self) -> None:
        """Say that no more bytes come from here."""
        transport = self._connection.transport
        if transport is not None and not transport.is_closing() and transport.can_write_eof():
            transport.write_eof()
            self._half_closed = True

    def break_off(self) -> None:
        """Say that the other side broke off, where a frame may be put in, and close."""
        self._say_goodbye(INTERNAL_ERROR)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if (transport := self._connection.transport) is not None:
            transport.close()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes from aiohttp's protocol, as a payload parser does."""
        self._pieces.append(data)
        if len(self._pieces) > 1:
            self._connection.pause_tunnel()
        self._wake()
        return False, b""

    def feed_eof(self) -> None:
        """Take note that the client sends no more."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _say_goodbye(self, code: int) -> None:
        if self._frames.between_frames and not self._frames.closed and not self._half_closed:
            frame = close_frame(code)
            self._frames.feed(frame)
            with contextlib.suppress(ClientGone):
                self._connection.send(frame)
