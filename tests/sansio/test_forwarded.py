"""What frontends are told: R71, R73, R74, C9, C11, C15, C28, C29, C31, V49 to V53."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import ForwardingLoop
from wixproxy.sansio.exchange import Fields
from wixproxy.sansio.forwarded import (
    TrustedProxies,
    client_address,
    frontend_fields,
    refuse_loop,
    with_via,
)
from wixproxy.sansio.headers import get, get_all
from wixproxy.sansio.public_url import PublicURL

LOCAL = PublicURL.parse("http://localhost:4321")
SHOP = PublicURL.parse("https://shop.example")
NOBODY = TrustedProxies()
TEN = TrustedProxies.parse(["10.0.0.0/8", "fd00::/8"])

CLAIMS = [
    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
    "X-Forwarded-Prefix", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL", "X-Wix-Identity",
    "X-Wix-Member-Id", "X-Wixproxy-Backend", "X-Original-Host", "True-Client-IP",
]  # fmt: skip


def chain(*values: str) -> Fields:
    return [(b"X-Forwarded-For", value.encode()) for value in values]


def test_host_scheme_and_port_are_those_of_the_public_url() -> None:
    told = frontend_fields([(b"Host", b"other"), (b"Accept", b"*/*")], SHOP, peer="203.0.113.9")
    assert told == [
        (b"Host", b"shop.example"),
        (b"Accept", b"*/*"),
        (b"X-Forwarded-For", b"203.0.113.9"),
        (b"X-Forwarded-Host", b"shop.example"),
        (b"X-Forwarded-Proto", b"https"),
        (b"X-Forwarded-Port", b"443"),
        (b"Forwarded", b"for=203.0.113.9;host=shop.example;proto=https"),
    ]


def test_a_host_with_a_port_is_quoted_in_forwarded() -> None:
    """V50."""
    told = frontend_fields([], LOCAL, peer="::1")
    assert get(told, b"host") == b"localhost:4321"
    assert get(told, b"forwarded") == b'for="[::1]";host="localhost:4321";proto=http'


def test_the_host_can_be_another_one_by_configuration() -> None:
    """V52: the forwarded host stays the public one."""
    told = frontend_fields([(b"Host", b"x")], LOCAL, host=b"internal:80")
    assert get_all(told, b"host") == [b"internal:80"]
    assert get(told, b"x-forwarded-host") == b"localhost:4321"


def test_the_identity_is_told_and_cannot_be_claimed() -> None:
    """C28."""
    claims = [(b"X-Wix-Identity", b"member"), (b"X_Wix_Member_Id", b"m-1")]
    told = frontend_fields(claims, LOCAL, identity="visitor")
    assert get_all(told, b"x-wix-identity") == [b"visitor"]
    assert not [name for name, _ in told if b"ember" in name]
    member = frontend_fields(claims, LOCAL, identity="member", member_id="m-2")
    assert get_all(member, b"x-wix-member-id") == [b"m-2"]
    assert get(frontend_fields(claims, LOCAL), b"x-wix-identity") is None


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("trusted", [None, NOBODY, TEN], ids=["default", "nobody", "others"])
def test_a_claim_of_an_untrusted_peer_changes_nothing(
    name: str, trusted: TrustedProxies | None
) -> None:
    """R73, C9, C11, C15, C29, C31: the third property."""
    spelled = [name, name.lower(), name.replace("-", "_"), name.replace("-", "."), f"{name}_"]
    claims = [(spelling.encode(), b"198.51.100.66") for spelling in spelled]
    plain = [(b"Accept", b"*/*")]
    told = frontend_fields([*claims, *plain], LOCAL, peer="203.0.113.9", trusted=trusted)
    assert told == frontend_fields(plain, LOCAL, peer="203.0.113.9", trusted=trusted)


def test_a_listed_proxy_is_believed_about_the_addresses_before_it() -> None:
    """V49."""
    told = frontend_fields(chain("198.51.100.1, 10.0.0.7"), LOCAL, peer="10.0.0.1", trusted=TEN)
    assert get_all(told, b"x-forwarded-for") == [b"198.51.100.1, 10.0.0.7, 10.0.0.1"]
    forwarded = get(told, b"forwarded")
    assert forwarded is not None
    assert forwarded.startswith(b"for=198.51.100.1, for=10.0.0.7, for=10.0.0.1;host=")


def test_what_stands_left_of_a_broken_entry_is_hearsay() -> None:
    told = frontend_fields(
        chain("198.51.100.1, unknown", "10.0.0.7"), LOCAL, peer="10.0.0.1", trusted=TEN
    )
    assert get(told, b"x-forwarded-for") == b"10.0.0.7, 10.0.0.1"


def test_a_listed_proxy_is_not_believed_about_host_and_scheme() -> None:
    claims = [(b"X-Forwarded-Host", b"evil.test"), (b"X-Forwarded-Proto", b"https")]
    told = frontend_fields(claims, LOCAL, peer="10.0.0.1", trusted=TEN)
    assert get_all(told, b"x-forwarded-host") == [b"localhost:4321"]
    assert get_all(told, b"x-forwarded-proto") == [b"http"]


@pytest.mark.parametrize(
    ("peer", "values", "address"),
    [
        pytest.param("127.0.0.1", [], "127.0.0.1", id="this machine"),
        pytest.param("::1", [], "::1", id="this machine over IPv6"),
        pytest.param("127.0.0.1", ["198.51.100.1"], "127.0.0.1", id="claim from this machine"),
        pytest.param("203.0.113.9", ["198.51.100.1"], None, id="peer that nobody listed"),
        pytest.param(None, ["198.51.100.1"], None, id="unix socket"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="proxy that says nothing"),
        pytest.param("10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="one proxy"),
        pytest.param("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.9.9.9"], "198.51.100.1", id="walk"),
        pytest.param("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1", id="two fields"),
        pytest.param("10.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1", id="only proxies"),
        pytest.param("10.0.0.1", ["1.1.1.1, unknown"], None, id="broken entry"),
        pytest.param("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1", id="with a port"),
        pytest.param("10.0.0.1", ["[2001:db8::1]:80"], "2001:db8::1", id="IPv6 with a port"),
        pytest.param("10.0.0.1", [" , 198.51.100.1 ,"], "198.51.100.1", id="empty entries"),
        pytest.param("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="mapped IPv4"),
    ],
)
def test_the_client_is_the_first_address_from_the_right_that_is_no_listed_proxy(
    peer: str | None, values: list[str], address: str | None
) -> None:
    """R73, V49."""
    assert client_address(peer, chain(*values), TEN) == address


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", " 0.0.0.0/0 "])
def test_trusting_everyone_needs_to_be_said(text: str) -> None:
    """R74, C15."""
    with pytest.raises(ValueError, match="name its own address"):
        TrustedProxies.parse([text])
    assert TrustedProxies.parse([text], everyone=True).networks


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0", "localhost", "*"])
def test_what_is_no_address_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address or range"):
        TrustedProxies.parse([text])


@pytest.mark.parametrize(
    ("via", "loops"),
    [
        (b"1.1 wixproxy-a1", True),
        (b"1.1 nginx, 1.1 wixproxy-a1 (x)", True),
        (b"HTTP/1.1 wixproxy-a1", True),
        (b"1.0 a,1.1 wixproxy-a1,1.1 b", True),
        (b"1.1 wixproxy-a12", False),
        (b"1.1 wixproxy-b2", False),
        (b"1.1 a (wixproxy-a1)", False),
        (b"wixproxy-a1", False),
        (b"", False),
    ],
)
def test_a_request_that_has_passed_here_before_is_a_loop(via: bytes, loops: bool) -> None:
    """V53."""
    fields = [(b"via", b"1.1 other"), (b"Via", via)]
    if loops:
        with pytest.raises(ForwardingLoop, match="upstream address"):
            refuse_loop(fields, b"wixproxy-a1")
    else:
        refuse_loop(fields, b"wixproxy-a1")


def test_our_entry_in_via_makes_the_next_pass_a_loop() -> None:
    fields = with_via([(b"Via", b"1.0 a")], (1, 1), b"wixproxy-a1")
    assert get_all(fields, b"via") == [b"1.0 a", b"1.1 wixproxy-a1"]
    with pytest.raises(ForwardingLoop):
        refuse_loop(fields, b"wixproxy-a1")


@given(
    st.one_of(st.none(), st.text(max_size=20), st.ip_addresses().map(str)),
    st.lists(st.binary(max_size=40), max_size=3),
)
def test_any_chain_is_read_without_a_fault(peer: str | None, values: list[bytes]) -> None:
    fields = [(b"X-Forwarded-For", value) for value in values]
    everyone = TrustedProxies.parse(["0.0.0.0/0", "::/0"], everyone=True)
    client_address(peer, fields, everyone)
    told = frontend_fields(fields, LOCAL, peer=peer, trusted=everyone)
    assert b"".join(value for _, value in told).isascii()
    assert len(get_all(told, b"x-forwarded-for")) <= 1
