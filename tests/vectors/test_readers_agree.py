"""Whatever a client sends, three readers find the same requests in what the upstream gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from unittest.mock import Mock

import h11
import httptools
import pytest
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParserPy

from tests.vectors.readers import UpstreamReader
from tests.vectors.scene import Scene
from tests.vectors.tables import Case, table

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = [case for name in ("framing.txt", "targets.txt", "hops.txt") for case in table(name)]

# Method, target and body of each whole request.
Found = list[tuple[bytes, bytes, bytes]]


def read_by_h11(data: bytes) -> Found:
    found = []
    reader = UpstreamReader()
    for byte in _pieces(data):
        try:
            found += reader.feed(byte)
        except h11.RemoteProtocolError:
            break
    return [(asked.method, asked.target, bytes(asked.body)) for asked in found]


class _Llhttp:
    def __init__(self) -> None:
        self.found: Found = []
        self._target, self._body = b"", b""
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self._target, self._body = b"", b""

    def on_url(self, piece: bytes) -> None:
        self._target += piece

    def on_body(self, piece: bytes) -> None:
        self._body += piece

    def on_message_complete(self) -> None:
        self.found.append((self.parser.get_method(), self._target, self._body))


def read_by_llhttp(data: bytes) -> Found:
    """Read as Node does."""
    reader = _Llhttp()
    for piece in _pieces(data):
        try:
            reader.parser.feed_data(piece)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            break
    return reader.found


def read_by_aiohttp(data: bytes) -> Found:
    """Read with the parser in plain Python, which the proxy itself refuses to run on."""
    protocol = Mock(_reading_paused=False)
    loop = asyncio.get_running_loop()
    parser = HttpRequestParserPy(
        protocol, loop, 2**16, max_line_size=2**16, max_field_size=2**16, max_headers=1_000
    )
    found = []
    for piece in _pieces(data):
        try:
            messages, _, _ = parser.feed_data(piece)
        except HttpProcessingError:
            break
        found += messages
    return [
        (head.method.encode(), head.path.encode("latin-1"), body.read_nowait())
        for head, body in found
        if body.is_eof()
    ]


def _pieces(data: bytes) -> list[bytes]:
    return [data[start : start + 1_000] for start in range(0, len(data), 1_000)]


READERS: list[Callable[[bytes], Found]] = [read_by_h11, read_by_llhttp, read_by_aiohttp]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_all_readers_find_the_same_requests(proxied: Scene, case: Case) -> None:
    """V30: as many as the client got answers for from the upstream, each with the same body."""
    client = await proxied.client(case.sent)
    await client.answers(case)
    by_h11, by_llhttp, by_aiohttp = (reader(proxied.upstream.raw) for reader in READERS)
    assert by_llhttp == by_h11
    assert by_aiohttp == by_h11
    assert len(by_h11) == len(proxied.upstream.requests)


@pytest.mark.parametrize("reader", READERS)
async def test_a_reader_finds_what_is_there(reader: Callable[[bytes], Found]) -> None:
    chunked = b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b"2\r\nok\r\n0\r\n\r\n"
    counted = b"POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
    plain = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    assert reader(plain + chunked + counted + b"hi" + counted + b"h") == [
        (b"GET", b"/a", b""),
        (b"POST", b"/b", b"ok"),
        (b"POST", b"/c", b"hi"),
    ]
