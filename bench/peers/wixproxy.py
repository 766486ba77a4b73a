"""wixproxy as `wixproxy serve` runs it before a frontend, with Wix played by the upstream.

It is in dev, because tokens go to plain http on this machine; the log tells
warnings alone, as the others write no line for a request either.
"""

from __future__ import annotations

import sys
from pathlib import Path

from wixproxy.sansio.keyring import Key

from ..processes import HOST
from .peer import Peer, Task

CLIENT_ID = "8f0d1c52-0000-4000-8000-000000000001"

_CONFIGURATION = """
mode = "dev"

[server]
host = "{host}"
port = {port}
public_url = ["{origin}"]

[site]
client_id = "{client_id}"
api_origin = "http://{wix}"

[upstream]
url = "http://{upstream}"

[session]
store = "{store}"
keys = ["{key}"]
max_sessions = {max_sessions}
new_visitors_per_minute = 1000000

[log]
level = "{log_level}"
"""


class Wixproxy(Peer):
    """The product."""

    name = "wixproxy"

    def __init__(
        self, *, store: str = "cookie", log_level: str = "warning", max_sessions: int = 100_000
    ) -> None:
        self._store = store
        self._log_level = log_level
        self._max_sessions = max_sessions
        self.key = Key.generate()

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Write wixproxy.toml."""
        return [*self.module(), "--config", str(self.configuration(task, port, folder))]

    def configuration(self, task: Task, port: int, folder: Path) -> Path:
        """Write wixproxy.toml, and return where."""
        path = folder / "wixproxy.toml"
        path.write_text(
            _CONFIGURATION.format(
                host=HOST,
                port=port,
                origin=f"http://{HOST}:{port}",
                client_id=CLIENT_ID,
                upstream=task.upstream,
                wix=task.wix,
                store=self._store,
                key=self.key.to_text().reveal(),
                max_sessions=self._max_sessions,
                log_level=self._log_level,
            )
        )
        return path

    def module(self) -> list[str]:
        """Return how the product is started."""
        return [sys.executable, "-m", "wixproxy", "serve"]

    def version(self) -> list[str]:
        """Return the command that tells the version, and that of the interpreter."""
        told = "import sys, wixproxy as w; print(w.__version__, 'on Python', sys.version)"
        return [sys.executable, "-c", told]
