"""Caddy on one core."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from ..processes import HOST
from .peer import Peer, Task

_CONFIGURATION = """
{{
    admin off
    auto_https off
    log {{
        level ERROR
    }}
}}
http://{host}:{port} {{
    reverse_proxy {upstream} {{
        {authorization}
    }}
}}
"""


class Caddy(Peer):
    """A proxy written in Go."""

    name = "caddy"
    debian = ("caddy",)
    environment: ClassVar[Mapping[str, str]] = {"GOMAXPROCS": "1"}

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Write the Caddyfile."""
        given = task.authorization
        path = folder / "Caddyfile"
        path.write_text(
            _CONFIGURATION.format(
                host=HOST,
                port=port,
                upstream=task.upstream,
                authorization=f"header_up Authorization {given}" if given else "",
            )
        )
        return ["caddy", "run", "--config", str(path), "--adapter", "caddyfile"]

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        return ["caddy", "version"]
