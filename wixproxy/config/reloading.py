"""Decide what a running proxy takes over from a configuration that was read again.

Listeners, workers, the emulator and where sessions and events are kept stay as
they were: to change them is to start again. Everything else is taken over.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from pydantic import BaseModel

from .model import Config
from .options import OPTIONS

# Options, and tables with all below them.
NEED_A_RESTART = (
    "mode",
    "server.host",
    "server.port",
    "server.workers",
    "server.keepalive_seconds",
    "session.store",
    "session.redis",
    "site.extensions.state_file",
    "upstream.command",
    "backend",
    "emulator",
)


def taken_over(running: Config, read: Config) -> tuple[Config, list[str]]:
    """Return what the proxy runs with from now on, and the options that need a restart."""
    taken, held = read, []
    for name in OPTIONS:
        if not _needs_a_restart(name):
            continue
        before = _value(running, name)
        if _value(read, name) != before:
            held.append(name)
            taken = _changed(taken, name.split("."), before)
    return taken.with_sources(read.sources), held


def _needs_a_restart(name: str) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in NEED_A_RESTART)


def _value(config: Config, name: str) -> object:
    return reduce(getattr, name.split("."), config)


def _changed(table: Any, words: list[str], value: object) -> Any:
    word, *rest = words
    inner: BaseModel = getattr(table, word)
    return table.model_copy(update={word: _changed(inner, rest, value) if rest else value})
