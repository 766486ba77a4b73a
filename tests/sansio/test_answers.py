"""Where an answer ends, decided from its head alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import UpstreamMalformed
from wixproxy.sansio.answers import BodyEnd, Framing, agrees_to_switch, frame_answer
from wixproxy.sansio.exchange import Fields

CHUNKED: Fields = [(b"Transfer-Encoding", b"chunked")]
COUNTED: Fields = [(b"Content-Length", b"2")]
CLOSING: Fields = [(b"Connection", b"x, Close")]
KEEPING: Fields = [(b"Connection", b"Keep-Alive")]


@pytest.mark.parametrize(
    ("method", "status", "fields", "framing"),
    [
        pytest.param("GET", 200, COUNTED, Framing(BodyEnd.LENGTH, 2), id="counted"),
        pytest.param("GET", 200, CHUNKED, Framing(BodyEnd.CHUNKED), id="chunked"),
        pytest.param(
            "GET", 200, [(b"transfer-encoding", b" Chunked\t")], Framing(BodyEnd.CHUNKED), id="case"
        ),
        pytest.param("GET", 200, [], Framing(BodyEnd.CLOSE, reusable=False), id="V79 neither"),
        pytest.param("GET", 200, [(b"Content-Length", b"0")], Framing(BodyEnd.NONE), id="empty"),
        pytest.param(
            "GET",
            200,
            COUNTED + CLOSING,
            Framing(BodyEnd.LENGTH, 2, reusable=False),
            id="V76 close",
        ),
        pytest.param("HEAD", 200, COUNTED, Framing(BodyEnd.NONE), id="V70 HEAD"),
        pytest.param("HEAD", 200, CHUNKED, Framing(BodyEnd.NONE), id="V98 HEAD chunked"),
        pytest.param("HEAD", 200, [], Framing(BodyEnd.NONE), id="HEAD without framing"),
        pytest.param("GET", 304, COUNTED, Framing(BodyEnd.NONE), id="V70 304"),
        pytest.param("GET", 204, [], Framing(BodyEnd.NONE), id="204"),
        pytest.param(
            "GET", 204, COUNTED, Framing(BodyEnd.NONE, reusable=False), id="V69 204 with a length"
        ),
        pytest.param(
            "GET", 204, CHUNKED, Framing(BodyEnd.NONE, reusable=False), id="204 with a coding"
        ),
        pytest.param("GET", 103, [], Framing(BodyEnd.NONE), id="interim"),
        pytest.param("GET", 205, COUNTED, Framing(BodyEnd.LENGTH, 2), id="V70b 205"),
        pytest.param("GET", 599, COUNTED, Framing(BodyEnd.LENGTH, 2), id="highest status"),
    ],
)
def test_the_end_of_an_answer_is_known_from_its_head(
    method: str, status: int, fields: Fields, framing: Framing
) -> None:
    assert frame_answer(method, status, (1, 1), fields) == framing


@pytest.mark.parametrize(
    ("fields", "reusable"),
    [
        pytest.param(COUNTED, False, id="nothing said"),
        pytest.param(COUNTED + KEEPING, True, id="kept alive"),
        pytest.param(CHUNKED + KEEPING, False, id="chunked, which HTTP/1.0 does not know"),
    ],
)
def test_an_old_server_keeps_its_connection_only_when_it_says_so(
    fields: Fields, reusable: bool
) -> None:
    assert frame_answer("GET", 200, (1, 0), fields).reusable is reusable


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(COUNTED + CHUNKED, id="V66 length and coding"),
        pytest.param(CHUNKED + COUNTED, id="V66 coding and length"),
        pytest.param(COUNTED + COUNTED, id="V67 two equal lengths"),
        pytest.param([*COUNTED, (b"content-length", b"3")], id="V67 two lengths"),
        *(
            pytest.param([(b"Content-Length", value)], id=f"length {value!r}")
            for value in (
                b"010",
                b"+1",
                b"-1",
                b"0x1",
                b"1_0",
                b"1 0",
                b"",
                b"1,1",
                b"\xb2",
                b"9" * 19,
            )
        ),
        *(
            pytest.param([(b"Transfer-Encoding", value)], id=f"V86 coding {value!r}")
            for value in (
                b"gzip, chunked",
                b",chunked",
                b"chunked,",
                b"identity",
                b"",
                b"\x0bchunked",
            )
        ),
        pytest.param(CHUNKED + CHUNKED, id="chunked twice"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_whose_end_two_readers_would_find_apart_is_refused(
    method: str, fields: Fields
) -> None:
    with pytest.raises(UpstreamMalformed, match="The answer"):
        frame_answer(method, 200, (1, 1), fields)


@pytest.mark.parametrize("status", [0, 99, 600, 999])
def test_a_status_that_means_nothing_is_refused(status: int) -> None:
    """V85."""
    with pytest.raises(UpstreamMalformed, match=f"status is {status:03}"):
        frame_answer("GET", status, (1, 1), COUNTED)


@pytest.mark.parametrize(
    ("asked", "answered", "agrees"),
    [
        (b"websocket", b"WebSocket", True),
        (b"h2c, websocket", b"websocket", True),
        (b"websocket", b"h2c", False),
        (b"websocket", b"websocket, h2c", False),
        (b"websocket", b"", False),
        (b"", b"", False),
    ],
)
def test_a_switch_is_to_what_was_asked_for(asked: bytes, answered: bytes, agrees: bool) -> None:
    """V61."""
    assert agrees_to_switch([(b"Upgrade", asked)], [(b"upgrade", answered)]) is agrees


_framing_fields = st.lists(
    st.tuples(
        st.sampled_from([b"Content-Length", b"Transfer-Encoding", b"Connection", b"X-A"]),
        st.one_of(st.binary(max_size=6), st.sampled_from([b"chunked", b"close", b"7"])),
    ),
    max_size=4,
)


@given(_framing_fields, st.integers(0, 999), st.sampled_from(["GET", "HEAD", "POST"]))
def test_any_head_is_framed_or_refused(fields: Fields, status: int, method: str) -> None:
    try:
        framing = frame_answer(method, status, (1, 1), fields)
    except UpstreamMalformed:
        return
    assert not (framing.end is BodyEnd.CLOSE and framing.reusable)
    assert (framing.length > 0) is (framing.end is BodyEnd.LENGTH)
