"""Run the calls that elevation rules name as the app, within the rate of each rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .errors import TooManyRequests
from .sansio import explanation
from .sansio.buckets import Buckets
from .sansio.elevation import ElevationRule
from .sansio.session import Session
from .stores.counts import SharedCounts
from .wix.app_tokens import AppTokens


class Elevation:
    """The rules, the app's token, and how often each session used a rule."""

    def __init__(
        self,
        rules: Sequence[ElevationRule],
        app_tokens: AppTokens,
        counts: SharedCounts,
        clock: Callable[[], float],
    ) -> None:
        self._rules = tuple(rules)
        self._app_tokens = app_tokens
        self._counts = counts
        self._clock = clock
        self._used = {
            rule.name: Buckets(rule.per_minute, kind=f"rule {rule.name}") for rule in rules
        }

    def concerns(self, method: str, path: bytes) -> bool:
        """Tell whether a rule names this call, whoever makes it."""
        return bool(self._rules) and any(rule.names(method, path) for rule in self._rules)

    def rule_for(self, method: str, path: bytes, session: Session) -> ElevationRule | None:
        """Return the rule by which this session's call runs as the app."""
        for rule in self._rules:
            if rule.matches(method, path, session) and rule.permits(session):
                return rule
        return None

    async def count(self, rule: ElevationRule, session: Session) -> None:
        """Count a use of the rule; raises `TooManyRequests` above its rate."""
        used = self._used[rule.name]
        wait = used.take(session.id, self._clock())
        if not wait:
            wait = await self._counts.take([used.drawn(session.id)])
            if wait:
                used.give_back(session.id, self._clock())
        if wait:
            raise TooManyRequests(
                "This call was made too often in a short time. Try again in a moment.",
                retry_after=int(wait) + 1,
            )

    async def token(self, instance_id: str | None = None) -> str:
        """Return the app's token for an instance, by default the configured one.

        Raises `ElevationUnavailable` or `WixUnavailable`.
        """
        return await self._app_tokens.current(instance_id)

    def forget(self, token: str) -> None:
        """Drop a token that Wix refused before its time."""
        self._app_tokens.forget(token)

    def explain(self, method: str, path: bytes, session: Session) -> str:
        """Say why a call that ran as the session was refused, and what would allow it."""
        named = [rule for rule in self._rules if rule.names(method, path)]
        return explanation.as_session(method, path, session, named)
