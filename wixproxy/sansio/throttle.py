"""Decide how often passwords, codes and mails may be tried: from one place, for one account.

Wix sees one address for all our visitors. Whoever guesses through us is to
be stopped here, or Wix stops everybody.

1. A place is the client's address where addresses are known; an IPv6 client
   has a whole /64 (RFC 6177), so that counts as one. Otherwise a place is a
   session. Sessions cost nothing, so all places of that kind together have a
   wide limit as well. Known addresses share none: nobody uses up theirs.
2. An account has its own limit, over all places. It is wider than that of a
   place, so one place alone cannot lock the owner out; it holds for addresses
   that have no account, too, and so tells nobody which have one.
3. All limits are taken together or none is: what one of them refuses costs
   nothing at the others.
4. A right answer was no guess, and is given back: an office behind one
   address can log in at nine o'clock.

A forgotten bucket is a full one. Names come in no faster than the limits let
them, so a bucket has filled by itself before `MAX_NAMES` others push it out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from .buckets import Buckets, Drawn

EVERYBODY = "everybody"
SUBSCRIBER_BITS = 64

# What an account may be tried with from all places, and what all places of unknown
# address may try together, in places.
PLACES_PER_ACCOUNT = 3
PLACES_TOGETHER = 60

# One code has a million values, and nobody mistypes it ten times.
CODES_PER_ACCOUNT, CODES_PER_ACCOUNT_PER_MINUTE = 10, 1.0
# A mail box should not fill up, but the first mail may have been lost.
MAILS_PER_ACCOUNT, MAILS_PER_ACCOUNT_PER_MINUTE = 3, 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a try comes from: an address, or a session where no address is known."""

    address: str | None = None
    session_id: str | None = field(default=None, repr=False)


class Throttle:
    """The limits of one kind of try."""

    def __init__(self, of_place: Buckets, together: Buckets, of_account: Buckets) -> None:
        self._of_place = of_place
        self._together = together
        self._of_account = of_account

    @classmethod
    def at_passwords(cls, per_minute: float) -> Throttle:
        """Return the limits of logins and sign-ups."""
        return cls._of(
            "password",
            per_minute,
            Buckets(per_minute * PLACES_PER_ACCOUNT, kind="password of an account"),
        )

    @classmethod
    def at_codes(cls, per_minute: float) -> Throttle:
        """Return the limits of codes that prove an e-mail address."""
        return cls._of(
            "code",
            per_minute,
            Buckets(
                CODES_PER_ACCOUNT_PER_MINUTE, burst=CODES_PER_ACCOUNT, kind="code for an account"
            ),
        )

    @classmethod
    def at_mails(cls, per_minute: float) -> Throttle:
        """Return the limits of calls that have Wix send a mail."""
        return cls._of(
            "mail",
            per_minute,
            Buckets(
                MAILS_PER_ACCOUNT_PER_MINUTE, burst=MAILS_PER_ACCOUNT, kind="mail to an account"
            ),
        )

    @classmethod
    def _of(cls, tried: str, per_minute: float, of_account: Buckets) -> Throttle:
        return cls(
            Buckets(per_minute, kind=f"{tried} from a place"),
            Buckets(per_minute * PLACES_TOGETHER, kind=f"{tried} from everywhere"),
            of_account,
        )

    def take(self, place: Place, account: str | None, now: float) -> float:
        """Count a try; return 0, or the seconds to wait before the next, which counts nothing.

        `account` names whose secret is tried, or is None where nobody knows.
        """
        concerned = list(self._concerned(place, account))
        wait = max(buckets.wait(name, now) for buckets, name in concerned)
        if not wait:
            for buckets, name in concerned:
                buckets.take(name, now)
        return wait

    def give_back(self, place: Place, account: str | None, now: float) -> None:
        """Undo the count of a try that turned out right."""
        for buckets, name in self._concerned(place, account):
            buckets.give_back(name, now)

    def drawn(self, place: Place, account: str | None) -> list[Drawn]:
        """Return what a try takes, for those who count it together."""
        return [buckets.drawn(name) for buckets, name in self._concerned(place, account)]

    def _concerned(self, place: Place, account: str | None) -> Iterator[tuple[Buckets, str]]:
        if place.address is not None:
            yield self._of_place, subscriber(place.address)
        else:
            if place.session_id is not None:
                yield self._of_place, place.session_id
            yield self._together, EVERYBODY
        if account is not None:
            yield self._of_account, account

    def __len__(self) -> int:
        """Return how many names are remembered."""
        return len(self._of_place) + len(self._together) + len(self._of_account)


def subscriber(address: str) -> str:
    """Return the name that an address is counted by: itself, or the /64 of an IPv6 address."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return address
    return f"{int(parsed) >> (128 - SUBSCRIBER_BITS):x}/{SUBSCRIBER_BITS}"
