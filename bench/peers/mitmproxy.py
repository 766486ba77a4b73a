"""mitmproxy's reverse mode, which takes every request apart; from a venv of its own."""

from __future__ import annotations

from pathlib import Path

from ..installing import pypi_folder
from .peer import Peer, Task


class Mitmproxy(Peer):
    """What many reach for to look into traffic."""

    name = "mitmproxy"
    pypi = ("mitmproxy",)

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Return how it is started."""
        command = [self._program(), "--mode", f"reverse:http://{task.upstream}"]
        command += ["--listen-host", "127.0.0.1", "-p", str(port), "-q"]
        for option in (f"confdir={folder}", "keep_host_header=true", "stream_large_bodies=1m"):
            command += ["--set", option]
        if task.authorization:
            command += ["--modify-headers", f"/~q/Authorization/{task.authorization}"]
        return command

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        return [self._program(), "--version"]

    @staticmethod
    def _program() -> str:
        return str(pypi_folder("mitmproxy") / "bin" / "mitmdump")
