"""Find out where Wix hosts the site's own pages: configured, or asked of Wix as the app.

Source: `redirectUrlWixPages` of the OAuth app, which the app itself may read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..errors import WixRefused, quoted
from ..sansio.public_url import PublicURL
from ..sansio.wix_pages import PagesAddress
from .app_tokens import AppTokens
from .asked_once import AskedOnce
from .client import WixClient

KNOWN_SECONDS = 3_600
_REMEDY = "Set site.pages_url to the address of the site at Wix."


class SitePages:
    """The address of the site's pages at Wix."""

    def __init__(
        self,
        wix: WixClient,
        app_tokens: AppTokens,
        configured: str | None,
        own: Collection[PublicURL],
        clock: Callable[[], float],
    ) -> None:
        self._wix = wix
        self._app_tokens = app_tokens
        self._configured = PagesAddress.parse(configured) if configured is not None else None
        self._own = tuple(own)
        self._clock = clock
        self._asked: AskedOnce[None, tuple[PagesAddress, float]] = AskedOnce(
            lambda asked: clock() < asked[1], 1
        )

    async def address(self) -> PagesAddress:
        """Return where the pages are.

        Raises `WixRefused` when Wix names no usable address, also
        `ElevationUnavailable` and `WixUnavailable`.
        """
        if self._configured is not None:
            return self._configured
        address, _ = await self._asked.get(None, self._ask)
        return address

    async def _ask(self) -> tuple[PagesAddress, float]:
        told = await self._wix.pages_url(await self._app_tokens.current())
        try:
            address = PagesAddress.parse(told)
        except ValueError as error:
            raise WixRefused(f"Wix names no address of its pages: {error}. {_REMEDY}") from None
        if address.public in self._own:
            # A browser sent there would come back, and be sent there again.
            raise WixRefused(f"Wix says that its pages are at {quoted(told)}, here. {_REMEDY}")
        return address, self._clock() + KNOWN_SECONDS
