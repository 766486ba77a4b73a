"""Look at the files and folders that the configuration names, before anybody needs them."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from ..errors import quoted
from .model import Config
from .problems import Problem

PATHS = (
    "upstream.root",
    "upstream.ca_file",
    "site.ca_file",
    "session.redis.ca_file",
    "site.extensions.state_file",
    "emulator.data",
)


def unusable(config: Config) -> Iterator[Problem]:
    """Find the files and folders that cannot be used."""
    root = config.upstream.root
    if root is not None and not Path(root).is_dir():
        found = "a file" if Path(root).exists() else "nothing"
        yield Problem(
            "upstream.root",
            f"expected a folder of built files, found {found} at {quoted(root)}. "
            "Build the frontend first",
        )
    yield from _programs(config)
    for name, ca_file in (
        ("upstream.ca_file", config.upstream.ca_file),
        ("site.ca_file", config.site.ca_file),
        ("session.redis.ca_file", config.session.redis.ca_file),
    ):
        if ca_file is not None:
            yield from _authorities(name, ca_file)
    state = config.site.extensions.state_file
    if state is not None and Path(state).is_dir():
        yield Problem(
            "site.extensions.state_file",
            f"expected a file or a place for one, found a folder at {quoted(state)}",
        )
    data = config.emulator.data
    if data is not None and not Path(data).is_file():
        yield Problem("emulator.data", f"expected a file, found none at {quoted(data)}")


def _programs(config: Config) -> Iterator[Problem]:
    command = config.upstream.command
    if not command:
        return
    # Only a command needs it.
    import shutil

    if shutil.which(command[0]) is None:
        yield Problem(
            "upstream.command",
            f"expected a program, found none called {quoted(command[0])} on the PATH. Is it "
            "spelled right, and installed?",
        )


def _authorities(name: str, path: str) -> Iterator[Problem]:
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        yield Problem(name, f"expected certificates in PEM, found none in {quoted(path)}")
    except OSError as error:
        yield Problem(name, f"the file {quoted(path)} cannot be read: {error.strerror}")
