"""Start the command that is the frontend, and tell it where the proxy is.

Its server code may call back, so a backend listener is on for it, on a free
port and with a fresh secret where nothing else is configured.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Sequence

from .config import Config
from .frontend.child import Child, environment
from .listening import listen
from .sansio.public_url import PublicURL
from .sansio.redaction import Secret

SECRET_BYTES = 32


def listen_for_command(config: Config) -> tuple[Config, list[socket.socket]]:
    """Open the backend listener's sockets; return them, and the configuration that names them.

    Raises `CannotListen`. A unix socket is opened later, by the loop.
    """
    backend = config.backend
    address, sockets = backend.listen, list[socket.socket]()
    if backend.socket_path is None:
        sockets = listen(*(backend.host_and_port or ("127.0.0.1", 0)))
        address = _named(sockets)
    secret = backend.secret or Secret(secrets.token_urlsafe(SECRET_BYTES))
    return config.with_backend(address or "", secret), sockets


def _named(sockets: Sequence[socket.socket]) -> str:
    host, port = sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def start_command(config: Config) -> Child:
    """Start the command, and look for where it listens unless `upstream.url` says so."""
    child = await Child.start(
        config.upstream.command,
        environment(os.environ, _told(config), in_colour=sys.stdout.isatty()),
        ours=_own_ports(config),
    )
    if config.upstream.url is None:
        child.look()
    return child


def _told(config: Config) -> dict[str, str]:
    backend = config.backend
    told = {"WIXPROXY_URL": config.server.public_url[0]}
    if backend.listen is not None and backend.secret is not None:
        listener = backend.listen if backend.socket_path else f"http://{backend.listen}"
        told["WIXPROXY_BACKEND_URL"] = listener
        told["WIXPROXY_BACKEND_SECRET"] = backend.secret.reveal()
    return told


def _own_ports(config: Config) -> frozenset[int]:
    """Return the ports that the command may name and does not listen on."""
    ports = {PublicURL.parse(url).port for url in config.server.public_url}
    address = config.backend.host_and_port
    return frozenset({*ports, config.server.port, *(address[1:] if address is not None else ())})
