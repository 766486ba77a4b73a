"""The proxies that Node's dev servers are made of, on the Node that comes with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from ..installing import npm_folder
from .peer import Peer, Task

_SCRIPTS = Path(__file__).parent


class _OnNode(Peer):
    """A script beside this file; it is given port, upstream and `Authorization`."""

    uses_npm = True
    package: str
    environment: ClassVar[Mapping[str, str]] = {"NODE_ENV": "production"}

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Return how the script is started."""
        script = _SCRIPTS / f"{self.name}.mjs"
        return [*on_node(script), str(port), task.upstream, task.authorization or ""]

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        file = npm_folder() / "node_modules" / self.package / "package.json"
        told = f"require({str(file)!r}).version + ' on Node ' + process.versions.node"
        return [_node(), "-p", told]


class HttpProxy3(_OnNode):
    """What Vite forwards with."""

    name = package = "http-proxy-3"


class HttpProxyMiddleware(_OnNode):
    """What webpack's dev server and many an Express application forward with."""

    name = package = "http-proxy-middleware"


class ViteProxy(_OnNode):
    """Vite's dev server with one rule in `server.proxy`, as its documentation writes it."""

    name = "vite-proxy"
    package = "vite"


def on_node(script: Path) -> list[str]:
    """Return how a script is started: copied to its packages, since Node looks for them there."""
    copied = npm_folder() / script.name
    copied.write_text(script.read_text())
    return [_node(), str(copied)]


def _node() -> str:
    return str(npm_folder() / "node_modules" / ".bin" / "node")
