"""The gate: V3, V4, V12 to V16, V20, V29, V31 to V45 and R56's open-proxy case."""

from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import (
    ExpectationRefused,
    FieldsTooLarge,
    MalformedRequest,
    MethodRefused,
    NotForwarded,
    RequestRefused,
    TargetTooLong,
    VersionRefused,
)
from wixproxy.sansio.exchange import Fields, Request
from wixproxy.sansio.gate import Limits, check, effective_target

LIMITS = Limits()
HOST = (b"Host", b"localhost:4321")


def request(
    method: str = "GET",
    target: bytes = b"/",
    *fields: tuple[bytes, bytes],
    version: tuple[int, int] = (1, 1),
    host: bytes | None = HOST[1],
) -> Request:
    named: Fields = [] if host is None else [(b"Host", host)]
    return Request(method, target, [*named, *fields], version=version)


@pytest.mark.parametrize(
    "good",
    [
        pytest.param(request(), id="plain GET"),
        pytest.param(request(version=(1, 0)), id="HTTP/1.0"),
        pytest.param(request(version=(1, 0), host=None), id="HTTP/1.0 without Host"),
        pytest.param(request("QUERY"), id="V40 a method nobody listed"),
        pytest.param(request("POST", b"/", (b"Content-Length", b"0")), id="empty body"),
        pytest.param(request("POST", b"/", (b"Content-Length", b"9" * 18)), id="18 digits"),
        pytest.param(request("POST", b"/", (b"Transfer-Encoding", b"chunked")), id="chunked"),
        pytest.param(request("POST", b"/", (b"Transfer-Encoding", b" Chunked\t")), id="V13 case"),
        pytest.param(request("POST", b"/", (b"Expect", b"100-Continue")), id="V20 expectation"),
        pytest.param(request("OPTIONS", b"*"), id="V39 the server as a whole"),
        pytest.param(request("GET", b"http://b.test/x"), id="V35 absolute-form"),
        pytest.param(request("GET", b"/a%2fb/./c//d;p=1?q=%zz?|{}"), id="V43 odd but legal target"),
        pytest.param(request("GET", b"/\\..\\%00"), id="V42 backslash is the route's affair"),
        pytest.param(request(host=b"[::1]:4321"), id="IPv6 host"),
        pytest.param(request(host=b"a_b.example"), id="underscore in a name"),
        pytest.param(request(host=b"shop.example:"), id="empty port"),
        pytest.param(request("GET", b"/", (b"X-Name", b"caf\xe9")), id="V29 bytes above 0x7f"),
    ],
)
def test_a_request_that_every_reader_understands_alike_passes(good: Request) -> None:
    check(good, LIMITS)


@pytest.mark.parametrize("version", [(0, 9), (2, 0), (1, 2), (1, 32), (3, 0)], ids=str)
def test_a_version_other_than_1_0_and_1_1_is_refused(version: tuple[int, int]) -> None:
    """V31."""
    with pytest.raises(VersionRefused):
        check(request(version=version), LIMITS)


@pytest.mark.parametrize(
    "value", [b"", b"+1", b"-48", b"-0", b"0x10", b"010", b"00", b"1_0", b"1Z", b"1 0", b"1, 1"]
)
def test_a_length_with_two_readings_is_refused(value: bytes) -> None:
    """V3, V4."""
    with pytest.raises(MalformedRequest, match="Content-Length"):
        check(request("POST", b"/", (b"Content-Length", value)), LIMITS)


@pytest.mark.parametrize("digits", [19, 40])
def test_a_length_that_not_every_reader_can_hold_is_refused(digits: int) -> None:
    """V4."""
    with pytest.raises(MalformedRequest):
        check(request("POST", b"/", (b"Content-Length", b"1" * digits)), LIMITS)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param(b"gzip, chunked", NotForwarded, id="V14 a coding that we do not decode"),
        pytest.param(b"identity", NotForwarded, id="V12 identity"),
        pytest.param(b"xchunked", NotForwarded, id="V12 unknown coding"),
        pytest.param(b",chunked", MalformedRequest, id="V13 leading comma"),
        pytest.param(b"chunked,", MalformedRequest, id="V13 comma at the end"),
        pytest.param(b"chunked, chunked", MalformedRequest, id="V15 twice"),
        pytest.param(b'"chunked"', MalformedRequest, id="V12 quoted"),
        pytest.param(b"chunked;q=1", MalformedRequest, id="V12 parameter"),
        pytest.param(b"\x0bchunked", MalformedRequest, id="V12 vertical tab"),
        pytest.param(b"\xa0chunked", MalformedRequest, id="V12 no-break space"),
        pytest.param(b"", MalformedRequest, id="empty"),
    ],
)
def test_no_transfer_coding_but_chunked_passes(value: bytes, error: type[RequestRefused]) -> None:
    with pytest.raises(error):
        check(request("POST", b"/", (b"Transfer-Encoding", value)), LIMITS)


