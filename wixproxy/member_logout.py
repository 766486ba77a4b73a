"""End a browser's session: here in any case, and at Wix when Wix answers.

Wix's own logout needs the member's token, so its address is asked for first,
for two seconds at most; then a new visitor takes the session's place, and the
old cookie is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from .errors import WixproxyError
from .exchange import Exchange
from .sansio.session import Session
from .wix.client import WixClient

WIX_MAY_TAKE_SECONDS = 2.0

log = logging.getLogger("wixproxy.login")


class MemberLogout:
    """Ends sessions."""

    def __init__(self, wix: WixClient, clock: Callable[[], float]) -> None:
        self._wix = wix
        self._clock = clock

    async def end(self, exchange: Exchange, asked: dict[str, Any]) -> str | None:
        """End the session; return where Wix ends its own, if there is such an address.

        `asked` is the redirect session that asks Wix for it. A visitor has
        nothing to end there. Raises `SessionUnreadable` or `StoreUnavailable`
        where nothing can be ended, for nobody may believe that it was.
        """
        if exchange.session.unreadable is not None:
            raise exchange.session.unreadable
        location = await self._address(exchange, asked)
        ended = exchange.session.current
        await exchange.session.replace(Session.visitor(self._clock(), exchange.front.limits))
        if ended is not None:
            await exchange.front.store.end(ended)
        return location

    async def _address(self, exchange: Exchange, asked: dict[str, Any]) -> str | None:
        current = exchange.session.current
        if current is None or current.identity != "member":
            return None
        try:
            async with asyncio.timeout(WIX_MAY_TAKE_SECONDS):
                session = await exchange.front.tokens.current(current)
                return await self._wix.redirect_session(asked, session.access_token)
        except TimeoutError:
            log.warning("Wix gave no logout address within %s seconds", WIX_MAY_TAKE_SECONDS)
        except WixproxyError as error:
            log.warning("Wix gave no logout address: %s", error.message)
        return None
