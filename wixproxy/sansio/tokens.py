"""Hold the pair of tokens that Wix issues, and decide when to renew it.

Renewal starts when less than five minutes, or less than a quarter of the
token's life, is left: whichever is shorter, so that a token which lives for
a minute is not renewed at once. Tokens never show in a `repr`.
Source: Wix answers `expires_in: 14400` for visitors, members and apps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

REFRESH_EARLY_SECONDS = 300
REFRESH_EARLY_SHARE = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token, the refresh token behind it, and the time they leave.

    `expires_at` is in seconds since the epoch, `lifetime_seconds` is the
    `expires_in` that the token was issued with.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: int
    lifetime_seconds: int

    def is_usable(self, now: float) -> bool:
        """Tell whether the access token is still valid."""
        return now < self.expires_at

    def is_due(self, now: float) -> bool:
        """Tell whether the access token should be renewed."""
        early = min(REFRESH_EARLY_SECONDS, self.lifetime_seconds / REFRESH_EARLY_SHARE)
        return self.expires_at - now < early
