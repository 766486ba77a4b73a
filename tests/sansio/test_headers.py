"""Which fields travel on, and which stay on their connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import MalformedRequest, UpstreamMalformed
from wixproxy.sansio.exchange import Fields, Request
from wixproxy.sansio.headers import (
    HOP_BY_HOP,
    answer_fields,
    folded,
    get,
    get_all,
    interim_fields,
    is_last_hop,
    is_last_of_old_client,
    is_websocket_upgrade,
    request_fields,
    takes_trailers,
    tokens,
    trailer_fields,
    without,
)

_HOP_NAMES = [
    b"Connection",
    b"Proxy-Connection",
    b"Keep-Alive",
    b"Proxy-Authenticate",
    b"Proxy-Authorization",
    b"TE",
    b"Trailer",
    b"Transfer-Encoding",
    b"Upgrade",
    b"HTTP2-Settings",
]
_SEEN: Fields = [(b"Host", b"a"), (b"X-A", b"\xff"), (b"x-a", b""), (b"Cookie", b"b=c")]


@pytest.mark.parametrize("name", _HOP_NAMES)
@pytest.mark.parametrize("spell", [bytes, bytes.lower, bytes.upper, folded])
def test_a_hop_by_hop_field_stays(name: bytes, spell: type[bytes]) -> None:
    """V46, V58: both ways, and everything else keeps order, case and bytes."""
    fields = [*_SEEN[:2], (spell(name), b"x"), *_SEEN[2:]]
    assert request_fields(fields) == _SEEN
    assert answer_fields(fields) == _SEEN


def test_what_connection_names_stays() -> None:
    """V47: from every Connection field, whatever its commas."""
    fields: Fields = [
        (b"Connection", b"X-Foo, x-bar ,close,,"),
        (b"x-foo", b"1"),
        (b"X-BAR", b"2"),
        (b"X-Baz", b"3"),
        (b"connection", b"\tX-Baz"),
    ]
    assert request_fields(_SEEN + fields) == _SEEN
    assert answer_fields(_SEEN + fields) == _SEEN


@pytest.mark.parametrize("name", [b"Host", b"content-length", b"Content-Length"])
def test_a_request_that_would_lose_its_own_framing_is_refused(name: bytes) -> None:
    """V48, C32."""
    with pytest.raises(MalformedRequest, match="Connection must not name"):
        request_fields([*_SEEN, (b"Connection", b"close, " + name)])


def test_an_answer_that_would_lose_its_length_is_refused() -> None:
    with pytest.raises(UpstreamMalformed, match="names Content-Length"):
        answer_fields([(b"Connection", b"Content-Length"), (b"Content-Length", b"2")])


def test_what_the_caller_adds_afterwards_cannot_be_nominated() -> None:
    """R61, V48: the client's own Authorization goes, so that ours can take its place."""
    fields = [(b"Connection", b"Authorization, X-Forwarded-For"), (b"Authorization", b"theirs")]
    assert request_fields(fields) == []


@pytest.mark.parametrize(
    "name",
    [
        b"Content_Length",
        b"Transfer_Encoding",
        b"transfer.encoding",
        b"CONTENT_LENGTH",
        b"Proxy_Connection",
    ],
)
def test_what_looks_like_framing_to_some_reader_is_dropped(name: bytes) -> None:
    """V17."""
    assert request_fields([*_SEEN, (name, b"1")]) == _SEEN
    assert answer_fields([*_SEEN, (name, b"1")]) == _SEEN


@pytest.mark.parametrize(
    ("version", "lines", "is_last"),
    [
        ((1, 0), [b"close"], True),
        ((1, 0), [b"keep-alive, Close"], True),
        ((1, 0), [b"close", b"keep-alive"], True),
        ((1, 0), [b"keep-alive"], False),
        ((1, 0), [b"not-close"], False),
        ((1, 1), [b"close"], False),
    ],
)
def test_an_old_client_that_says_close_asks_no_more(
    version: tuple[int, int], lines: list[bytes], is_last: bool
) -> None:
    """Of a newer one the parser knows."""
    fields = [(b"Connection", line) for line in lines]
    assert is_last_of_old_client(Request("GET", b"/", fields, version)) is is_last


