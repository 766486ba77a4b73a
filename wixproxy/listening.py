"""Open listening sockets: one for each address, so that both families of localhost answer.

A socket is opened once and may be shared by several servers: connections that
wait in its queue are lost with nobody, however many of them stop.
"""

from __future__ import annotations

import errno
import socket

BACKLOG = 1024


class CannotListen(OSError):
    """The address is not to be had; the cause says why."""

    def __init__(self, host: str, port: int, cause: OSError) -> None:
        super().__init__(cause.errno, cause.strerror)
        self.host = host
        self.port = port


class PortTaken(CannotListen):
    """Another program listens on the port."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Open the sockets of `host`; "localhost" is both loopback addresses where both exist.

    Port 0 takes a free port, the same for all of them. Raises `PortTaken`,
    and `CannotListen` for an address that is not this machine's.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host):
            sockets.append(_open(family, address, port))
            port = sockets[0].getsockname()[1]
    except OSError as error:
        for opened in sockets:
            opened.close()
        kind = PortTaken if error.errno == errno.EADDRINUSE else CannotListen
        raise kind(host, port, error) from error
    return sockets


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host == "localhost":
        found = [(socket.AF_INET, "127.0.0.1")]
        if _has_ipv6_loopback():
            found.append((socket.AF_INET6, "::1"))
        return found
    infos = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = infos[0]
    return [(family, str(address[0]))]


def _has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _open(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
