"""Build what verifies events and plugin requests and hands them on, as configured.

It is loaded only where something is configured: what checks signatures takes
a while to load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from .config import Config
from .errors import ConfigError, StoreUnavailable
from .extension_assembly import EventFile, Extensions, Step, nothing
from .extensions.deliverer import Deliverer
from .extensions.frontend_handler import FrontendHandler
from .extensions.intake import Doorbell, Intake
from .extensions.passing_through import PassingThrough
from .handlers.extensions import Accepts, Plugin, ServicePlugins, Webhooks
from .handlers.nothing import nothing_here
from .sansio import service_plugin, webhook
from .sansio.forwarded import frontend_fields
from .sansio.origin import Origin
from .sansio.public_url import PublicURL
from .sansio.signed_claims import public_key
from .service import Handler
from .stores.events import EventStore
from .wire.pool import Pool

# Enough to look at and to send again; in production nothing of people is kept for that.
MOST_CONTENTS_IN_DEV = 100


def assemble_deliveries(
    config: Config,
    pool: Pool,
    locate: Callable[[], Origin],
    clock: Callable[[], float],
    events: EventFile,
) -> Extensions:
    """Build the handlers; raises `ConfigError` when the file of events cannot be used."""
    extensions = config.site.extensions
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
        return Extensions({"webhook": nothing_here, "service-plugin": plugins.handle})
    taker, start, retire, close = _taker(config, handler, clock, events)
    webhooks = Webhooks(
        webhook.Verifier(keys, config.site.client_id),
        [entry.id for entry in extensions.webhooks],
        taker,
        clock,
        waits_for_handler=extensions.webhooks_mode == "through",
    )
    handlers: dict[str, Handler] = {
        "webhook": webhooks.handle,
        "service-plugin": plugins.handle,
    }
    return Extensions(handlers, start, retire, close)


def _taker(
    config: Config, handler: FrontendHandler, clock: Callable[[], float], events: EventFile
) -> tuple[Accepts, Step, Step, Step]:
    """Return what takes events in, and what starts, retires and closes it."""
    extensions = config.site.extensions
    paths = {entry.id: entry.path for entry in extensions.webhooks}
    if extensions.webhooks_mode == "through":
        through = PassingThrough(handler, paths)
        return through, through.start, nothing, through.stop
    store, bell = events.open(config, clock), events.doorbell
    if bell is None:
        deliverer = Deliverer(store, handler, paths, clock)
        return deliverer, deliverer.start, deliverer.pause, nothing
    if not events.delivers:
        return Intake(store, bell.ring), nothing, nothing, nothing
    return _delivering_for_all(Deliverer(store, handler, paths, clock), bell)


def _delivering_for_all(deliverer: Deliverer, bell: Doorbell) -> tuple[Accepts, Step, Step, Step]:
    """Have the deliverer hear what other workers took in."""

    async def start() -> None:
        await deliverer.start()
        bell.listen(asyncio.get_running_loop(), deliverer.wake)

    async def retire() -> None:
        bell.ignore(asyncio.get_running_loop())
        await deliverer.pause()

    return deliverer, start, retire, nothing


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
