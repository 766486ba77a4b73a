"""Make the offline Wix whose one site belongs to this proxy, as the configuration describes it."""

from __future__ import annotations

from .config import Config
from .emulator import Emulator, EmulatorConfig, Subscription
from .emulator.data import Data, DataError, load
from .errors import ConfigError
from .sansio.redaction import Secret


def make_emulator(config: Config) -> Emulator:
    """Make an emulator whose Wix project knows this proxy's public URLs; raises `ConfigError`."""
    settings = config.emulator
    subscriptions = _subscriptions(config)
    emulator = Emulator(
        EmulatorConfig(
            seed=settings.seed,
            data=_data(config),
            public_url=settings.public_url,
            access_token_seconds=settings.access_token_seconds,
            webhooks=bool(subscriptions),
            webhook_subscriptions=subscriptions,
            plugin_url=_plugin_url(config),
            plugin_host=config.server.canonical_host,
        )
    )
    for url in config.server.public_url:
        emulator.allow_redirect_uri(url + config.site.login.callback_path)
        emulator.allow_redirect_domain(url)
    return emulator


def with_emulator(config: Config, emulator: Emulator) -> Config:
    """Return the configuration with the site of a running emulator in place of Wix's."""
    return config.with_emulated_site(
        api_origin=emulator.listening_origin,
        client_id=emulator.client_id,
        client_secret=Secret(emulator.client_secret),
        instance_id=emulator.instance_id,
        public_keys=_keys(config, emulator),
    )


def _data(config: Config) -> Data | None:
    """Read what the emulated site holds; raise `ConfigError` for data that cannot be used."""
    path = config.emulator.data
    if path is None:
        return None
    try:
        return load(path)
    except DataError as error:
        raise ConfigError([f"emulator.data: {problem}" for problem in error.problems]) from error


def _subscriptions(config: Config) -> tuple[Subscription, ...]:
    """Return the webhooks as the emulator posts to them: here, whatever address is public."""
    return tuple(
        Subscription(
            url=config.server.local_origin + entry.route,
            types=entry.events,
            host=config.server.canonical_host,
        )
        for entry in config.site.extensions.webhooks
    )


def _plugin_url(config: Config) -> str | None:
    """Return where the one service plugin is called; among several the caller has to choose."""
    plugins = config.site.extensions.service_plugins
    return config.server.local_origin + plugins[0].route if len(plugins) == 1 else None


def _keys(config: Config, emulator: Emulator) -> tuple[str, ...] | None:
    """Return the key that the emulator signs with; it takes half a second to find."""
    extensions = config.site.extensions
    if not extensions.webhooks and not extensions.service_plugins:
        return None
    return (emulator.public_key_base64,)
