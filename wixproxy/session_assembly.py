"""Build what keeps sessions, as the configuration describes it: a front for each public URL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from .config import Config
from .errors import ConfigError
from .front import Front
from .sansio.cookies import CookiePolicy, SameSite
from .sansio.keyring import Key, Keyring
from .sansio.public_url import PublicURL, parse_authority
from .sansio.session import Limits
from .stores import SessionStore
from .stores.cookie import CookieStore
from .stores.memory import MemoryStore
from .wix.client import LONGEST_GRANT_SECONDS, WixClient
from .wix.token_source import TokenSource

Clock = Callable[[], float]
SENTINEL_PORT = 26_379


@dataclass(frozen=True, slots=True)
class Fronts:
    """What serves each public URL, and how its stores are let go."""

    by_url: Mapping[PublicURL, Front]
    close: Callable[[], Awaitable[None]]


def public_urls(config: Config) -> list[PublicURL]:
    """Return where browsers see the proxy."""
    return [PublicURL.parse(text) for text in config.server.public_url]


def assemble_fronts(config: Config, wix: WixClient, clock: Clock, started_at: float) -> Fronts:
    """Make what serves each public URL; a session of one opens at no other.

    `started_at` is when the process began, in seconds since the epoch.
    """
    limits = Limits(config.session.idle_seconds, config.session.absolute_seconds)
    keyring = Keyring([Key.from_text(key.reveal()) for key in config.session.keys])
    if config.session.store == "redis":
        make_store, close_stores = _redis_stores(config, limits, clock)
    else:
        make_store = _own_stores(config, keyring, limits, clock, started_at)
        close_stores = _nothing

    def front(url: PublicURL) -> Front:
        policy = CookiePolicy.for_origin(url.scheme, url.port, _same_site(config))
        store = make_store((policy.session, config.site.client_id, url.origin))
        return Front(
            public=url,
            cookies=policy,
            store=store,
            tokens=TokenSource(store, wix, limits, clock),
            keyring=keyring,
            bound_to=(config.site.client_id, url.origin),
            limits=limits,
            clock=clock,
        )

    fronts = {url: front(url) for url in public_urls(config)}

    async def close() -> None:
        await asyncio.gather(*(front.tokens.close() for front in fronts.values()))
        await close_stores()

    return Fronts(fronts, close)


MakeStore = Callable[[tuple[str, ...]], SessionStore]


def _own_stores(
    config: Config, keyring: Keyring, limits: Limits, clock: Clock, started_at: float
) -> MakeStore:
    """Return what makes stores that this process has to itself."""
    if config.session.store == "memory":
        return lambda bound_to: MemoryStore(limits, clock, config.session.max_sessions)
    grace_ends_at = started_at + config.session.unknown_key_grace_seconds
    return lambda bound_to: CookieStore(
        keyring, bound_to, limits, clock, unknown_key_until=grace_ends_at
    )


def _redis_stores(
    config: Config, limits: Limits, clock: Clock
) -> tuple[MakeStore, Callable[[], Awaitable[None]]]:
    """Return what makes stores on one Redis, and what lets go of it."""
    try:
        from .stores.redis import RedisStore
        from .stores.redis_client import RedisAddress, connect
    except ImportError as error:
        raise ConfigError(
            ["session.store: redis needs its client. Run: pip install 'wixproxy[redis]'"]
        ) from error
    table = config.session.redis
    if table.url is None:
        raise ConfigError(["session.redis.url: the redis store needs an address"])
    sentinels = [parse_authority(text) for text in table.sentinels]
    client = connect(
        RedisAddress(
            url=table.url,
            ca_file=table.ca_file,
            timeout_seconds=table.timeout_seconds,
            cluster=table.cluster,
            sentinels=tuple((host, port or SENTINEL_PORT) for host, port in sentinels),
            sentinel_service=table.sentinel_service,
        )
    )
    stores: list[RedisStore] = []

    def make(bound_to: tuple[str, ...]) -> SessionStore:
        store = RedisStore(
            client,
            bound_to,
            limits,
            clock,
            guarded_seconds=LONGEST_GRANT_SECONDS,
            prefix=table.key_prefix,
        )
        stores.append(store)
        return store

    async def close() -> None:
        for store in stores:
            await store.close()
        await client.aclose()

    return make, close


async def _nothing() -> None:
    """Do nothing: nothing is open."""


def _same_site(config: Config) -> SameSite:
    return "None" if config.session.same_site == "none" else "Lax"
