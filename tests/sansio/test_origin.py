"""What names a place that a connection goes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.origin import Origin


@pytest.mark.parametrize(
    ("text", "origin", "written"),
    [
        ("http://localhost:5173", Origin("http", "localhost", 5173), "http://localhost:5173"),
        ("http://localhost:5173/", Origin("http", "localhost", 5173), "http://localhost:5173"),
        ("HTTPS://Shop.Example", Origin("https", "shop.example", 443), "https://shop.example"),
        ("http://frontend", Origin("http", "frontend", 80), "http://frontend"),
        ("http://frontend:80", Origin("http", "frontend", 80), "http://frontend"),
        ("https://x:80", Origin("https", "x", 80), "https://x:80"),
        ("http://my_app:3000", Origin("http", "my_app", 3000), "http://my_app:3000"),
        ("http://127.0.0.1:1", Origin("http", "127.0.0.1", 1), "http://127.0.0.1:1"),
        ("http://[::1]:5173", Origin("http", "::1", 5173), "http://[::1]:5173"),
        ("https://[2001:DB8::0:1]", Origin("https", "2001:db8::1", 443), "https://[2001:db8::1]"),
    ],
)
def test_an_address_is_read_and_written(text: str, origin: Origin, written: str) -> None:
    assert Origin.parse(text) == origin
    assert str(origin) == written
    assert origin.authority == written.partition("//")[2]


def test_an_upstream_may_be_a_unix_socket() -> None:
    origin = Origin.of_upstream("unix:/run/app.sock")
    assert origin == Origin("http", "localhost", 80, "/run/app.sock")
    assert str(origin) == "unix:/run/app.sock"
    assert (origin.url, origin.authority) == ("http://localhost", "localhost")
    assert origin.is_loopback
    assert not origin.is_tls
    assert origin != Origin.of_upstream("unix:/run/other.sock")


def test_an_upstream_is_an_origin_otherwise() -> None:
    assert Origin.of_upstream("http://localhost:5173") == Origin("http", "localhost", 5173)
    with pytest.raises(ValueError, match="expected an address such as"):
        Origin.parse("unix:/run/app.sock")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("localhost:5173", "expected an address such as", id="no scheme"),
        pytest.param("5173", "expected an address such as", id="a port alone"),
        pytest.param("", "expected an address such as", id="nothing"),
        pytest.param("ftp://localhost", "expected an address such as", id="another scheme"),
        pytest.param("http://a/b", "expected an address such as", id="a path"),
        pytest.param("http://a?b", "expected an address such as", id="a query"),
        pytest.param("http://a#b", "expected an address such as", id="a fragment"),
        pytest.param("http://u:p@a", "expected an address such as", id="a user"),
        pytest.param("http://a:80:80", "port .* is not a number", id="two ports"),
        pytest.param("http://", "is not a name or an address", id="no host"),
        pytest.param("http://a b", "is not a name or an address", id="a space"),
        pytest.param("http://a\n", "is not a name or an address", id="a line break"),
        pytest.param("http://bücher.example", "is not a name or an address", id="not ASCII"),
        pytest.param("http://-a", "is not a name or an address", id="a leading hyphen"),
        pytest.param("http://[::1", "expected an address such as", id="an open bracket"),
        pytest.param("http://[1.2.3.4]", "is not IPv6", id="IPv4 in brackets"),
        pytest.param("http://[fe80::1%25eth0]", "expected an address", id="a zone"),
        pytest.param("http://a:0", "is not a number from 1 to 65535", id="port 0"),
        pytest.param("http://a:65536", "is not a number from 1 to 65535", id="port too large"),
        pytest.param("http://a:", "is not a number from 1 to 65535", id="an empty port"),
        pytest.param("http://a:\u0661", "is not a number from 1 to 65535", id="another script"),
    ],
)
def test_what_is_no_origin_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Origin.parse(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("shop.localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_recognised(host: str, loopback: bool) -> None:
    assert Origin("http", host, 80).is_loopback is loopback


@given(st.text(max_size=40))
def test_any_text_is_an_origin_or_a_value_error(text: str) -> None:
    try:
        origin = Origin.parse("http://" + text)
    except ValueError:
        return
    assert Origin.parse(str(origin)) == origin
