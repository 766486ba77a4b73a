"""Connect to Redis as it is set up: one server, a pair watched by sentinels, or a cluster.

Nothing is asked here: the first command connects. A command is tried twice,
because a connection that was idle may be gone; whoever asks for more decides
for itself what an outage means.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster, Sentinel
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..errors import StoreUnavailable
from ..sansio.redaction import Secret

Client = Redis | RedisCluster
T = TypeVar("T")

MAX_CONNECTIONS = 64
# How long a command waits for a connection when all of them are in use.
BURST_SECONDS = 5.0
# An outage shall not cost each request the time of a connection.
QUIET_SECONDS = 1.0
RETRY_AFTER_SECONDS = 2

log = logging.getLogger("wixproxy.session")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is and how it is reached; `timeout_seconds` bounds each command.

    With `sentinels` (host and port of each) the URL says who we are and which
    database is ours, and its host counts no more.
    """

    url: Secret
    ca_file: str | None = None
    timeout_seconds: float = 1.0
    cluster: bool = False
    sentinels: tuple[tuple[str, int], ...] = ()
    sentinel_service: str | None = None


class Patience:
    """Leaves Redis alone for a while after a failure."""

    def __init__(self, quiet_seconds: float = QUIET_SECONDS) -> None:
        self.quiet_seconds = quiet_seconds
        self._quiet_until = 0.0

    async def asked(self, command: Callable[[], Awaitable[T]]) -> T:
        """Run a command; raises `StoreUnavailable`, at once while an outage lasts."""
        now = asyncio.get_running_loop().time()
        if now < self._quiet_until:
            raise _unavailable()
        try:
            return await command()
        except (RedisError, OSError) as error:
            now = asyncio.get_running_loop().time()
            if now >= self._quiet_until:
                # Its text may hold the address with the password.
                log.error("Redis cannot be used (%s)", type(error).__name__)
            self._quiet_until = now + self.quiet_seconds
            raise _unavailable() from None


def connect(address: RedisAddress) -> Client:
    """Return a client; no connection is made yet."""
    url = address.url.reveal()
    options: dict[str, Any] = {
        "socket_timeout": address.timeout_seconds,
        "socket_connect_timeout": address.timeout_seconds,
        "retry": Retry(NoBackoff(), 1),
    }
    if url.startswith("rediss://") and address.ca_file is not None:
        options["ssl_ca_certs"] = address.ca_file
    if address.cluster:
        # Its pools cannot wait, and a burst is no outage: it has as many connections as it takes.
        return RedisCluster.from_url(url, **options)
    options |= {"max_connections": MAX_CONNECTIONS, "timeout": BURST_SECONDS}
    if address.sentinels:
        return _watched(address, url, options)
    return Redis.from_pool(BlockingConnectionPool.from_url(url, **options))


def _watched(address: RedisAddress, url: str, options: dict[str, Any]) -> Redis:
    """Return a client of whichever server the sentinels call the master."""
    parts = urlsplit(url)
    login: dict[str, Any] = {"ssl": parts.scheme == "rediss", "db": int(parts.path[1:] or 0)}
    if parts.username:
        login["username"] = unquote(parts.username)
    if parts.password:
        login["password"] = unquote(parts.password)
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        address.sentinels,
        sentinel_kwargs={"socket_timeout": address.timeout_seconds},
        **login,
        **options,
    )
    client: Redis = sentinel.master_for(
        address.sentinel_service or "mymaster", connection_pool_class=_WatchedPool
    )
    return client


class _WatchedPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the master of the sentinels, for which a burst waits."""


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable(
        "The sessions cannot be reached now. Nobody is logged out by this; try again.",
        retry_after=RETRY_AFTER_SECONDS,
    )
