"""Read the bytes of an answer: its head, and a body that comes in chunks.

The head is cut off before it is parsed, so that no byte behind it is ever
read under a wrong assumption: llhttp would take the answer behind a HEAD's
Content-Length for a body. Each head and each chunked body has a parser of
its own, so nothing of one answer can colour the next (RFC 9112 §6.3).
"""

from __future__ import annotations

import httptools

from ..errors import UpstreamMalformed, quoted
from ..sansio.exchange import Fields, Head

END_OF_HEAD = b"\r\n\r\n"

_PREFIX = b"HTTP/1."
_VERSIONS = {b"HTTP/1.1 ": (1, 1), b"HTTP/1.0 ": (1, 0)}
# TLS records begin with their type: an alert, or a handshake.
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
# Any head that makes llhttp expect chunks.
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class _HeadReader:
    __slots__ = ("complete", "fields")

    def __init__(self) -> None:
        self.fields: Fields = []
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True


class HeadBuffer:
    """Collects a head that may come in pieces, and at most `max_bytes` of it."""

    __slots__ = ("_held", "_max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._held = bytearray()
        self._max_bytes = max_bytes

    def feed(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Return the head and what came behind it; None until its end is there.

        Raises `UpstreamMalformed` as soon as it cannot become a head any more.
        """
        if self._held:
            searched = max(0, len(self._held) - len(END_OF_HEAD) + 1)
            self._held += data
            end = self._held.find(END_OF_HEAD, searched)
        else:
            end = data.find(END_OF_HEAD)
            if end < 0:
                _check_beginning(data)
                self._held += data
        size = end + len(END_OF_HEAD) if end >= 0 else len(self._held)
        if size > self._max_bytes:
            raise UpstreamMalformed(
                f"the head of the answer is longer than {self._max_bytes} bytes."
            )
        if end < 0:
            _check_line_ends(self._held, len(self._held) - len(data))
            return None
        if self._held:
            data = bytes(self._held)
            self.clear()
        return data[:size], data[size:]

    def clear(self) -> None:
        """Forget what came of a head."""
        self._held.clear()


def _check_beginning(data: bytes) -> None:
    """Refuse, by its first bytes, what will never be a head."""
    if data.startswith(_TLS_RECORDS):
        raise UpstreamMalformed("This port speaks TLS; write https:// in its address.")
    if data[: len(_PREFIX)] != _PREFIX[: len(data)]:
        raise UpstreamMalformed(f"The answer begins with {quoted(data[:80])}, not with HTTP/1.1.")


def _check_line_ends(head: bytearray, start: int) -> None:
    """Refuse a line behind `start` that ends in LF alone: its head might never end."""
    if head.count(b"\n", start) != head.count(b"\r\n", max(0, start - 1)):
        raise UpstreamMalformed("The answer's head has a line that ends in LF without CR.")


def read_head(raw: bytes) -> tuple[int, tuple[int, int], Fields]:
    """Return status, version and fields of a head that ends with its empty line.

    Raises `UpstreamMalformed`.
    """
    version = _VERSIONS.get(raw[:9])
    if version is None:
        line = raw.partition(b"\r\n")[0]
        raise UpstreamMalformed(f"The answer begins with {quoted(line)}, not with HTTP/1.1.")
    reader = _HeadReader()
    parser = httptools.HttpResponseParser(reader)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        # A 101 without Upgrade fails behind its head; the caller refuses it.
        if not reader.complete:
            raise UpstreamMalformed(f"The answer's head is not valid HTTP: {error}.") from error
    if not reader.complete:
        raise UpstreamMalformed("The answer's head is not valid HTTP: it ends too early.")
    return parser.get_status_code(), version, Head(reader.fields)


class ChunkedBody:
    """Take a chunked body apart; chunk extensions are dropped (RFC 9112 §7.1.1).

    `ended` is true behind the last chunk and its trailers, `surplus` when
    bytes followed that end. `max_idle_bytes` bounds what is neither content
    nor its end: sizes, extensions, trailers.
    """

    def __init__(self, max_idle_bytes: int) -> None:
        self.trailers: Fields = []
        self.ended = False
        self.surplus = False
        self._pieces: list[bytes] = []
        self._max_idle_bytes = max_idle_bytes
        self._idle_bytes = 0
        self._primed = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(_CHUNKED_HEAD)
        self._primed = True

    def feed(self, data: bytes) -> bytes:
        """Return the content in `data`; raise `UpstreamMalformed` where it is no chunked body."""
        self._idle_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.ended:
                raise UpstreamMalformed(f"The answer's chunks are not valid: {error}.") from error
            self.surplus = True
        if self._idle_bytes > self._max_idle_bytes and not self.ended:
            raise UpstreamMalformed("The answer's chunk extensions or trailers are too long.")
        pieces = self._pieces
        content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return content

    def on_message_begin(self) -> None:
        """Notice bytes that follow the end of the body."""
        if self.ended:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a trailer."""
        if self._primed and not self.ended:
            self.trailers.append((name, value))

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of content, but none of another answer that follows in the same read."""
        if not self.ended:
            self._pieces.append(piece)
            self._idle_bytes = 0

    def on_message_complete(self) -> None:
        """Note the end of the body."""
        self.ended = True
