"""Pages that a browser comes back to from Wix: pick up the login that happened over there.

1. Wix adds `wixMemberLoggedIn=true` to every callback once a member is logged
   in on its pages. The browser is a visitor here all the same, so a login
   without a page (`prompt=none`) is begun, which leads to this very page.
2. Only a browser that this proxy led to Wix is believed, within four hours and
   once: the attempt takes the record of its leaving away, so nothing goes round
   in a circle, and a link on somebody else's page begins nothing. Such a page
   could have logged this browser in at Wix as whom it likes, and would make its
   visitor that member here, unseen (login CSRF). What is left to it is a visitor
   who is at Wix for us just then, and whose Wix page shows the name.
3. Whatever goes wrong, the page is shown to the visitor: someone comes back
   from a purchase, and did not ask to be logged in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from ..errors import UnsafeReturnURL, WixproxyError
from ..exchange import Exchange
from ..login_attempts import LoginAttempts
from ..sansio.return_url import safe_return_url

LOGGED_IN = ("wixMemberLoggedIn", "true")
PAGE_WAITS_SECONDS = 5.0

log = logging.getLogger("wixproxy.login")


class SilentLogin:
    """Stands before the pages of the frontend."""

    def __init__(
        self,
        pages: Callable[[Exchange], Awaitable[None]],
        attempts: LoginAttempts,
        own_paths: tuple[str, ...],
    ) -> None:
        self._pages = pages
        self._attempts = attempts
        self._own_paths = own_paths

    def handle(self, exchange: Exchange) -> Awaitable[None]:
        """Begin the login that is due, else show the page."""
        return self._login(exchange) if _is_due(exchange) else self._pages(exchange)

    async def _login(self, exchange: Exchange) -> None:
        location = await self._begun(exchange)
        if location is None:
            await self._pages(exchange)
            return
        fields = [
            (b"Location", location.encode("ascii")),
            (b"Cache-Control", b"no-store"),
            (b"Referrer-Policy", b"no-referrer"),
        ]
        await exchange.downstream.answer(302, fields)

    async def _begun(self, exchange: Exchange) -> str | None:
        """Begin a login that leads back to this page; None when that cannot be."""
        target = exchange.request.target.decode("ascii")
        try:
            back = safe_return_url(target, exchange.front.public, own_paths=self._own_paths)
            async with asyncio.timeout(PAGE_WAITS_SECONDS):
                return await self._attempts.begin(exchange, back, "none")
        except UnsafeReturnURL:
            # The message shows the address, which is the page's own affair.
            log.info("a silent login was not begun: nobody may be sent back to that page")
        except TimeoutError:
            log.warning("a silent login was not begun within %g seconds", PAGE_WAITS_SECONDS)
        except WixproxyError as error:
            log.warning("a silent login was not begun: %s", error.message)
        return None


def _is_due(exchange: Exchange) -> bool:
    """Tell whether a visitor whom we led to Wix comes back as a member of there."""
    query = exchange.request.query
    # Almost no page is one, so the common case is one search.
    if b"wixMemberLoggedIn" not in query or not exchange.is_navigation:
        return False
    current = exchange.session.current
    return (
        current is not None
        and current.identity == "visitor"
        and current.is_expected_back(exchange.front.clock())
        and LOGGED_IN in parse_qsl(query.decode("latin-1"))
    )
