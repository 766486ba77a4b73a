"""Open a connection to an origin, over whichever address family answers.

A dev server may listen on ::1, on 127.0.0.1 or on both, so `localhost`
means both and is never looked up (RFC 6761 §6.3); other names try their
addresses in turn, families interleaved (RFC 8305). Certificates are always
verified as the given context says. A unix socket has but one address, its path.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar, cast

import aiohappyeyeballs

from ..errors import NothingListens, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from ..sansio.origin import Origin

_P = TypeVar("_P", bound=asyncio.Protocol)
# As getaddrinfo gives them: family, kind, protocol, canonical name, address.
_Address = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]

LOOPBACK_ADDRESSES = ("::1", "127.0.0.1")
# A refused address makes the next one start at once; these are for silent ones.
LOOPBACK_STAGGER_SECONDS = 0.02
STAGGER_SECONDS = 0.25


async def dial(
    origin: Origin, make: Callable[[], _P], tls: ssl.SSLContext | None, seconds: float
) -> _P:
    """Return `make()` once it is connected.

    Raises `UpstreamUnavailable` or `UpstreamTimeout`, saying what to do.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _connect(origin, make, tls)
    except TimeoutError:
        raise UpstreamTimeout(
            f"{origin} did not take the connection within {seconds:g} seconds."
            " Is the address right, and does a firewall stand between?"
        ) from None
    except (OSError, RuntimeError, ssl.CertificateError) as error:
        raise _unreachable(origin, error) from error


async def _connect(origin: Origin, make: Callable[[], _P], tls: ssl.SSLContext | None) -> _P:
    loop = asyncio.get_running_loop()
    if origin.socket_path is not None:
        _, protocol = await loop.create_unix_connection(make, origin.socket_path)
        return protocol
    stagger = LOOPBACK_STAGGER_SECONDS if origin.is_loopback else STAGGER_SECONDS
    sock = await aiohappyeyeballs.start_connection(
        await _addresses(origin), happy_eyeballs_delay=stagger
    )
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # From here on the loop owns the socket, and closes it on failure.
    _, protocol = await loop.create_connection(
        make, sock=sock, ssl=tls, server_hostname=origin.host if tls is not None else None
    )
    return protocol


async def _addresses(origin: Origin) -> list[_Address]:
    hosts: tuple[str, ...] = (origin.host,)
    if origin.host == "localhost" or origin.host.endswith(".localhost"):
        hosts = LOOPBACK_ADDRESSES
    literal = [address for host in hosts if (address := _literal(host, origin.port)) is not None]
    if literal:
        return literal
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    return cast("list[_Address]", found)


def _literal(host: str, port: int) -> _Address | None:
    """Return the socket address of a host that needs no resolver."""
    stream, tcp = socket.SOCK_STREAM, socket.IPPROTO_TCP
    if ":" in host:
        return (socket.AF_INET6, stream, tcp, "", (host, port, 0, 0))
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return None
    return (socket.AF_INET, stream, tcp, "", (host, port))


def _unreachable(origin: Origin, error: BaseException) -> UpstreamError:
    """Say in plain words why there is no connection."""
    if isinstance(error, ssl.SSLError):
        return _not_secured(origin, error)
    if isinstance(error, socket.gaierror):
        return UpstreamUnavailable(
            f"The name in {origin} has no address. Is it spelled right, and does DNS work here?"
        )
    if origin.socket_path is not None and isinstance(error, FileNotFoundError):
        return NothingListens(
            f"There is no socket at {origin}. Is the server running, and is this its path?"
        )
    if origin.socket_path is not None and isinstance(error, PermissionError):
        return UpstreamUnavailable(
            f"wixproxy may not connect to {origin}. Let its user write to that socket, and enter "
            "the folders above it."
        )
    if isinstance(error, OSError) and error.errno in {None, errno.ECONNREFUSED}:
        return NothingListens(f"Nothing is listening at {origin}. Is the server running?")
    reason = error.strerror if isinstance(error, OSError) else None
    return UpstreamUnavailable(f"{origin} cannot be reached: {reason or error}.")


def _not_secured(origin: Origin, error: ssl.SSLError) -> UpstreamError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return UpstreamUnavailable(
            f"The certificate of {origin} was not accepted: {error.verify_message}."
            " Name the authority that signed it: upstream.ca_file for a frontend, site.ca_file"
            " for Wix."
        )
    return UpstreamUnavailable(
        f"{origin} does not speak TLS on this port ({error.reason or 'no TLS'})."
        " If it is a plain server, write http:// in its address."
    )
