"""Build what serves events, service plugins and the calls of Wix's pages, as configured."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .config import Config
from .errors import ConfigError, StoreUnavailable
from .extensions.deliverer import Deliverer
from .extensions.frontend_handler import FrontendHandler
from .extensions.intake import Doorbell, Intake
from .extensions.passing_through import PassingThrough
from .handlers.extensions import Accepts, Plugin, ServicePlugins, Webhooks, nothing_here
from .handlers.verified_calls import VerifiedCalls
from .sansio import service_plugin, webhook
from .sansio.callers import CallerHandles
from .sansio.delivery_paths import DeliveryPaths
from .sansio.forwarded import frontend_fields
from .sansio.keyring import Key, Keyring
from .sansio.origin import Origin
from .sansio.public_url import PublicURL
from .sansio.signed_claims import public_key
from .service import Handler
from .stores.events import EventStore
from .wire.pool import Pool
from .wix.callers import Callers
from .wix.client import WixClient

# Enough to look at and to send again; in production nothing of people is kept for that.
MOST_CONTENTS_IN_DEV = 100


Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Extensions:
    """The handlers of the routes below `/_wix/extensions/`, and what runs behind them.

    `retire` ends the delivery of what waits, before another begins it, and
    `close` what was taken in and still waits for an answer.
    """

    handlers: Mapping[str, Handler]
    start: Step
    retire: Step
    close: Step


def delivery_paths(config: Config) -> DeliveryPaths:
    """Return the frontend's paths that no client may ask for."""
    extensions = config.site.extensions
    webhooks = [entry.path for entry in extensions.webhooks]
    return DeliveryPaths(webhooks + [entry.path for entry in extensions.service_plugins])


@dataclass(slots=True)
class EventFile:
    """The file that events wait in, which outlives configurations.

    Among worker processes one `delivers`; `doorbell` is between them.
    """

    delivers: bool = True
    doorbell: Doorbell | None = None
    _store: EventStore | None = None

    def open(self, config: Config, clock: Callable[[], float]) -> EventStore:
        """Open it, or return what is open; raises `ConfigError` when it cannot be used."""
        if self._store is None:
            self._store = event_store(config, clock, owns=self.delivers)
        return self._store

    async def close(self) -> None:
        """Finish what was asked for, and let go of the file."""
        if self._store is not None:
            await self._store.close()
            self._store = None


def assemble_extensions(
    config: Config,
    pool: Pool,
    locate: Callable[[], Origin] | None,
    clock: Callable[[], float],
    events: EventFile,
) -> Extensions:
    """Build the handlers; raises `ConfigError` when the file of events cannot be used.

    `locate` tells where the running frontend is; it is None where none runs.
    """
    extensions = config.site.extensions
    if not extensions.webhooks and not extensions.service_plugins:
        handlers: dict[str, Handler] = {"webhook": nothing_here, "service-plugin": nothing_here}
        return Extensions(handlers, _nothing, _nothing, _nothing)
    if locate is None:
        raise ConfigError(["upstream.url: events and service plugins need a running frontend"])
    keys = [public_key(text) for text in config.site.public_keys]
    handler = FrontendHandler(pool, locate, _fields(config))
    plugins = ServicePlugins(
        service_plugin.Verifier(keys, config.site.client_id),
        [
            Plugin(entry.id, entry.path, entry.timeout_seconds)
            for entry in extensions.service_plugins
        ],
        handler,
        clock,
    )
    if not extensions.webhooks:
        handlers = {"webhook": nothing_here, "service-plugin": plugins.handle}
        return Extensions(handlers, _nothing, _nothing, _nothing)
    taker, start, retire, close = _taker(config, handler, clock, events)
    webhooks = Webhooks(
        webhook.Verifier(keys, config.site.client_id),
        [entry.id for entry in extensions.webhooks],
        taker,
        clock,
        waits_for_handler=extensions.webhooks_mode == "through",
    )
    handlers = {"webhook": webhooks.handle, "service-plugin": plugins.handle}
    return Extensions(handlers, start, retire, close)


def assemble_callers(config: Config, wix: WixClient, clock: Callable[[], float]) -> Callers:
    """Build what knows the callers of dashboard pages and site extensions."""
    keyring = Keyring([Key.from_text(key.reveal()) for key in config.session.keys])
    handles = CallerHandles(keyring, config.site.client_id)
    return Callers(wix, config.site.client_secret, handles, clock)


def verified_calls(
    config: Config,
    callers: Callers,
    frontend: Mapping[str, Handler],
    clock: Callable[[], float],
) -> dict[str, Handler]:
    """Build what answers the paths that only verified callers reach, where there are such."""
    if not config.site.extensions.backend_paths:
        return {}
    calls = VerifiedCalls(
        callers,
        frozenset(config.site.extensions.dashboard_origins),
        frontend["frontend"],
        clock,
        gives_handles=config.backend.listen is not None,
    )
    return {"backend-path": calls.handle}


def _taker(
    config: Config, handler: FrontendHandler, clock: Callable[[], float], events: EventFile
) -> tuple[Accepts, Step, Step, Step]:
    """Return what takes events in, and what starts, retires and closes it."""
    extensions = config.site.extensions
    paths = {entry.id: entry.path for entry in extensions.webhooks}
    if extensions.webhooks_mode == "through":
        through = PassingThrough(handler, paths)
        return through, through.start, _nothing, through.stop
    store, bell = events.open(config, clock), events.doorbell
    if bell is None:
        deliverer = Deliverer(store, handler, paths, clock)
        return deliverer, deliverer.start, deliverer.pause, _nothing
    if not events.delivers:
        return Intake(store, bell.ring), _nothing, _nothing, _nothing
    return _delivering_for_all(Deliverer(store, handler, paths, clock), bell)


def _delivering_for_all(deliverer: Deliverer, bell: Doorbell) -> tuple[Accepts, Step, Step, Step]:
    """Have the deliverer hear what other workers took in."""

    async def start() -> None:
        await deliverer.start()
        bell.listen(asyncio.get_running_loop(), deliverer.wake)

    async def retire() -> None:
        bell.ignore(asyncio.get_running_loop())
        await deliverer.pause()

    return deliverer, start, retire, _nothing


def event_store(config: Config, clock: Callable[[], float], *, owns: bool = True) -> EventStore:
    """Open the file of events; raises `ConfigError` when it cannot be used.

    Its owner delivers what waits in it; others only put in.
    """
    path = config.site.extensions.state_file
    if path is None:
        raise ConfigError(["site.extensions.state_file: events need a file to wait in"])
    contents = MOST_CONTENTS_IN_DEV if config.mode == "dev" else 0
    try:
        return EventStore(Path(path), clock, owns=owns, most_contents=contents)
    except StoreUnavailable as error:
        raise ConfigError([f"site.extensions.state_file: {error.message}"]) from error


def _fields(config: Config) -> list[tuple[bytes, bytes]]:
    """Return what the frontend is told about where it stands, as with every request."""
    host = config.upstream.host_header
    return frontend_fields(
        [],
        PublicURL.parse(config.server.public_url[0]),
        host=host.encode("ascii") if host is not None else None,
    )


async def _nothing() -> None:
    """Do nothing: nothing runs."""
