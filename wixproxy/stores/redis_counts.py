"""Count in Redis what is limited, so that many processes allow no more than one would.

A bucket is a key that lives until the bucket is full again, and its time to
live is all that it holds: each token taken makes it longer by the time that
one flows in (the generic cell rate algorithm, by the clock of Redis alone).
Its name is a digest that only the site's key makes, because addresses and
ids are too few, or too dear, to stand there in a form that can be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import StoreUnavailable
from ..sansio.buckets import Drawn
from ..sansio.keyring import Keyring
from .redis_client import Client, Patience

PURPOSE = "count"

# All of them are taken or none is. For each key: the longest life that leaves room for another
# token, and how much longer a token makes it, in milliseconds.
_TAKE = """
local wait = 0
for i, key in ipairs(KEYS) do
    wait = math.max(wait, redis.call('PTTL', key) - tonumber(ARGV[2 * i - 1]))
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    local left = math.max(0, redis.call('PTTL', key))
    redis.call('SET', key, '', 'PX', left + tonumber(ARGV[2 * i]))
end
return 0
"""
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
    local left = redis.call('PTTL', key) - tonumber(ARGV[2 * i])
    if left > 0 then redis.call('PEXPIRE', key, left) else redis.call('DEL', key) end
end
return 0
"""


class RedisCounts:
    """Buckets that the processes of one site share; `site` tells it from others in one Redis."""

    def __init__(
        self,
        client: Client,
        keyring: Keyring,
        site: str,
        *,
        prefix: str = "wixproxy:",
        patience: Patience | None = None,
    ) -> None:
        self._client = client
        self._keyring = keyring
        self._site = site
        # A cluster runs a script where all of its keys are: those of one tag are together.
        self._prefix = f"{prefix}{{{PURPOSE}}}:"
        self._patience = patience or Patience()

    async def take(self, drawn: Sequence[Drawn]) -> float:
        """Take all of these tokens; see `SharedCounts.take`."""
        try:
            return await self._run(_TAKE, drawn) / 1000
        except StoreUnavailable:
            return 0.0

    async def give_back(self, drawn: Sequence[Drawn]) -> None:
        """Put back tokens that were taken, if Redis takes them."""
        try:
            await self._run(_GIVE_BACK, drawn)
        except StoreUnavailable:
            return

    async def close(self) -> None:
        """Let go of Redis."""
        await self._client.aclose()

    async def _run(self, script: str, drawn: Sequence[Drawn]) -> int:
        names = [self._prefix + self._name(one) for one in drawn]
        numbers = [str(number) for one in drawn for number in _milliseconds(one)]
        answered: int = await self._patience.asked(
            lambda: self._client.eval(script, len(names), *names, *numbers)
        )
        return answered

    def _name(self, one: Drawn) -> str:
        return self._keyring.digest(PURPOSE, (self._site, one.kind, one.name))


def _milliseconds(one: Drawn) -> tuple[int, int]:
    """Return the longest life of a bucket with a token left, and what a token adds to it."""
    token = 1000 / one.per_second
    return round((one.capacity - 1) * token), max(1, round(token))
