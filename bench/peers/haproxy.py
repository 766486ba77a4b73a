"""HAProxy with one thread."""

from __future__ import annotations

from pathlib import Path

from ..processes import HOST
from .peer import MAX_CONNECTIONS, Peer, Task

_CONFIGURATION = """
global
    maxconn {connections}
    nbthread 1
    tune.maxrewrite 4096
defaults
    mode http
    http-reuse always
    option http-keep-alive
    option forwardfor
    option http-no-delay
    timeout connect 5s
    timeout client 5m
    timeout server 5m
    timeout tunnel 1h
frontend public
    bind {host}:{port} backlog 4096
    {authorization}
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Proto http
    default_backend frontend
backend frontend
    server upstream {upstream} pool-max-conn -1
"""


class HAProxy(Peer):
    """The other proxy written in C that everyone knows."""

    name = "haproxy"
    debian = ("haproxy",)

    def command(self, task: Task, port: int, folder: Path) -> list[str]:
        """Write haproxy.cfg."""
        given = task.authorization
        path = folder / "haproxy.cfg"
        path.write_text(
            _CONFIGURATION.format(
                host=HOST,
                port=port,
                connections=MAX_CONNECTIONS,
                upstream=task.upstream,
                authorization=f"http-request set-header Authorization {given}" if given else "",
            )
        )
        return ["haproxy", "-db", "-q", "-f", str(path)]

    def version(self) -> list[str]:
        """Return the command that tells the version."""
        return ["haproxy", "-v"]
