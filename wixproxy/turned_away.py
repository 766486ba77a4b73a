"""Tell a client for whom there is no room that it shall come again, and let it go.

It is told when its request is there, because closing on bytes that were not
read resets the connection, and with it perhaps the answer. In a crowd there is
no time for that: each one that waits holds a file, and whoever comes while
there is none left hears nothing at all.
"""

from __future__ import annotations

import asyncio
import json
from typing import cast

from .errors import TooManyConnections

RETRY_AFTER_SECONDS = 1
# Who says nothing for so long is let go without a word.
SILENCE_SECONDS = 1.0
MOST_HEARD = 16


def _answer() -> bytes:
    error = TooManyConnections
    problem = {
        "status": error.status,
        "code": error.code,
        "title": error.title,
        "message": "The proxy has as many connections as it may have. Try again in a moment.",
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {error.status} Service Unavailable\r\n"
        f"Retry-After: {RETRY_AFTER_SECONDS}\r\n"
        "Content-Type: application/problem+json\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_ANSWER = _answer()


class TurnedAway(asyncio.Protocol):
    """A connection beyond the last that there is room for; `heard` holds those that are heard."""

    def __init__(self, heard: set[TurnedAway]) -> None:
        self._heard = heard
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the request, for a moment; in a crowd answer at once."""
        self._transport = cast("asyncio.Transport", transport)
        if len(self._heard) >= MOST_HEARD:
            self._answer()
            return
        self._heard.add(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SILENCE_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Answer, whatever was asked."""
        self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._heard.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_ANSWER)
            self._transport.close()
