"""Ask Wix who makes a call with a token, and for a token to call Wix as that caller.

An answer is known by the hash of its token, for a minute at most and never for
longer than the token lives; a refusal is not kept. The token that a page was
given is bound to its session in the browser, so server code calls Wix with an
unbound one, for which Wix wants the app's secret.
Source: Wix's token information; the grant `strip_bound_session`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..errors import CallerUnverified, ElevationUnavailable, GrantRejected
from ..sansio.callers import Caller, CallerHandles, HeldCaller, read_caller
from ..sansio.redaction import Secret
from ..sansio.tokens import Tokens
from .asked_once import AskedOnce
from .client import WixClient

MAX_CALLERS = 10_000


class Callers:
    """The callers that Wix vouches for, by their tokens."""

    def __init__(
        self,
        wix: WixClient,
        secret: Secret | None,
        handles: CallerHandles,
        clock: Callable[[], float],
    ) -> None:
        self._wix = wix
        self._secret = secret
        self._handles = handles
        self._clock = clock
        self._known: AskedOnce[bytes, tuple[Caller, float]] = AskedOnce(
            lambda known: clock() < known[1], MAX_CALLERS
        )
        self._unbound: AskedOnce[bytes, Tokens] = AskedOnce(
            lambda tokens: not tokens.is_due(clock()), MAX_CALLERS
        )

    def known(self, token: str) -> Caller | None:
        """Return the caller whose token this is, if Wix said so a moment ago."""
        known = self._known.fresh(_hash(token))
        return known[0] if known is not None else None

    def is_asked(self, token: str) -> bool:
        """Tell whether Wix is being asked about this token just now."""
        return self._known.is_asked(_hash(token))

    async def verified(self, token: str) -> Caller:
        """Return the caller whose token this is.

        Raises `CallerUnverified` for a token that proves nothing here, and
        `WixUnavailable` where Wix did not say.
        """
        caller, _ = await self._known.get(_hash(token), lambda: self._ask(token))
        return caller

    def handle(self, caller: Caller, token: str) -> str:
        """Return what the frontend hands on to call Wix as this caller."""
        return self._handles.seal(caller, token, self._clock())

    def held(self, handle: str) -> HeldCaller:
        """Return the caller of a handle; raises `CallerUnverified`."""
        return self._handles.open(handle, self._clock())

    async def unbound_token(self, held: HeldCaller) -> str:
        """Return an access token to call Wix as this caller.

        Raises `CallerUnverified` when Wix no longer takes the caller's own
        token, `ElevationUnavailable` without a good secret, else `WixUnavailable`.
        """
        token = held.token
        return (await self._unbound.get(_hash(token), lambda: self._strip(token))).access

    def forget(self, access: str) -> None:
        """Drop an unbound token that Wix refused before its time."""
        self._unbound.forget(lambda tokens: tokens.access == access)

    async def _ask(self, token: str) -> tuple[Caller, float]:
        status, body = await self._wix.token_info(token)
        caller = read_caller(status, body, self._wix.client_id)
        return caller, caller.known_until(self._clock())

    async def _strip(self, token: str) -> Tokens:
        if self._secret is None:
            raise ElevationUnavailable(
                "Calls as the caller of a dashboard page need the app's secret: set "
                "site.client_secret or WIX_CLIENT_SECRET."
            )
        try:
            return await self._wix.unbound_token(self._secret, token)
        except GrantRejected as refusal:
            if refusal.error == "invalid_grant":
                raise CallerUnverified("Wix no longer takes the caller's token.") from None
            raise ElevationUnavailable(
                f"Wix refused a token to call as the caller ({refusal.error}). Check "
                "site.client_secret."
            ) from refusal


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
