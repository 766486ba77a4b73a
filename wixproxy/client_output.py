"""What goes out over a client's connection, and how its end is said.

1. The end of an answer waits for the loop's next iteration, to go out
   together with those of other connections (see `wire.outbox`). Whatever else
   is written, and whatever closes, lets it go first.
2. Where the client may still be sending, a connection is first only said to
   be over: a socket that is closed over unread bytes is reset, and a reset
   destroys what the client has not read yet (RFC 9112 §9.6).
3. An answer that is cut short ends in a reset.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .errors import ClientGone

if TYPE_CHECKING:
    from .protocol import PublicServer

# How long a client may go on sending when we have said that nothing more comes.
LINGER_SECONDS = 1.0

# SO_LINGER: on, for no time at all.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class ClientOutput(web.RequestHandler):
    """The way out of one client's connection."""

    __slots__ = ("_half_closed", "_ignores_input", "_server", "_unsent")

    def __init__(self, server: PublicServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._unsent = b""
        self._half_closed = False
        self._ignores_input = False

    def send(self, data: bytes) -> None:
        """Write bytes to the client; raises `ClientGone` when it left."""
        self._writable().write(data)

    def send_soon(self, data: bytes) -> None:
        """Write the end of an answer in a moment; raises `ClientGone` when the client left."""
        self._writable()
        self._unsent = data
        self._server.outbox.put(self.flush)

    def _writable(self) -> asyncio.Transport:
        """Return the transport with everything before written; raises `ClientGone`."""
        if self._unsent:
            self.flush()
        if self.transport is None or self.transport.is_closing():
            raise ClientGone
        return self.transport

    def flush(self) -> None:
        """Write what waits for the next iteration; a client that left gets nothing."""
        data, self._unsent = self._unsent, b""
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    async def drained(self) -> None:
        """Return when the client has room for more; raises `ClientGone` when it left."""
        try:
            await self._drain_helper()
        except ConnectionError as error:
            raise ClientGone from error

    async def linger(self) -> None:
        """Let a client read why its request was refused, though it may still be sending it."""
        self.half_close()
        # The client's own end ends this sooner.
        await asyncio.sleep(LINGER_SECONDS)

    def half_close(self) -> None:
        """End our direction (FIN), and ignore what the client still sends (RFC 9112 §9.6)."""
        self._half_closed = self._ignores_input = True
        self.flush()
        if self.transport is not None and self.transport.can_write_eof():
            self.transport.write_eof()

    def force_close(self) -> None:
        """Close, once everything was written."""
        self.flush()
        super().force_close()

    def reset(self) -> None:
        """Close so that the client sees a broken connection.

        A FIN would not do: it is how a body of unknown length ends for an
        HTTP/1.0 client, and so for many a load balancer.
        """
        self.flush()
        if self.transport is None:
            return
        opened = self.transport.get_extra_info("socket")
        if opened is not None and not self.transport.is_closing():
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()
