"""Find the ends of WebSocket frames in a stream of bytes, and say goodbye between two of them.

Only the lengths are read (RFC 6455 §5.2): what a frame holds is an affair of
its two ends. A close frame may stand between any two frames, also between
the fragments of one message (§5.4).
"""

from __future__ import annotations

GOING_AWAY = 1001
INTERNAL_ERROR = 1011
_CLOSE = 0x8
_FIN = 0x80
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_MASK_BYTES = 4


def close_frame(code: int) -> bytes:
    """Return a server's close frame with this code; a server's frames are not masked (§5.1)."""
    return bytes([_FIN | _CLOSE, 2]) + code.to_bytes(2, "big")


class FrameEnds:
    """Follow one direction of a WebSocket.

    `between_frames` is true where a frame may be put in, and `closed` once a
    close frame has begun, behind which there is no other.
    """

    __slots__ = ("_head", "_left", "closed")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self.closed = False

    @property
    def between_frames(self) -> bool:
        """Tell whether all frames so far are whole."""
        return not self._head and self._left == 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        place, size = 0, len(data)
        while place < size:
            if self._left:
                taken = min(self._left, size - place)
                self._left -= taken
                place += taken
                continue
            head = self._head + data[place : place + 14 - len(self._head)]
            length = _head_length(head)
            if length is None:
                self._head = head
                return
            place += length - len(self._head)
            self._head = b""
            self._left = _payload_length(head)
            self.closed = self.closed or head[0] & 0x0F == _CLOSE


def _head_length(head: bytes) -> int | None:
    """Return how long the head of the frame is; None while too little of it is here."""
    if len(head) < 2:
        return None
    length = 2 + {_TWO_BYTES: 2, _EIGHT_BYTES: 8}.get(head[1] & 0x7F, 0)
    length += _MASK_BYTES if head[1] & _MASKED else 0
    return length if len(head) >= length else None


def _payload_length(head: bytes) -> int:
    length = head[1] & 0x7F
    if length == _TWO_BYTES:
        return int.from_bytes(head[2:4], "big")
    if length == _EIGHT_BYTES:
        return int.from_bytes(head[2:10], "big")
    return length
