"""Stand before the public listener and keep every byte that it sends.

The tap is a server of its own: what a test believes it received is not asked,
the bytes on the wire are. `leaks` looks for secrets in them as they are and
after each way of undoing an encoding that a leak could hide behind.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import re
import zlib
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

_CHUNK = re.compile(rb"(?:^|\r\n)([0-9a-fA-F]{1,8})(?:;[^\r\n]*)?\r\n")
_GZIP = re.compile(rb"\x1f\x8b\x08")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
MIN_SECRET_CHARACTERS = 16


class Tap:
    """A relay in front of one listener; `sent` holds what the listener sent, by connection."""

    def __init__(self) -> None:
        self.sent: list[bytearray] = []
        self._target = ("127.0.0.1", 0)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def target_port(self) -> int:
        """The port that is relayed to."""
        return self._target[1]

    async def start(self) -> int:
        """Listen on a free port and return it."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def aim(self, port: int) -> None:
        """Relay to this port from now on."""
        self._target = ("127.0.0.1", port)

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: asyncio logs a traceback when the one it makes is cancelled.
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        kept = bytearray()
        self.sent.append(kept)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_relay(reader, far_writer, None))
                both.create_task(_relay(far_reader, writer, kept))
        except* (ConnectionError, OSError):
            pass
        finally:
            for end in (writer, far_writer):
                end.transport.abort()


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray | None
) -> None:
    """Carry bytes until they end; a reset travels as a reset."""
    try:
        while data := await reader.read(65_536):
            if kept is not None:
                kept += data
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        writer.transport.abort()
        raise
    if writer.can_write_eof():
        writer.write_eof()


def leaks(sent: Iterable[bytes], secrets: Iterable[str]) -> list[str]:
    """Return the secrets that stand in what was sent, each by its first eight characters."""
    wanted = [secret for secret in secrets if len(secret) >= MIN_SECRET_CHARACTERS]
    found = set()
    for data in sent:
        for view in views(bytes(data)):
            found.update(secret for secret in wanted if secret.encode() in view)
    return sorted(secret[:8] + "…" for secret in found)


def views(data: bytes) -> list[bytes]:
    """Return the bytes as they are, and with each encoding undone, twice over."""
    seen = {data}
    latest = [data]
    for _ in range(2):
        latest = [view for one in latest for view in _undone(one) if view and view not in seen]
        seen.update(latest)
    return list(seen)


def _undone(data: bytes) -> list[bytes]:
    return [_unchunked(data), _gunzipped(data), unquote_to_bytes(data), _unbased(data)]


def _unchunked(data: bytes) -> bytes:
    """Drop the lines that chunked coding puts between the pieces of a body."""
    return _CHUNK.sub(b"", data)


def _gunzipped(data: bytes) -> bytes:
    """Return everything that was compressed, one after the other."""
    found = []
    for start in (match.start() for match in _GZIP.finditer(data)):
        for body in (data[start:], _unchunked(data[start:])):
            try:
                found.append(zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body))
            except (zlib.error, gzip.BadGzipFile):
                continue
    return b"\n".join(found)


def _unbased(data: bytes) -> bytes:
    """Return every long run of base64 characters decoded, at each of the four alignments."""
    found = []
    for run in _BASE64.findall(data):
        plain = run.replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            text = plain[start:]
            if len(text) % 4 == 1:
                text = text[:-1]
            found.append(base64.b64decode(text + b"=" * (-len(text) % 4)))
    return b"\n".join(found)
