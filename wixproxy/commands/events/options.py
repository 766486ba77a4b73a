"""Read what the commands about events need to know of the proxy that runs beside them.

Law: whoever sends an event or looks at the list is not asked for what only the
proxy needs, such as the client id or the frontend's address.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ...config import Config, read
from ...config.reading import events_file
from ...emulator.data import DEFAULT, Data, DataError
from ...emulator.data import load as load_data
from ...errors import ConfigError

_WANTED = ("server", "emulator", "site.extensions")
NO_WEBHOOK = """\
No webhook is configured. Write into wixproxy.toml which path of your frontend takes the events:

  [[site.extensions.webhooks]]
  id = "orders"
  path = "/hooks/orders"

and start the proxy again."""
NO_PLUGIN = """\
No service plugin is configured. Write into wixproxy.toml behind which path of your frontend its
methods are:

  [[site.extensions.service_plugins]]
  id = "shipping"
  path = "/plugins/shipping"

and start the proxy again."""


def beside_a_proxy(flags: Mapping[str, object], config_file: Path | None) -> Config:
    """Return the configuration, as far as it concerns events; raise `ConfigError`."""
    return read(flags, os.environ, Path.cwd(), config_file).readable(*_WANTED)


def emulated_data(config: Config) -> Data:
    """Return what the emulated site holds; raise `ConfigError` for data that cannot be used."""
    path = config.emulator.data
    try:
        return DEFAULT if path is None else load_data(path)
    except DataError as error:
        raise ConfigError([f"emulator.data: {problem}" for problem in error.problems]) from error


def file_of_events(config: Config) -> Path:
    """Return the file that the events wait in."""
    named = config.site.extensions.state_file
    return Path(named) if named is not None else events_file()
