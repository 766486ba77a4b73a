"""Public URLs and hosts: R28, R53, R72, C6, C34 and design's transport rule."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import HostRefused
from wixproxy.sansio.public_url import Hosts, PublicURL, parse_authority

LOCAL = PublicURL("http", "localhost", 4321)
SHOP = PublicURL("https", "shop.example", 443)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:4321", "http://localhost:4321"),
        ("HTTP://LocalHost:4321/", "http://localhost:4321"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_public_url_is_written_as_browsers_write_its_origin(text: str, origin: str) -> None:
    assert PublicURL.parse(text).origin == origin


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("localhost:4321", "http:// or https://", id="no scheme"),
        pytest.param("ftp://a", "http:// or https://", id="foreign scheme"),
        pytest.param("https://shop.example/app", "ends after host and port", id="path"),
        pytest.param("https://shop.example?x", "ends after host and port", id="query"),
        pytest.param("https://shop.example/#x", "ends after host and port", id="fragment"),
        pytest.param("https://u:p@shop.example", "no user name", id="credentials"),
        pytest.param("https://", "expected a host", id="no host"),
        pytest.param("https://a b", "expected a host", id="space"),
        pytest.param("https://bücher.example", "xn--", id="not ASCII"),
        pytest.param("https://a:70000", "at most 65535", id="port too high"),
        pytest.param("https://a:0", "port 0", id="port zero"),
        pytest.param("https://shop.example.", "host name", id="dot at the end"),
        pytest.param("https://a..b", "host name", id="empty label"),
        pytest.param("https://0x7f.1", "IPv4", id="address in another spelling"),
        pytest.param("https://2130706433", "IPv4", id="address as one number"),
        pytest.param("https://[::g]", "expected a host", id="broken IPv6"),
        pytest.param("https://[1:2]", "IPv6", id="short IPv6"),
    ],
)
def test_what_is_no_public_url_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        PublicURL.parse(text)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(ValueError) as refused:
        PublicURL.parse("https://admin:hunter2@shop.example")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "loopback", "trustworthy"),
    [
        ("http://localhost:4321", True, True),
        ("http://shop.localhost", True, True),
        ("http://127.0.0.1:4321", True, True),
        ("http://[::1]", True, True),
        ("http://127.0.0.2", False, False),
        ("http://0.0.0.0:4321", False, False),
        ("http://evillocalhost", False, False),
        ("http://localhost.evil.example", False, False),
        ("http://192.168.1.7", False, False),
        ("https://shop.example", False, True),
    ],
)
def test_only_loopback_and_https_are_trustworthy(
    text: str, loopback: bool, trustworthy: bool
) -> None:
    url = PublicURL.parse(text)
    assert (url.is_loopback, url.is_trustworthy) == (loopback, trustworthy)


def test_a_path_is_joined_behind_the_origin() -> None:
    assert LOCAL.join("/a?b#c") == "http://localhost:4321/a?b#c"


@pytest.mark.parametrize("path", ["", "a", "@evil.example", ".evil.example", ":80"])
def test_what_would_change_the_host_is_not_joined(path: str) -> None:
    with pytest.raises(ValueError, match="starts with"):
        LOCAL.join(path)


@pytest.mark.parametrize(
    ("authority", "chosen"),
    [
        (b"localhost:4321", LOCAL),
        (b"LOCALHOST:4321", LOCAL),
        (b"shop.example", SHOP),
        (b"shop.example:443", SHOP),
        (b"shop.example:", SHOP),
        (b"Shop.Example", SHOP),
    ],
)
def test_the_host_chooses_among_the_public_urls(authority: bytes, chosen: PublicURL) -> None:
    """R28."""
    assert Hosts([LOCAL, SHOP]).choose(authority) == chosen


@pytest.mark.parametrize(
    "authority",
    [
        pytest.param(None, id="no host"),
        pytest.param(b"attacker.test", id="R53 rebinding"),
        pytest.param(b"localhost", id="port missing"),
        pytest.param(b"localhost:4322", id="other port"),
        pytest.param(b"shop.example:80", id="port of the other scheme"),
        pytest.param(b"evilshop.example", id="C6 suffix"),
        pytest.param(b"shop.example.evil.test", id="C6 prefix"),
        pytest.param(b"shop.example.", id="R72 dot at the end"),
        pytest.param(b"127.0.0.1:4321", id="other loopback name"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="no text"),
    ],
)
def test_any_other_host_is_refused(authority: bytes | None) -> None:
    """R53, R72, C34."""
    with pytest.raises(HostRefused, match=r"serves http://localhost:4321, https://shop\.example"):
        Hosts([LOCAL, SHOP]).choose(authority)


@pytest.mark.parametrize(
    ("authority", "listed"),
    [
        pytest.param(b"tunnel.example:8443", "https://tunnel.example:8443", id="https is needed"),
        pytest.param(b"tunnel.example", "https://tunnel.example", id="https on its own port"),
        pytest.param(b"127.0.0.1:4321", "http://127.0.0.1:4321", id="http is enough"),
    ],
)
def test_the_refusal_of_a_host_has_the_line_that_would_admit_it(
    authority: bytes, listed: str
) -> None:
    """R53."""
    with pytest.raises(HostRefused) as refused:
        Hosts([LOCAL]).choose(authority)
    line = refused.value.members["config_line"]
    assert line == f'public_url = ["http://localhost:4321", "{listed}"]'
    assert str(line) in refused.value.message
    assert PublicURL.parse(listed).is_trustworthy


def test_the_refusal_of_a_host_has_the_line_for_a_rewrite_in_front() -> None:
    with pytest.raises(HostRefused) as refused:
        Hosts([SHOP]).choose(b"Wixproxy:8080")
    line = re.search(r'accept_hosts = \["(.+)"\]$', refused.value.message)
    assert line is not None
    assert Hosts([SHOP], [line[1]]).choose(b"Wixproxy:8080") == SHOP


@pytest.mark.parametrize(
    ("entry", "authority"),
    [("wixproxy", b"wixproxy"), ("wixproxy", b"WIXPROXY:8080"), ("wixproxy:80", b"wixproxy:80")],
)
def test_a_name_of_a_rewrite_in_front_counts_as_the_canonical_url(
    entry: str, authority: bytes
) -> None:
    assert Hosts([SHOP], [entry]).choose(authority) == SHOP


def test_an_accepted_host_with_a_port_is_accepted_under_that_port_only() -> None:
    with pytest.raises(HostRefused):
        Hosts([SHOP], ["wixproxy:80"]).choose(b"wixproxy:81")


def test_an_accept_host_that_is_no_host_is_an_error() -> None:
    with pytest.raises(ValueError, match="host:port"):
        Hosts([SHOP], ["http://wixproxy"])


@pytest.mark.parametrize(
    ("authority", "target", "navigation", "location"),
    [
        (b"127.0.0.1:4321", b"/a?b", True, b"http://localhost:4321/a?b"),
        (b"[::1]:4321", b"/", True, b"http://localhost:4321/"),
        (b"app.localhost:4321", b"//x", True, b"http://localhost:4321//x"),
        (b"127.0.0.1:4321", b"/a", False, None),
        (b"127.0.0.1:9999", b"/a", True, None),
        (b"localhost:4321", b"/a", True, None),
        (b"attacker.test:4321", b"/a", True, None),
        (None, b"/a", True, None),
    ],
)
def test_a_page_under_another_loopback_name_moves_to_the_canonical_one(
    authority: bytes | None, target: bytes, navigation: bool, location: bytes | None
) -> None:
    assert Hosts([LOCAL]).canonical_redirect(authority, target, navigation=navigation) == location


def test_a_loopback_name_is_not_sent_to_a_public_site() -> None:
    assert Hosts([SHOP]).canonical_redirect(b"localhost:443", b"/", navigation=True) is None


@given(st.binary(max_size=40))
def test_any_bytes_as_host_choose_a_known_url_or_are_refused(authority: bytes) -> None:
    with contextlib.suppress(HostRefused):
        assert Hosts([LOCAL, SHOP]).choose(authority) in (LOCAL, SHOP)


@given(st.from_regex(r"[a-z]([a-z-]{0,8}[a-z])?(\.[a-z]{1,8}){0,3}", fullmatch=True))
def test_a_parsed_url_survives_being_written_and_read(host: str) -> None:
    url = PublicURL("http", host, 8080)
    assert PublicURL.parse(str(url)) == url
    assert parse_authority(url.authority.decode()) == (host, 8080)
