"""Ask people to wait while the frontend's command takes no connections.

It does not while it starts, and again whenever it restarts itself. A page
waits by itself, in dev; a program is told to try again. In production nobody
is shown a page that is not the site's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..errors import FrontendStarting, NothingListens
from ..exchange import Exchange
from ..pages import page

RETRY_SECONDS = 1

Forward = Callable[[Exchange], Awaitable[None]]


class Starting:
    """Forwards with `forward`, and answers for it while nothing listens."""

    def __init__(self, forward: Forward, *, shows_page: bool) -> None:
        self._forward = forward
        self._shows_page = shows_page

    async def handle(self, exchange: Exchange) -> None:
        """Forward one request and its answer."""
        try:
            await self._forward(exchange)
        except NothingListens as error:
            if not (self._shows_page and exchange.is_navigation):
                raise FrontendStarting(error.message, retry_after=RETRY_SECONDS) from error
            fields, body = page("waiting.html", message=error.message)
            await exchange.downstream.answer(
                FrontendStarting.status,
                [*fields, (b"Retry-After", str(RETRY_SECONDS).encode())],
                body,
            )
