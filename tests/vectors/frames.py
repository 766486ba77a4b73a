"""Frames of RFC 6455 as bytes, well-formed or not, and scripts of them."""

from __future__ import annotations

import zlib
from itertools import cycle

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"
SIXTEEN_MEGABYTES = 16 * 1024 * 1024


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True
) -> bytes:
    """Return one frame (RFC 6455 §5.2); a client's is masked."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = bytes([first, bit | size])
    elif size < 65_536:
        head = bytes([first, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, bit | 127]) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    # A payload of zeroes, masked, is the mask over and over.
    if not any(payload):
        return head + MASK + (MASK * (size // 4 + 1))[:size]
    return head + MASK + bytes(a ^ b for a, b in zip(payload, cycle(MASK), strict=False))


def close(code: int | None = 1000, reason: bytes = b"") -> bytes:
    """Return a close frame."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


def deflated(text: bytes) -> bytes:
    """Return a message as permessage-deflate sends it (RFC 7692 §7.2.1)."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


SCRIPTS: dict[str, bytes] = {
    "a text": frame(TEXT, b"hello") + close(),
    "a message in fragments": frame(TEXT, b"he", fin=False)
    + frame(CONTINUED, b"ll", fin=False)
    + frame(CONTINUED, b"o")
    + close(),
    "a ping in the middle of a message": frame(TEXT, b"he", fin=False)
    + frame(PING, b"still there?")
    + frame(CONTINUED, b"llo")
    + close(),
    "a pong that nobody asked for": frame(PONG, b"here") + frame(TEXT, b"hello") + close(),
    "empty messages": frame(TEXT)
    + frame(BINARY)
    + frame(PING)
    + frame(TEXT, fin=False)
    + frame(CONTINUED)
    + close(),
    "many small messages": frame(BINARY, b"x") * 1_000 + close(),
    "sizes around those of the length's three forms": b"".join(
        frame(BINARY, b"\0" * size) for size in (125, 126, 127, 65_535, 65_536)
    )
    + close(),
    "16 MB in one frame": frame(BINARY, b"\0" * SIXTEEN_MEGABYTES) + close(),
    "16 MB in fragments": frame(BINARY, b"\0" * 1_048_576, fin=False)
    + frame(CONTINUED, b"\0" * 1_048_576, fin=False) * 14
    + frame(CONTINUED, b"\0" * 1_048_576)
    + close(),
    "text that is no UTF-8": frame(TEXT, b"\xff\xfe"),
    "a frame that is not masked": frame(TEXT, b"hello", masked=False),
    "a fragment of nothing": frame(CONTINUED, b"hello"),
    "a message within a message": frame(TEXT, b"he", fin=False) + frame(TEXT, b"llo"),
    "a ping that is too long": frame(PING, b"x" * 126),
    "a ping in fragments": frame(PING, b"x", fin=False),
    "a close without a code": close(None),
    "a close with half a code": frame(CLOSE, b"\x03"),
    "a close with a reason": close(4321, "schöner Tag".encode()),
    "a close with a reason that is no UTF-8": close(1000, b"\xff"),
    "the end of what the client sends, without a close": frame(TEXT, b"hello"),
    "half a frame": frame(TEXT, b"hello")[:4],
    "nothing at all": b"",
}
SCRIPTS |= {f"reserved bit {rsv}": frame(TEXT, b"hello", rsv=rsv) for rsv in (1, 2, 4, 7)}
SCRIPTS |= {
    f"reserved opcode {opcode}": frame(opcode, b"hello")
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
}
SCRIPTS |= {
    f"close code {code}": close(code)
    for code in (
        *(0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011),
        *(1012, 1013, 1014, 1015, 1016, 1100, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65_535),
    )
}
