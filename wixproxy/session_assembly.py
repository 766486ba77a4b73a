"""Build what keeps sessions, as the configuration describes it: a front for each public URL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from .config import Config
from .errors import ConfigError
from .front import Front
from .sansio.cookies import CookiePolicy, SameSite
from .sansio.keyring import Key, Keyring
from .sansio.public_url import PublicURL, parse_authority
from .sansio.session import Limits
from .stores import SessionStore
from .stores.cookie import CookieStore
from .stores.counts import Alone, SharedCounts
from .stores.memory import MemoryStore
from .wix.client import LONGEST_GRANT_SECONDS, WixClient
from .wix.token_source import TokenSource

if TYPE_CHECKING:
    from .stores.redis import RedisStore
    from .stores.redis_client import Client

Clock = Callable[[], float]
SENTINEL_PORT = 26_379

Binding = tuple[str, ...]
"""The kind of store, and what its sessions are bound to."""


@dataclass(slots=True)
class KeptFronts:
    """The fronts that outlive a configuration, by what their sessions are bound to.

    A reload must lose no session of this process, no successor that a browser
    has not been given yet, and no renewal that is under way.
    """

    by_binding: dict[Binding, Front] = field(default_factory=dict)

    async def close(self) -> None:
        """Let go of all stores, once what is being asked of Wix has arrived."""
        await asyncio.gather(*(_close(front) for front in self.by_binding.values()))
        self.by_binding.clear()


@dataclass(frozen=True, slots=True)
class Fronts:
    """What serves each public URL.

    `adopt` makes these the process's own, in place of those of the
    configuration before, and `close` lets go of those that no other took over.
    """

    by_url: Mapping[PublicURL, Front]
    adopt: Callable[[], None]
    close: Callable[[], Awaitable[None]]


def public_urls(config: Config) -> list[PublicURL]:
    """Return where browsers see the proxy."""
    return [PublicURL.parse(text) for text in config.server.public_url]


def assemble_fronts(
    config: Config, wix: WixClient, clock: Clock, started_at: float, kept: KeptFronts
) -> Fronts:
    """Make what serves each public URL; a session of one opens at no other.

    `started_at` is when the process began, in seconds since the epoch. What
    is `kept` from the configuration before is taken over, and not touched
    until it is adopted.
    """
    limits = Limits(config.session.idle_seconds, config.session.absolute_seconds)
    keyring = _keyring(config)
    grace_ends_at = started_at + config.session.unknown_key_grace_seconds
    fronts: dict[Binding, Front] = {}
    for url in public_urls(config):
        policy = CookiePolicy.for_origin(url.scheme, url.port, _same_site(config))
        binding = (config.session.store, policy.session, config.site.client_id, url.origin)
        before = kept.by_binding.get(binding)
        if before is None:
            store = _store(
                config,
                binding[1:],
                clock,
                keyring=keyring,
                limits=limits,
                grace_ends_at=grace_ends_at,
            )
            before = Front(
                public=url,
                cookies=policy,
                store=store,
                tokens=TokenSource(store, wix, limits, clock),
                keyring=keyring,
                bound_to=(config.site.client_id, url.origin),
                limits=limits,
                clock=clock,
            )
        fronts[binding] = replace(before, cookies=policy, keyring=keyring, limits=limits)

    def adopt() -> None:
        for front in fronts.values():
            _renew(front, config, keyring, grace_ends_at)
            front.tokens.renew(wix, limits)
        kept.by_binding = dict(fronts)

    async def close() -> None:
        stores = {id(front.store) for front in kept.by_binding.values()}
        for front in fronts.values():
            if id(front.store) in stores:
                await front.tokens.settle()
            else:
                await _close(front)

    return Fronts({front.public: front for front in fronts.values()}, adopt, close)


def assemble_counts(config: Config) -> SharedCounts:
    """Make what counts together with the other processes of the site: all that share its Redis."""
    if config.session.store != "redis":
        return Alone()
    client = _redis_client(config)
    from .stores.redis_counts import RedisCounts

    return RedisCounts(
        client,
        _keyring(config),
        config.site.client_id,
        prefix=config.session.redis.key_prefix,
    )


def _keyring(config: Config) -> Keyring:
    return Keyring([Key.from_text(key.reveal()) for key in config.session.keys])


def _renew(front: Front, config: Config, keyring: Keyring, grace_ends_at: float) -> None:
    """Have a front's store go on as the configuration says."""
    store = front.store
    if isinstance(store, CookieStore):
        store.renew(keyring, front.limits, grace_ends_at)
    elif isinstance(store, MemoryStore):
        store.renew(front.limits, config.session.max_sessions)
    else:
        cast("RedisStore", store).renew(front.limits)


async def _close(front: Front) -> None:
    await front.tokens.close()
    await front.store.close()


def _store(
    config: Config,
    bound_to: tuple[str, ...],
    clock: Clock,
    *,
    keyring: Keyring,
    limits: Limits,
    grace_ends_at: float,
) -> SessionStore:
    match config.session.store:
        case "memory":
            return MemoryStore(limits, clock, config.session.max_sessions)
        case "redis":
            return _redis_store(config, bound_to, limits, clock)
        case _:
            return CookieStore(keyring, bound_to, limits, clock, unknown_key_until=grace_ends_at)


def _redis_store(
    config: Config, bound_to: tuple[str, ...], limits: Limits, clock: Clock
) -> SessionStore:
    client = _redis_client(config)
    from .stores.redis import RedisStore

    return RedisStore(
        client,
        bound_to,
        limits,
        clock,
        guarded_seconds=LONGEST_GRANT_SECONDS,
        prefix=config.session.redis.key_prefix,
    )


def _redis_client(config: Config) -> Client:
    try:
        from .stores.redis_client import RedisAddress, connect
    except ImportError as error:
        raise ConfigError(
            ["session.store: redis needs its client. Run: pip install 'wixproxy[redis]'"]
        ) from error
    table = config.session.redis
    if table.url is None:
        raise ConfigError(["session.redis.url: the redis store needs an address"])
    sentinels = [parse_authority(text) for text in table.sentinels]
    address = RedisAddress(
        url=table.url,
        ca_file=table.ca_file,
        timeout_seconds=table.timeout_seconds,
        cluster=table.cluster,
        sentinels=tuple((host, port or SENTINEL_PORT) for host, port in sentinels),
        sentinel_service=table.sentinel_service,
    )
    return connect(address)


def _same_site(config: Config) -> SameSite:
    return "None" if config.session.same_site == "none" else "Lax"
