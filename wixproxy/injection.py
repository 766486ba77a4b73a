"""Put the script tag into a page of the frontend while it streams past.

Such a page is asked for as identity, so that it can be read; it is compressed
again as the browser asked.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable

from .sansio import fetch_metadata, headers
from .sansio.exchange import Fields, Request
from .sansio.html import HeadInjector, injected_fields, may_inject, nonce_of, script_tag
from .sansio.static_files import twins

GZIP_WINDOW = 16 + zlib.MAX_WBITS
GZIP_LEVEL = 5


def is_for_page(request: Request) -> bool:
    """Tell whether what is asked for would be shown in a tab, where the script is wanted."""
    return request.method == "GET" and fetch_metadata.is_for_tab(request.fields)


class InjectedPage:
    """The body of one page, with the tag in it and compressed again."""

    def __init__(self, status: int, fields: Fields, accept_encoding: bytes | None) -> None:
        self._injector = HeadInjector(script_tag(nonce_of(fields)))
        self._compressor = None
        self.fields = injected_fields(fields)
        if b"gzip" in [coding for coding, _ in twins(accept_encoding)]:
            self._compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
            self.fields = [
                *headers.without(self.fields, {b"content-encoding"}),
                (b"Content-Encoding", b"gzip"),
                (b"Vary", b"Accept-Encoding"),
            ]

    @classmethod
    def of(cls, status: int, fields: Fields, accept_encoding: bytes | None) -> InjectedPage | None:
        """Return the page to make of an answer; None for one that is left alone."""
        return cls(status, fields, accept_encoding) if may_inject(status, fields) else None

    def reader(self, read: Callable[[], Awaitable[bytes]]) -> Callable[[], Awaitable[bytes]]:
        """Return what reads the page piece by piece; empty bytes at its end."""
        ended = False

        async def next_piece() -> bytes:
            nonlocal ended
            while not ended:
                piece = await read()
                ended = not piece
                made = self._made(self._injector.feed(piece) if piece else b"", last=ended)
                if made:
                    return made
            return b""

        return next_piece

    def _made(self, piece: bytes, *, last: bool) -> bytes:
        """Compress a piece so far that the browser can show it at once."""
        if self._compressor is None:
            return piece
        flush = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return self._compressor.compress(piece) + self._compressor.flush(flush)