def test_a_chunked_http_1_0_request_is_refused() -> None:
    """V16."""
    bad = request("POST", b"/", (b"Transfer-Encoding", b"chunked"), version=(1, 0))
    with pytest.raises(MalformedRequest, match=r"HTTP/1\.0"):
        check(bad, LIMITS)


def test_a_length_beside_a_transfer_coding_is_refused() -> None:
    """V1, V2."""
    both = [(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"6")]
    for fields in (both, both[::-1]):
        with pytest.raises(MalformedRequest, match="not both"):
            check(request("POST", b"/", *fields), LIMITS)


@pytest.mark.parametrize("name", [b"host", b"Content-Length", b"TRANSFER-ENCODING"])
def test_a_second_field_that_frames_or_addresses_is_refused(name: bytes) -> None:
    """V3, V15, V33."""
    value = {b"host": b"a", b"content-length": b"1"}.get(name.lower(), b"chunked")
    with pytest.raises(MalformedRequest, match="several"):
        check(request("POST", b"/", (name, value), (name, value)), LIMITS)


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b" ",
        b"bad host",
        b"u@a",
        b"a/b",
        b"a:99999",
        b"a:123456",
        b"[::1",
        b"::1",
        b"a, b",
        b"a:b",
        b"a#b",
        b"a?b",
        b"a\\b",
        b"caf\xc3\xa9",
        b"a%2eb",
    ],
)
def test_a_host_that_is_no_host_is_refused(host: bytes) -> None:
    """V33, V34."""
    with pytest.raises(MalformedRequest):
        check(request(host=host), LIMITS)


def test_a_request_without_a_host_is_refused() -> None:
    """V33."""
    with pytest.raises(MalformedRequest, match="Host"):
        check(request(host=None), LIMITS)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"a", id="relative"),
        pytest.param(b"/a#b", id="V41 fragment"),
        pytest.param(b"/a b", id="space"),
        pytest.param(b"/\x00", id="NUL"),
        pytest.param(b"/\x7f", id="DEL"),
        pytest.param(b"/a\r\nX: y", id="line break"),
        pytest.param(b"/\xe9", id="V42 raw byte above 0x7f"),
        pytest.param(b"*", id="asterisk for GET"),
        pytest.param(b"b:443", id="authority-form"),
        pytest.param(b"http://", id="no host"),
        pytest.param(b"http://u:p@b.test/", id="credentials"),
        pytest.param(b"ftp://b.test/", id="foreign scheme"),
        pytest.param(b"http:/b.test/", id="one slash"),
    ],
)
def test_a_target_with_two_readings_is_refused(target: bytes) -> None:
    with pytest.raises(MalformedRequest):
        check(request("GET", target), LIMITS)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_connect_and_trace_are_refused_with_the_methods_that_are_served(method: str) -> None:
    """V37, V38."""
    with pytest.raises(MethodRefused) as refused:
        check(request(method, b"/"), LIMITS)
    assert "GET" in str(refused.value.members["allow"])


@pytest.mark.parametrize("method", ["get", "Get", "G@T", "", "GE T", "É"])
def test_a_method_that_is_no_token_in_upper_case_is_refused(method: str) -> None:
    """V40."""
    with pytest.raises(MalformedRequest):
        check(request(method), LIMITS)


def test_a_method_of_200_characters_is_not_spoken() -> None:
    """V40."""
    with pytest.raises(NotForwarded):
        check(request("A" * 200), LIMITS)


@pytest.mark.parametrize("value", [b"y 100-continue", b"200-ok", b"", b"100-continue, x"])
def test_any_expectation_but_100_continue_is_refused(value: bytes) -> None:
    """V20."""
    with pytest.raises(ExpectationRefused):
        check(request("POST", b"/", (b"Expect", value)), LIMITS)


