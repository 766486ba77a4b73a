"""`/_wix/testing/session`: make a browser's session what a test needs, with the emulator only.

Other people's browser tests need not walk through a login page for each case:
`{"member": "ada@example.test"}` or `{"visitor": true}` sets the session.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from ..errors import RequestRefused
from ..exchange import Exchange
from ..pages import json_answer
from ..sansio.session import Session
from ..wix.client import WixClient

MAX_BODY_BYTES = 16 * 1024


class TestingSession:
    """Sets sessions without a login."""

    def __init__(self, wix: WixClient, clock: Callable[[], float]) -> None:
        self._wix = wix
        self._clock = clock

    async def handle(self, exchange: Exchange) -> None:
        """Replace the browser's session and tell its identity."""
        if exchange.session.unreadable is not None:
            raise exchange.session.unreadable
        body = await exchange.downstream.read_whole(MAX_BODY_BYTES)
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            asked = None
        session = await self._session(exchange, asked)
        await exchange.session.replace(session)
        fields, answer = json_answer({"identity": session.identity})
        await exchange.downstream.answer(200, fields, answer)

    async def _session(self, exchange: Exchange, asked: object) -> Session:
        limits, now = exchange.front.limits, self._clock()
        if asked == {"visitor": True}:
            return Session.visitor(now, limits)
        if (
            isinstance(asked, dict)
            and set(asked) == {"member"}
            and isinstance(asked["member"], str)
        ):
            tokens = await self._wix.emulated_member(asked["member"])
            member_id = await self._wix.member_id(tokens)
            return Session.member(now, limits, tokens=tokens, member_id=member_id)
        raise RequestRefused(
            'Expected {"member": "<e-mail of a member of the emulator>"} or {"visitor": true}.'
        )
