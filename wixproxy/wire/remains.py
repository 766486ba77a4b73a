"""Read what lies in the socket of a connection that a write of ours found broken.

A server that refuses a body answers and closes, and its kernel then resets
the connection. When the reset is first met by a write, asyncio's loop and
uvloop both drop the transport with the answer unread, while the kernel still
has it.

Over TLS it stays lost: the bytes there are sealed, and their opener is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

from .incoming import HIGH_WATER_BYTES


def remains(transport: asyncio.Transport) -> Iterator[bytes]:
    """Yield what had arrived, at most as much as may wait for a reader in any case.

    To be asked while the transport tells that it is lost: afterwards its socket is closed.
    """
    opened = transport.get_extra_info("socket")
    if opened is None or transport.get_extra_info("ssl_object") is not None:
        return
    left = HIGH_WATER_BYTES
    # What cannot be read any more ends an answer as any other break does.
    with contextlib.suppress(OSError), _borrowed(opened) as own:
        while left > 0 and (data := own.recv(left)):
            left -= len(data)
            yield data


def _borrowed(opened: socket.socket) -> socket.socket:
    """Return a socket of our own for the transport's, which is only for looking at."""
    own = socket.fromfd(opened.fileno(), opened.family, opened.type)
    own.setblocking(False)
    return own
