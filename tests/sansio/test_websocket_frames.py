"""The ends of WebSocket frames, wherever the stream is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.websocket_frames import GOING_AWAY, FrameEnds, close_frame


def frame(opcode: int, payload: bytes, *, masked: bool, fin: bool) -> bytes:
    size = len(payload)
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes([fin << 7 | opcode, mask | size])
    elif size < 65_536:
        head = bytes([fin << 7 | opcode, mask | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([fin << 7 | opcode, mask | 127]) + size.to_bytes(8, "big")
    return head + (b"mask" if masked else b"") + payload


FRAMES = st.builds(
    frame,
    st.sampled_from([0x0, 0x1, 0x2, 0x9, 0xA]),
    st.integers(0, 300).map(bytes) | st.just(bytes(65_536)),
    masked=st.booleans(),
    fin=st.booleans(),
)


@given(st.lists(FRAMES, min_size=1, max_size=5), st.data())
def test_a_frame_may_be_put_in_between_frames_and_nowhere_else(
    frames: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frames)
    ends = {sum(map(len, frames[:count])) for count in range(len(frames) + 1)}
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    followed, place = FrameEnds(), 0
    for cut in [*cuts, len(stream)]:
        followed.feed(stream[place:cut])
        place = cut
        assert followed.between_frames == (place in ends)
    assert not followed.closed


def test_every_single_byte_counts() -> None:
    stream = frame(0x1, bytes(70_000), masked=False, fin=True) + frame(
        0x2, b"x", masked=False, fin=True
    )
    followed = FrameEnds()
    between = []
    for place in range(len(stream)):
        followed.feed(stream[place : place + 1])
        if followed.between_frames:
            between.append(place + 1)
    assert between == [len(stream) - 3, len(stream)]


def test_a_close_frame_is_noticed() -> None:
    followed = FrameEnds()
    followed.feed(frame(0x8, b"\x03\xe8", masked=False, fin=True))
    assert followed.closed
    assert followed.between_frames


def test_our_goodbye_is_a_whole_close_frame_with_its_code() -> None:
    assert close_frame(GOING_AWAY) == b"\x88\x02\x03\xe9"