def test_underscores_elsewhere_are_kept() -> None:
    fields: Fields = [(b"X_Custom", b"1"), (b"a.b", b"2")]
    assert request_fields(fields) == fields


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"trailers", [(b"TE", b"trailers")]),
        (b"gzip;q=0.5, Trailers", [(b"TE", b"trailers")]),
        (b"gzip", []),
        (b"", []),
        (b"xtrailers", []),
    ],
)
def test_te_is_cut_down_to_trailers(value: bytes, kept: Fields) -> None:
    """V46."""
    assert request_fields([(b"te", value)]) == kept


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (b"3", b"2"),
        (b" 10\t", b"9"),
        (b"0", b"0"),
        (b"no number", b"no number"),
        (b"-1", b"-1"),
        (b"9" * 30, b"9" * 30),
    ],
)
def test_a_hop_is_counted_where_there_is_a_count(value: bytes, sent: bytes) -> None:
    """V54; RFC 9110 §7.6.2."""
    assert request_fields([(b"max-Forwards", value), *_SEEN]) == [(b"max-Forwards", sent), *_SEEN]


@pytest.mark.parametrize(
    ("method", "value", "is_last"),
    [
        ("OPTIONS", b"0", True),
        ("OPTIONS", b" 00 ", True),
        ("OPTIONS", b"1", False),
        ("OPTIONS", b"", False),
        ("OPTIONS", b"zero", False),
        ("GET", b"0", False),
    ],
)
def test_only_options_ask_the_last_hop(method: str, value: bytes, is_last: bool) -> None:
    """V54."""
    assert is_last_hop(Request(method, b"/", [(b"Max-Forwards", value)])) is is_last


def test_an_interim_answer_sets_no_cookie_and_frames_nothing() -> None:
    """V68, V99: what a hint carries reaches pages as an answer's fields do."""
    hint: Fields = [(b"Link", b"</a.css>"), (b"Connection", b"X"), (b"X", b"1")]
    more: Fields = [(b"Content-Length", b"5"), (b"set-cookie", b"a=b")]
    assert interim_fields(hint + more, 103) == hint[:1]


def test_a_request_does_not_carry_proxy_into_a_cgi_environment() -> None:
    assert request_fields([(b"Proxy", b"http://evil")]) == []


def test_a_websocket_upgrade_is_written_anew() -> None:
    """V60."""
    fields: Fields = [
        (b"Connection", b"keep-alive, Upgrade"),
        (b"upgrade", b"WebSocket"),
        (b"Sec-WebSocket-Protocol", b"vite-hmr"),
    ]
    assert request_fields(fields, websocket=True) == [
        (b"Sec-WebSocket-Protocol", b"vite-hmr"),
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
    ]
    assert request_fields(fields) == [(b"Sec-WebSocket-Protocol", b"vite-hmr")]


def test_a_switch_of_protocols_keeps_its_upgrade() -> None:
    """V61."""
    fields: Fields = [
        (b"Keep-Alive", b"timeout=5"),
        (b"connection", b"upgrade, x-hop"),
        (b"X-Hop", b"1"),
        (b"Upgrade", b"websocket"),
        (b"Content-Length", b"0"),
    ]
    kept: Fields = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    assert answer_fields(fields, 101) == kept  # C30
    assert answer_fields(kept, 101) == kept


@pytest.mark.parametrize(("status", "kept"), [(103, False), (204, False), (200, True), (304, True)])
def test_content_length_goes_where_there_is_never_a_body(status: int, kept: bool) -> None:
    """V99."""
    fields: Fields = [(b"Content-Length", b"2")]
    assert answer_fields(fields, status) == (fields if kept else [])


