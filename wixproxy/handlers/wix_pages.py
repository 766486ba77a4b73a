"""Lead browsers from paths of Wix's own pages to the site's address at Wix."""

from __future__ import annotations

from ..exchange import Exchange
from ..sansio import wix_pages
from ..wix.pages_address import SitePages


class WixPages:
    """Answers the paths of `compat.wix_pages`, with redirects alone."""

    def __init__(self, pages: SitePages) -> None:
        self._pages = pages

    async def page(self, exchange: Exchange) -> None:
        """Lead to a page."""
        await self._lead(exchange, 302)

    async def site_api(self, exchange: Exchange) -> None:
        """Lead to the API of Wix's pages, with the method that came (RFC 9110 §15.4.8)."""
        wix_pages.refuse_credentials(exchange.request)
        await self._lead(exchange, 307)

    async def _lead(self, exchange: Exchange, status: int) -> None:
        address = await self._pages.address()
        fields = [
            (b"Location", address.location(exchange.request.target)),
            (b"Cache-Control", b"no-store"),
            (b"Referrer-Policy", b"no-referrer"),
        ]
        await exchange.downstream.answer(status, fields)
