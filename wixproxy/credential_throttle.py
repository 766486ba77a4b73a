"""Refuse passwords, codes and mails that are tried too often, and say when to try again."""

from __future__ import annotations

import hashlib
import logging
import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import TooManyRequests
from .exchange import Exchange
from .sansio import headers
from .sansio.identity_calls import Tried
from .sansio.throttle import Place, Throttle
from .stores.counts import SharedCounts

WARNING_SECONDS = 60

_NAMES: Mapping[Tried, str] = {
    "password": "logins were tried",
    "code": "codes were tried",
    "mail": "mails were asked for",
}

log = logging.getLogger("wixproxy.login")


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was counted."""

    throttle: Throttle
    place: Place
    account: str | None
    counts: SharedCounts
    clock: Callable[[], float]

    async def was_right(self) -> None:
        """Take it off the count: it was no guess."""
        self.throttle.give_back(self.place, self.account, self.clock())
        await self.counts.give_back(self.throttle.drawn(self.place, self.account))


class CredentialThrottle:
    """Counts what is tried: passwords, codes and mails."""

    def __init__(self, per_minute: float, counts: SharedCounts, clock: Callable[[], float]) -> None:
        self._kinds: Mapping[Tried, Throttle] = {
            "password": Throttle.at_passwords(per_minute),
            "code": Throttle.at_codes(per_minute),
            "mail": Throttle.at_mails(per_minute),
        }
        self._counts = counts
        self._clock = clock
        self._warned_at = -math.inf

    async def take(self, tried: Tried, exchange: Exchange, account: str | None) -> Try:
        """Count a try for an account of this `account_name`.

        None stands for an account that nobody knows. Raises `TooManyRequests`.
        """
        throttle, current = self._kinds[tried], exchange.session.current
        place = Place(exchange.address, current.id if current is not None else None)
        one_try = Try(throttle, place, account or None, self._counts, self._clock)
        wait = await self._wait(one_try)
        if not wait:
            return one_try
        self._warn(tried, exchange)
        seconds = math.ceil(wait)
        raise TooManyRequests(
            f"Too many {_NAMES[tried]} in a short time. Try again in {seconds} "
            f"second{'' if seconds == 1 else 's'}.",
            retry_after=seconds,
        )

    async def _wait(self, one_try: Try) -> float:
        """Count a try here and with the other processes; return the seconds to wait instead."""
        throttle, place, account = one_try.throttle, one_try.place, one_try.account
        wait = throttle.take(place, account, self._clock())
        if wait:
            return wait
        wait = await self._counts.take(throttle.drawn(place, account))
        if wait:
            throttle.give_back(place, account, self._clock())
        return wait

    def _warn(self, tried: Tried, exchange: Exchange) -> None:
        """Tell the operator, once a minute, and that addresses may be mixed up."""
        now = self._clock()
        if now - self._warned_at < WARNING_SECONDS:
            return
        self._warned_at = now
        address = exchange.address
        where = f"from {address}" if address is not None else "from clients of unknown address"
        log.warning("request %s: too many %s %s", exchange.request_id, _NAMES[tried], where)
        speaks_for_others = headers.get(exchange.request.fields, b"x-forwarded-for") is not None
        if address is None or (speaks_for_others and address == exchange.request.peer):
            log.warning(
                "clients cannot be told apart by address, so one may use up what all have "
                "together: list the proxies in front in server.trusted_proxies"
            )


def account_name(login_id: str) -> str:
    """Return the name that an account is counted by, the same for all spellings that Wix may fold.

    It is a digest, because the text is a person's address.
    """
    folded = unicodedata.normalize("NFKC", login_id).strip().casefold()
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:32]
