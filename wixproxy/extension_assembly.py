"""Build what serves events, service plugins and the calls of Wix's pages, as configured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .config import Config
from .errors import ConfigError
from .handlers.nothing import nothing_here
from .handlers.verified_calls import VerifiedCalls
from .sansio.callers import CallerHandles
from .sansio.delivery_paths import DeliveryPaths
from .sansio.keyring import Key, Keyring
from .sansio.origin import Origin
from .service import Handler
from .wire.pool import Pool
from .wix.callers import Callers
from .wix.client import WixClient

if TYPE_CHECKING:
    from .extensions.intake import Doorbell
    from .stores.events import EventStore

Step = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Do nothing: nothing runs."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """The handlers of the routes below `/_wix/extensions/`, and what runs behind them.

    `retire` ends the delivery of what waits, before another begins it, and
    `close` what was taken in and still waits for an answer.
    """

    handlers: Mapping[str, Handler]
    start: Step = nothing
    retire: Step = nothing
    close: Step = nothing


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
            from .delivery_assembly import event_store

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
        return Extensions({"webhook": nothing_here, "service-plugin": nothing_here})
    if locate is None:
        raise ConfigError(["upstream.url: events and service plugins need a running frontend"])
    # What checks signatures takes a while to load.
    from .delivery_assembly import assemble_deliveries

    return assemble_deliveries(config, pool, locate, clock, events)


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