def test_two_expectations_are_refused() -> None:
    with pytest.raises(ExpectationRefused):
        check(request("POST", b"/", *[(b"Expect", b"100-continue")] * 2), LIMITS)


def test_a_target_at_its_limit_passes_and_one_byte_more_does_not() -> None:
    """V45."""
    limits = Limits(max_target_bytes=100)
    check(request("GET", b"/" * 100), limits)
    with pytest.raises(TargetTooLong, match="101"):
        check(request("GET", b"/" * 101), limits)


def test_a_field_at_its_limit_passes_and_one_byte_more_does_not() -> None:
    """V45."""
    limits = Limits(max_field_bytes=100)
    check(request("GET", b"/", (b"Cookie", b"x" * 94)), limits)
    with pytest.raises(FieldsTooLarge, match=r"server\.max_field_bytes"):
        check(request("GET", b"/", (b"Cookie", b"x" * 95)), limits)


def test_all_fields_together_have_a_limit() -> None:
    """V45."""
    limits = Limits(max_fields_bytes=1000)
    with pytest.raises(FieldsTooLarge, match=r"server\.max_fields_bytes"):
        check(request("GET", b"/", *[(b"X", b"y" * 200)] * 5), limits)


def test_the_number_of_fields_has_a_limit() -> None:
    """V45."""
    limits = Limits(max_fields=100)
    check(request("GET", b"/", *[(b"X", b"y")] * 99), limits)
    with pytest.raises(FieldsTooLarge, match="101 headers"):
        check(request("GET", b"/", *[(b"X", b"y")] * 100), limits)


@pytest.mark.parametrize("name", [b"Cookie", b"Authorization"])
def test_an_oversized_secret_is_not_shown_in_the_refusal(name: bytes) -> None:
    with pytest.raises(FieldsTooLarge) as refused:
        check(request("GET", b"/", (name, b"hunter2" * 10_000)), LIMITS)
    assert "hunter2" not in repr(refused.value)


@pytest.mark.parametrize(
    ("target", "want"),
    [
        (b"/a?b", (b"localhost:4321", b"/a?b")),
        (b"*", (b"localhost:4321", b"*")),
        (b"http://b.test/x?y", (b"b.test", b"/x?y")),
        (b"HTTPS://b.test:8443", (b"b.test:8443", b"/")),
        (b"http://b.test?y", (b"b.test", b"/?y")),
        (b"//evil.test/x", (b"localhost:4321", b"//evil.test/x")),
    ],
)
def test_the_authority_of_an_absolute_target_outranks_host(
    target: bytes, want: tuple[bytes, bytes]
) -> None:
    """V35, V36."""
    assert effective_target(request("GET", target)) == want


def test_a_request_without_host_is_for_no_authority() -> None:
    assert effective_target(request(version=(1, 0), host=None)) == (None, b"/")


@given(
    method=st.text(max_size=40),
    target=st.binary(max_size=60),
    fields=st.lists(
        st.tuples(
            st.sampled_from([b"Host", b"host", b"Content-Length", b"Transfer-Encoding", b"X"]),
            st.one_of(st.binary(max_size=20), st.sampled_from([b"a", b"1", b"chunked"])),
        ),
        max_size=4,
    ),
    version=st.tuples(st.integers(0, 3), st.integers(0, 12)),
)
def test_any_head_is_refused_or_has_one_reading(
    method: str, target: bytes, fields: Fields, version: tuple[int, int]
) -> None:
    candidate = Request(method, target, fields, version=version)
    try:
        check(candidate, LIMITS)
    except RequestRefused:
        return
    names = [name.lower() for name, _ in fields]
    assert names.count(b"host") == 1 or (version == (1, 0) and b"host" not in names)
    assert not (b"content-length" in names and b"transfer-encoding" in names)
    assert target.isascii()
    assert b" " not in target
    _, origin_form = effective_target(candidate)
    assert origin_form.startswith(b"/") or (method, origin_form) == ("OPTIONS", b"*")


def test_the_gate_costs_a_good_request_a_few_microseconds() -> None:
    """A wide bound: 14 browser-like fields take about 3 µs where this was written."""
    good = request("GET", b"/src/main.tsx?t=1", *[(b"Accept-%d" % n, b"v" * 40) for n in range(13)])
    best = min(timeit.repeat(lambda: check(good, LIMITS), number=200, repeat=5)) / 200
    assert best < 60e-6