def _asking(**other: object) -> Request:
    fields = [(b"Connection", b"keep-alive, Upgrade"), (b"Upgrade", b"websocket")]
    asked: dict[str, object] = {"method": "GET", "target": b"/", "fields": fields}
    return Request(**(asked | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "is_upgrade"),
    [
        pytest.param(_asking(), True, id="V60 Firefox"),
        pytest.param(
            _asking(fields=[(b"Connection", b"upgrade"), (b"Upgrade", b"WebSocket")]),
            True,
            id="case",
        ),
        pytest.param(_asking(method="POST"), False, id="V59 on POST"),
        pytest.param(_asking(version=(1, 0)), False, id="V59 on HTTP/1.0"),
        pytest.param(_asking(content_length=1), False, id="with a body"),
        pytest.param(_asking(chunked=True), False, id="with a chunked body"),
        pytest.param(_asking(fields=[(b"Upgrade", b"websocket")]), False, id="V59 no Connection"),
        pytest.param(
            _asking(fields=[(b"Connection", b"Upgrade"), (b"Upgrade", b"h2c")]), False, id="V58 h2c"
        ),
        pytest.param(
            _asking(fields=[(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket, h2c")]),
            False,
            id="V58 a choice",
        ),
    ],
)
def test_only_a_clear_request_for_a_websocket_is_one(request_: Request, is_upgrade: bool) -> None:
    assert is_websocket_upgrade(request_) is is_upgrade


@pytest.mark.parametrize(
    "name",
    [b"Content-Length", b"Host", b"authorization", b"Transfer-Encoding", b"Cookie", b"Set-Cookie"],
)
def test_a_trailer_never_frames_routes_or_authenticates(name: bytes) -> None:
    """V25."""
    assert trailer_fields([(b"X-Sum", b"7"), (name, b"x")]) == [(b"X-Sum", b"7")]


def test_fields_are_found_without_case() -> None:
    fields: Fields = [(b"A", b"1"), (b"a", b"2"), (b"B", b"x , Y,,")]
    assert get(fields, b"a") == b"1"
    assert get(fields, b"c") is None
    assert get_all(fields, b"a") == [b"1", b"2"]
    assert without(fields, {b"a"}) == [(b"B", b"x , Y,,")]
    assert tokens(fields, b"b") == [b"x", b"y"]
    assert not takes_trailers(fields)


_names = st.sampled_from(
    [*_HOP_NAMES, b"X-A", b"x-b", b"Content-Length", b"content_length", b"Cookie"]
)
_values = st.one_of(
    st.binary(max_size=12),
    st.lists(
        st.sampled_from([b"close", b"X-A", b"x-b", b"te", b"trailers", b"Upgrade", b"Cookie", b""])
    ).map(b", ".join),
)
_fields = st.lists(st.tuples(_names, _values), max_size=12)


@given(_fields, st.booleans())
def test_no_hop_by_hop_field_of_a_request_survives(fields: Fields, websocket: bool) -> None:
    """V46, V47: and stripping twice is stripping once."""
    nominated = set(tokens(fields, b"connection"))
    kept = request_fields(fields, websocket=websocket)
    assert request_fields(kept, websocket=websocket) == kept
    own = {(b"TE", b"trailers"), (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")}
    for field in kept:
        if field not in own:
            assert folded(field[0]) not in HOP_BY_HOP
            assert field[0].lower() not in nominated
            assert field in fields


@given(_fields, st.sampled_from([101, 103, 200, 204, 304]))
def test_no_hop_by_hop_field_of_an_answer_survives(fields: Fields, status: int) -> None:
    nominated = set(tokens(fields, b"connection"))
    kept = answer_fields(fields, status)
    assert answer_fields(kept, status) == kept
    for name, _ in kept:
        if status != 101:
            assert folded(name) not in HOP_BY_HOP
            assert name.lower() not in nominated


@given(_fields)
def test_no_trailer_speaks_for_the_connection(fields: Fields) -> None:
    kept = trailer_fields(fields)
    assert trailer_fields(kept) == kept
    assert not {folded(name) for name, _ in kept} & HOP_BY_HOP
