"""Open listening sockets: one for each address, so that both families of localhost answer.

A socket is opened once and may be shared by several processes: connections that
wait in its queue are lost with nobody, however many of them stop. The last to
close it resets what waits there, so before that it is made to take nobody new.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import stat
import struct
import sys
from collections.abc import Iterable

# As many as may come at once when a load balancer finds us; the kernel may allow fewer.
BACKLOG = 4096
# How long the last handshakes may take once nobody new is let in.
HANDSHAKE_SECONDS = 0.2

# Linux: SO_ATTACH_FILTER of asm-generic/socket.h, and a classic BPF program as rows of
# code, jump if true, jump if false, value. It reads the flags of the TCP header.
_ATTACH_FILTER = 26
_LOAD_BYTE, _AND, _IF_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
_FLAGS, _SYN, _SYN_OR_ACK, _WHOLE = 13, 0x02, 0x12, 0xFFFFFFFF
_DROP_NEW_CONNECTIONS = (
    (_LOAD_BYTE, 0, 0, _FLAGS),
    (_AND, 0, 0, _SYN_OR_ACK),
    (_IF_EQUAL, 0, 1, _SYN),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, _WHOLE),
)


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


def listen_unix(path: str) -> socket.socket:
    """Open a unix socket; one that a process before left behind gives way."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.stat(path).st_mode):
                os.unlink(path)
        opened.bind(path)
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def let_nobody_in(sockets: Iterable[socket.socket]) -> None:
    """Have the kernel take no new connection, and go on with those it has.

    A socket that is closed resets the connections in its queue. On Linux a
    filter drops the first packet of each new one instead, for every process
    that shares the socket; the client tries again a second later and finds
    the socket closed, or another server there. Elsewhere nothing is done.
    """
    if sys.platform != "linux":
        return
    # Only an end needs it.
    import ctypes

    program = b"".join(struct.pack("HBBI", *row) for row in _DROP_NEW_CONNECTIONS)
    held = ctypes.create_string_buffer(program)
    filtered = struct.pack("HL", len(_DROP_NEW_CONNECTIONS), ctypes.addressof(held))
    for opened in sockets:
        if opened.family not in (socket.AF_INET, socket.AF_INET6):
            continue
        # A kernel that knows no such filter leaves the race as it is.
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, filtered)


def has_something(opened: socket.socket) -> bool:
    """Tell whether there is something to read: bytes, an end, or a connection to accept."""
    if opened.fileno() < 0 or not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(opened.fileno(), select.POLLIN)
    return bool(poll.poll(0))


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
