"""Give the app's own token for one installation: asked for once, kept until it is due.

There is one token for each instance and process, whoever asks. It never
leaves the process but towards Wix.
Source: Wix "Elevate API Call Permissions": client credentials with an
instance id, for four hours.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ElevationUnavailable, GrantRejected
from ..sansio.redaction import Secret
from ..sansio.tokens import Tokens
from .asked_once import AskedOnce
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
        self._tokens: AskedOnce[str | None, Tokens] = AskedOnce(
            lambda tokens: not tokens.is_due(clock()), MAX_INSTANCES
        )

    async def current(self, instance_id: str | None = None) -> str:
        """Return an access token of the app for an instance, by default the configured one.

        Raises `ElevationUnavailable` when Wix refuses or no secret is
        configured, else `WixUnavailable`.
        """
        instance = instance_id or self._own_instance
        return (await self._tokens.get(instance, lambda: self._ask(instance))).access

    def forget(self, access: str) -> None:
        """Drop a token that Wix refused before its time."""
        self._tokens.forget(lambda tokens: tokens.access == access)

    async def _ask(self, instance: str | None) -> Tokens:
        if self._secret is None:
            raise ElevationUnavailable(
                "Elevated calls need the app's secret: set site.client_secret or WIX_CLIENT_SECRET."
            )
        try:
            return await self._wix.app_token(self._secret, instance)
        except GrantRejected as refusal:
            own = instance == self._own_instance
            where = "site.instance_id" if own else "the instance that X-Wixproxy-Instance names"
            raise ElevationUnavailable(
                f"Wix refused to issue the app's token ({refusal.error}). Check "
                f"site.client_secret and {where}."
            ) from refusal
