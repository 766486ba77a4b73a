"""Calls of dashboard pages and site extensions: ask Wix who calls, then tell the frontend.

1. A page of Wix calls the paths of `extensions.backend_paths` with a token of
   Wix. Without one that Wix vouches for nothing is forwarded: 401; and when
   Wix says nothing, 503. A handler of the frontend there may believe what it
   is told.
2. No session has a part in it: no cookie of ours is read, handed on or set.
3. The frontend learns who calls, and gets a handle to call Wix as this caller
   through the backend listener, where there is one. It never sees the token.
4. Only pages of the configured origins may call and read the answer, refusals
   too; a browser's question beforehand is answered here.

Astro's integration takes a call without `Authorization` for the site's own
visitor. Here such a path belongs to verified callers alone, because its
handlers trust what they are told; what pages of the site call lies elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from ..errors import CallerUnverified, TooManyRequests
from ..exchange import Exchange
from ..sansio import callers, dashboard_origins, fetch_metadata
from ..sansio.buckets import Buckets
from ..sansio.callers import Caller
from ..sansio.exchange import Fields
from ..sansio.throttle import EVERYBODY, subscriber
from ..wix.callers import Callers

# Each unknown token is a question to Wix, whoever made it up.
QUESTIONS_PER_MINUTE = 120
QUESTIONS_PER_MINUTE_TOGETHER = 1_200

log = logging.getLogger("wixproxy.extensions")


class VerifiedCalls:
    """Verifies callers; `forward` hands their calls to the frontend.

    `gives_handles` says that there is a backend listener to hand them on to.
    """

    def __init__(
        self,
        known_callers: Callers,
        origins: frozenset[str],
        forward: Callable[[Exchange], Awaitable[None]],
        clock: Callable[[], float],
        *,
        gives_handles: bool,
    ) -> None:
        self._callers = known_callers
        self._origins = origins
        self._forward = forward
        self._clock = clock
        self._gives_handles = gives_handles
        self._questions = Buckets(QUESTIONS_PER_MINUTE)
        self._questions_together = Buckets(QUESTIONS_PER_MINUTE_TOGETHER)

    async def handle(self, exchange: Exchange) -> None:
        """Answer one call."""
        request = exchange.request
        if fetch_metadata.is_preflight(request):
            fields = dashboard_origins.preflight_fields(request, self._origins)
            await exchange.downstream.answer(204, fields)
            return

        async def before_head(_: int, fields: Fields) -> Fields:
            return dashboard_origins.readable(fields, request, self._origins)

        exchange.downstream.before_head = before_head
        dashboard_origins.guard(request, exchange.front.public, self._origins)
        token = callers.shown_token(request.fields)
        caller = await self._verified(exchange, token)
        handle = self._callers.handle(caller, token) if self._gives_handles else None
        exchange.caller_fields = callers.told_to_frontend(caller, handle)
        await self._forward(exchange)

    async def _verified(self, exchange: Exchange, token: str) -> Caller:
        caller = self._callers.known(token)
        if caller is not None:
            return caller
        if not self._callers.is_asked(token):
            self._count_question(exchange.address)
        try:
            return await self._callers.verified(token)
        except CallerUnverified as refusal:
            log.info("request %s: %s", exchange.request_id, refusal.message)
            raise

    def _count_question(self, address: str | None) -> None:
        if address is None:
            wait = self._questions_together.take(EVERYBODY, self._clock())
        else:
            wait = self._questions.take(subscriber(address), self._clock())
        if wait:
            raise TooManyRequests(
                "Too many calls with unknown tokens came in a short time. Try again in a moment.",
                retry_after=int(wait) + 1,
            )
