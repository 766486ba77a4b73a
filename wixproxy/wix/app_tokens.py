"""Give the app's own token for one installation: asked for once, kept until it is due.

There is one token for each instance and process, whoever asks. It never
leaves the process but towards Wix.
Source: Wix "Elevate API Call Permissions": client credentials with an
instance id, for four hours.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from ..errors import ElevationUnavailable, GrantRejected
from ..sansio.redaction import Secret
from ..sansio.tokens import Tokens
from .client import WixClient

MAX_INSTANCES = 1_000


class AppTokens:
    """Tokens by instance id; without a secret there are none."""

    def __init__(
        self,
        wix: WixClient,
        secret: Secret | None,
        instance_id: str | None,
        clock: Callable[[], float],
    ) -> None:
        self._wix = wix
        self._secret = secret
        self._own_instance = instance_id
        self._clock = clock
        self._tokens: OrderedDict[str | None, Tokens] = OrderedDict()
        self._flights: dict[str | None, asyncio.Task[Tokens]] = {}

    async def current(self, instance_id: str | None = None) -> str:
        """Return an access token of the app for an instance, by default the configured one.

        Raises `ElevationUnavailable` when Wix refuses or no secret is
        configured, else `WixUnavailable`.
        """
        instance = instance_id or self._own_instance
        known = self._tokens.get(instance)
        if known is not None and not known.is_due(self._clock()):
            return known.access
        return (await asyncio.shield(self._flight(instance))).access

    def forget(self, access: str) -> None:
        """Drop a token that Wix refused before its time."""
        for instance, tokens in list(self._tokens.items()):
            if tokens.access == access:
                del self._tokens[instance]

    def _flight(self, instance: str | None) -> asyncio.Task[Tokens]:
        flight = self._flights.get(instance)
        if flight is None:
            flight = asyncio.create_task(self._ask(instance))
            self._flights[instance] = flight
            flight.add_done_callback(lambda done: self._landed(instance, done))
        return flight

    def _landed(self, instance: str | None, flight: asyncio.Task[Tokens]) -> None:
        del self._flights[instance]
        # Read, so that a failure nobody waits for any more is not an unseen one.
        if not flight.cancelled():
            flight.exception()

    async def _ask(self, instance: str | None) -> Tokens:
        if self._secret is None:
            raise ElevationUnavailable(
                "Elevated calls need the app's secret: set site.client_secret or WIX_CLIENT_SECRET."
            )
        try:
            tokens = await self._wix.app_token(self._secret, instance)
        except GrantRejected as refusal:
            raise ElevationUnavailable(
                f"Wix refused to issue the app's token ({refusal.error}). Check "
                "site.client_secret and site.instance_id."
            ) from refusal
        self._tokens[instance] = tokens
        if len(self._tokens) > MAX_INSTANCES:
            self._tokens.popitem(last=False)
        return tokens
