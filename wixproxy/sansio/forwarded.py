"""Decide what the frontend is told about the client, and whom to believe about it.

1. What a client says about itself (`Forwarded`, `X-Forwarded-*` and their
   kin, `X-Wix-Identity`, `X-Wix-Caller-*`, the fields of an event) is removed
   first, in every spelling that a server might fold; then our own is added.
2. Host, scheme and port are those of the public URL, whoever the peer is.
3. Only a listed proxy is believed about the address before it. The walk
   goes from the right: the first address that is no listed proxy is the client.
4. A request that has passed through this proxy before is a loop.

Source: RFC 7239, RFC 9110 §7.6.3 (Via), and the practice of X-Forwarded-For.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from ..errors import ForwardingLoop, quoted
from .exchange import Fields
from .headers import folded, get_all
from .names import Remembered
from .public_url import PublicURL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CLAIMS = frozenset(
    {
        b"forwarded",
        b"x-real-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"x-original-host",
        b"x-original-url",
        b"x-original-uri",
        b"x-rewrite-url",
        b"x-wix-identity",
        b"x-wix-member-id",
        b"x-wix-instance-id",
        b"x-wix-site-id",
    }
)
# By the last of these a handler of the frontend knows what we verified.
_CLAIM_PREFIXES = (
    b"x-forwarded-",
    b"x-wixproxy-",
    b"x-wix-caller-",
    b"x-wix-event-",
    b"x-wix-entity-",
    b"x-wix-extension-",
)

# received-protocol, received-by; a comment may follow.
_VIA = re.compile(rb"(?:^|,)[ \t]*(?:[^\s,/]+/)?[^\s,/]+[ \t]+([^\s,]+)")


class TrustedProxies:
    """The proxies in front that are believed about the addresses before them."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self.networks = tuple(networks)

    @classmethod
    def parse(cls, texts: Iterable[str], *, everyone: bool = False) -> TrustedProxies:
        """Read addresses and CIDR ranges.

        Raises ValueError for what is none, and for a range of all addresses
        unless `everyone` says that this is meant: then any client chooses
        its own address.
        """
        networks = []
        for text in texts:
            try:
                network = ipaddress.ip_network(text.strip())
            except ValueError:
                raise ValueError(
                    f"expected an address or range such as 10.0.0.0/8, found {quoted(text)}"
                ) from None
            if network.prefixlen == 0 and not everyone:
                raise ValueError(
                    f"{text.strip()} trusts every client to name its own address; "
                    "list the proxies in front instead"
                )
            networks.append(network)
        return cls(networks)

    def __contains__(self, address: Address) -> bool:
        return bool(self.networks) and any(address in network for network in self.networks)


def client_address(peer: str | None, fields: Fields, trusted: TrustedProxies) -> str | None:
    """Return the address of the client, or None where it is not known.

    `peer` is who opened the connection. A peer that is neither on this
    machine nor a listed proxy may be one that nobody listed, with all its
    clients behind one address; so it counts as not known.
    """
    named = _named(peer) if peer is not None else None
    if named is None:
        return None
    if named.address not in trusted:
        return named.text if named.is_loopback else None
    for text in reversed(_chain(fields)):
        named = _named(text)
        if named is None:
            return None
        if named.address not in trusted:
            break
    return named.text


def frontend_fields(
    fields: Fields,
    public: PublicURL,
    *,
    peer: str | None = None,
    trusted: TrustedProxies | None = None,
    host: bytes | None = None,
    identity: str | None = None,
    member_id: str | None = None,
) -> Fields:
    """Return the fields for the frontend: the client's claims gone, our account added.

    `host` replaces the public host in `Host`; `identity` is "visitor",
    "member", or None where there is no session.
    """
    chain = _told_chain(fields, peer, trusted)
    named, own = _own_fields(tuple(chain), public)
    kept = [named if host is None else (b"Host", host)]
    kept += [field for field in fields if _IS_NO_CLAIM[field[0]]]
    kept += own
    if identity is not None:
        kept.append((b"X-Wix-Identity", identity.encode("ascii")))
    if member_id is not None:
        kept.append((b"X-Wix-Member-Id", member_id.encode("ascii")))
    return kept


def refuse_loop(fields: Fields, pseudonym: bytes) -> None:
    """Refuse a request that has passed through here before. Raises `ForwardingLoop`."""
    for value in get_all(fields, b"via"):
        if pseudonym in value and any(name == pseudonym for name in _VIA.findall(value)):
            raise ForwardingLoop(
                "This request has passed through this proxy before. "
                "The upstream address probably points back at the proxy itself."
            )


def with_via(fields: Fields, version: tuple[int, int], pseudonym: bytes) -> Fields:
    """Return the fields with our entry behind those of the proxies before us."""
    return [*fields, (b"Via", b"%d.%d %s" % (*version, pseudonym))]


def _is_claim(name: bytes) -> bool:
    # Host is written anew, first, from the public URL.
    plain = folded(name).strip(b"-")
    return plain == b"host" or plain in _CLAIMS or plain.startswith(_CLAIM_PREFIXES)


_IS_NO_CLAIM = Remembered(lambda name: not _is_claim(name))


def _told_chain(fields: Fields, peer: str | None, trusted: TrustedProxies | None) -> list[str]:
    named = _named(peer) if peer is not None else None
    if named is None:
        return []
    if trusted is None or named.address not in trusted:
        return [named.text]
    # Left of an entry that is no address everything is hearsay.
    chain: list[str] = []
    for text in reversed(_chain(fields)):
        entry = _named(text)
        if entry is None:
            break
        chain.insert(0, entry.text)
    return [*chain, named.text]


def _chain(fields: Fields) -> list[str]:
    joined = b",".join(get_all(fields, b"x-forwarded-for")).decode("latin-1")
    return [entry.strip() for entry in joined.split(",") if entry.strip()]


class _Named(NamedTuple):
    """An address, and what is asked of it each time."""

    address: Address
    text: str
    is_loopback: bool


@lru_cache(maxsize=1024)
def _named(text: str) -> _Named | None:
    # Some proxies add the port: "192.0.2.1:80", "[2001:db8::1]:80".
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return _Named(address, str(address), address.is_loopback)


@lru_cache(maxsize=1024)
def _own_fields(chain: tuple[str, ...], public: PublicURL) -> tuple[tuple[bytes, bytes], Fields]:
    # Host, and what is told beside it: the same for all requests of one client, so written once.
    account = [
        (b"X-Forwarded-Host", public.authority),
        (b"X-Forwarded-Proto", public.scheme.encode("ascii")),
        (b"X-Forwarded-Port", str(public.port).encode("ascii")),
        (b"Forwarded", _forwarded(chain, public)),
    ]
    if chain:
        account.insert(0, (b"X-Forwarded-For", ", ".join(chain).encode("ascii")))
    return (b"Host", public.authority), account


def _forwarded(chain: tuple[str, ...], public: PublicURL) -> bytes:
    # RFC 7239 §4: an IPv6 address and a host with a port need quotes.
    nodes = [f'for="[{entry}]"' if ":" in entry else f"for={entry}" for entry in chain]
    authority = public.authority.decode("ascii")
    host = f'"{authority}"' if ":" in authority else authority
    account = f"host={host};proto={public.scheme}"
    last = f"{nodes.pop()};{account}" if nodes else account
    return ", ".join([*nodes, last]).encode("ascii")
