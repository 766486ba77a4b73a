"""`/_wix/sdk.js`: the script that gives every module of Wix a client in the page.

It is the same for everybody and holds no secret; a browser keeps it and asks
whether it changed.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from ..exchange import Exchange
from ..sansio import headers

SCRIPT = Path(__file__).parent.parent / "browser" / "sdk.js"


class Sdk:
    """Serves the script, read once."""

    def __init__(self) -> None:
        self._body: bytes | None = None
        self._tag = b""

    async def handle(self, exchange: Exchange) -> None:
        """Answer with the script, or say that the browser's copy is good."""
        if self._body is None:
            self._body = await asyncio.to_thread(SCRIPT.read_bytes)
            self._tag = b'"%b"' % hashlib.sha256(self._body).hexdigest()[:20].encode()
        fields = [
            (b"Content-Type", b"text/javascript; charset=utf-8"),
            (b"Cache-Control", b"no-cache"),
            (b"ETag", self._tag),
            (b"X-Content-Type-Options", b"nosniff"),
        ]
        known = headers.get(exchange.request.fields, b"if-none-match") or b""
        if self._tag in [tag.strip().removeprefix(b"W/") for tag in known.split(b",")]:
            await exchange.downstream.head(304, fields)
            await exchange.downstream.end()
            return
        await exchange.downstream.answer(200, fields, self._body)
