"""How a client asks for a WebSocket, and how an upstream agrees (RFC 6455 §4)."""

from __future__ import annotations

from tests.vectors.readers import Client, Fields

ASK = b"GET /socket HTTP/1.1\r\nHost: shop.test\r\nConnection: %b\r\nUpgrade: websocket\r\n"
ASK += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


async def opened(client: Client, extra: bytes = b"") -> Fields:
    """Ask for a WebSocket; return the fields of the answer, which agrees."""
    await client.send(ASK % (b"Upgrade", extra))
    answer = await client.answer(asks_websocket=True)
    assert answer.status == 101
    return [field for field in answer.fields if field[0].lower() not in (b"date", b"server")]
