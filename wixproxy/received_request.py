"""Take over what aiohttp's parser read of a request's head, as the bytes that came."""

from __future__ import annotations

from aiohttp.http_parser import RawRequestMessage

from .sansio.exchange import Head, Request
from .sansio.headers import get


def received_request(message: RawRequestMessage, peer: object) -> Request:
    """Return the request that aiohttp has read; `peer` is the socket's name of who sent it.

    What the fields say of the body is not judged yet (see `sansio.gate`).
    """
    fields = Head(message.raw_headers)
    length = get(fields, b"content-length")
    return Request(
        method=message.method,
        target=message.path.encode("utf-8", "surrogateescape"),
        fields=fields,
        version=message.version,
        content_length=int(length) if length is not None and length.isdigit() else None,
        chunked=get(fields, b"transfer-encoding") is not None,
        peer=peer[0] if isinstance(peer, tuple) else None,
    )
