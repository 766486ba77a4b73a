"""Say where browsers see this proxy, and which `Host` may reach it.

A public URL is configuration: scheme, host and port as they stand in the
browser's address bar. Links, redirects, cookies and the redirect URI come
from it and never from a request; the request's Host only chooses among the
configured ones, by equality after parsing. Any other Host is refused, or a
web page could reach the proxy under a name of its own (DNS rebinding).

Source: RFC 9110 §7.2 and §7.4, RFC 6454 (origins), WHATWG URL (hosts), W3C
Secure Contexts (which plain http origins are trustworthy).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..errors import HostRefused, quoted

DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL).fullmatch
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{0,5}))?").fullmatch
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?").fullmatch


class PublicURL(NamedTuple):
    """One address of the proxy in the browser's address bar.

    `host` is lower case; an IPv6 address stands in brackets.
    """

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> PublicURL:
        """Read "https://shop.example" or "http://localhost:4321".

        Raises ValueError with a sentence that says what to write.
        """
        match = _URL(text)
        if match is None or match[1].lower() not in DEFAULT_PORTS:
            raise ValueError(f"expected an http:// or https:// URL, found {quoted(text)}")
        scheme, authority, rest = match[1].lower(), match[2], match[3]
        if "@" in authority:
            raise ValueError("a public URL has no user name and password; write scheme and host")
        if rest not in ("", "/"):
            raise ValueError(
                f"a public URL ends after host and port, found {quoted(rest)} behind them"
            )
        if not authority.isascii():
            raise ValueError(f"write the host in its ASCII form (xn--…), found {quoted(authority)}")
        host, port = parse_authority(authority)
        if port == 0:
            raise ValueError("port 0 is not an address that a browser can open")
        return cls(scheme, host, port if port is not None else DEFAULT_PORTS[scheme])

    def __str__(self) -> str:
        return self.origin

    @property
    def origin(self) -> str:
        """The origin as a browser writes it, without a default port."""
        return f"{self.scheme}://{self._authority}"

    @property
    def authority(self) -> bytes:
        """Host and port as a browser sends them in Host."""
        return self._authority.encode("ascii")

    @property
    def is_secure(self) -> bool:
        """Tell whether the browser speaks https to this address."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can mean itself by the host."""
        return is_loopback(self.host)

    @property
    def is_trustworthy(self) -> bool:
        """Tell whether browsers treat a page of this origin as a secure context."""
        return self.is_secure or self.is_loopback

    def join(self, path: str) -> str:
        """Return the absolute URL of a path of this site; the path starts with "/"."""
        if not path.startswith("/"):
            raise ValueError(f"expected a path that starts with '/', found {quoted(path)}")
        return self.origin + path

    @property
    def _authority(self) -> str:
        if self.port == DEFAULT_PORTS[self.scheme]:
            return self.host
        return f"{self.host}:{self.port}"


class Hosts:
    """The public URLs, the first of them canonical, and the names a rewrite in front may use.

    `known` has them by what browsers send in Host. `accept_hosts` entries are
    "name" (any port) or "name:port"; requests under them count as made to the
    canonical URL.
    """

    def __init__(self, public: Sequence[PublicURL], accept_hosts: Iterable[str] = ()) -> None:
        if not public:
            raise ValueError("at least one public URL is needed")
        self.public = tuple(public)
        self.canonical = self.public[0]
        self.known: Mapping[bytes | None, PublicURL] = {
            url.authority: url for url in reversed(self.public)
        }
        self._accepted = {parse_authority(entry) for entry in accept_hosts}

    def choose(self, authority: bytes | None) -> PublicURL:
        """Return the public URL that the request is for.

        Raises `HostRefused`, whose `config_line` is the line that would admit it.
        """
        if authority is not None:
            known = self.known.get(authority)
            if known is not None:
                return known
            read = _read(authority)
            if read is not None:
                host, port = read
                for url in self.public:
                    wanted = port if port is not None else DEFAULT_PORTS[url.scheme]
                    if (host, wanted) == (url.host, url.port):
                        return url
                if read in self._accepted or (host, None) in self._accepted:
                    return self.canonical
        raise self._refusal(authority)

    def canonical_redirect(
        self, authority: bytes | None, target: bytes, *, navigation: bool
    ) -> bytes | None:
        """Return where to send (307) a page opened under another loopback name, or None.

        Cookies belong to a name: someone who opens 127.0.0.1 in place of
        localhost would be a stranger to their own session. `navigation` says
        that the request is a GET which shows a page.
        """
        read = _read(authority) if authority is not None and navigation else None
        if read is None or target[:1] != b"/":
            return None
        host, port = read
        canonical = self.canonical
        if port is None:
            port = DEFAULT_PORTS[canonical.scheme]
        if host == canonical.host or port != canonical.port:
            return None
        if not (canonical.is_loopback and is_loopback(host)):
            return None
        return canonical.origin.encode("ascii") + target

    def _refusal(self, authority: bytes | None) -> HostRefused:
        served = ", ".join(url.origin for url in self.public)
        here = self.canonical.origin
        if authority is None:
            return HostRefused(
                f"This proxy serves {served}; the request names no host.", public_url=here
            )
        try:
            text = authority.decode("ascii")
            found = PublicURL.parse(f"{self.canonical.scheme}://{text}")
        except ValueError:
            return HostRefused(
                f"This proxy serves {served}, not {quoted(authority)}.", public_url=here
            )
        first = ""
        if not found.is_trustworthy:
            # Plain http under such a name is refused by the configuration.
            found, first = PublicURL.parse(f"https://{text}"), "put TLS in front and "
        listed = ", ".join(f'"{url.origin}"' for url in (*self.public, found))
        line = f"public_url = [{listed}]"
        rewritten = f'accept_hosts = ["{text.lower()}"]'
        return HostRefused(
            f"This proxy serves {served}, not {quoted(authority)}. Open {here}, or, if browsers "
            f"shall reach it under the other address too, {first}write this under [server] in "
            f"wixproxy.toml: {line}. Where a rewrite in front sends that name while browsers see "
            f"another, write this: {rewritten}",
            config_line=line,
            public_url=here,
        )


def parse_authority(text: str) -> tuple[str, int | None]:
    """Read "host" or "host:port" into its lower-case host and its port.

    Raises ValueError with a sentence that says what is wrong.
    """
    match = _AUTHORITY(text)
    if match is None:
        raise ValueError(f"expected a host, or host:port, found {quoted(text)}")
    port = int(match[2]) if match[2] else None
    if port is not None and port > 65_535:
        raise ValueError(f"a port is at most 65535, found {port}")
    return _host(match[1].lower()), port


def is_loopback(host: str) -> bool:
    """Tell whether `host`, in lower case, is a name of the machine the browser runs on."""
    return host in ("localhost", "127.0.0.1", "[::1]") or host.endswith(".localhost")


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]"
        except ValueError:
            raise ValueError(
                f"expected an IPv6 address in brackets, found {quoted(text)}"
            ) from None
    labels = text.split(".")
    # WHATWG URL: a host that ends in a number is an IPv4 address in one of many
    # spellings; only the plain one is the same text for every reader.
    if labels[-1].isdecimal() or labels[-1].startswith("0x"):
        try:
            return str(ipaddress.IPv4Address(text))
        except ValueError:
            raise ValueError(
                f"expected an IPv4 address like 127.0.0.1, found {quoted(text)}"
            ) from None
    if not all(map(_LABEL, labels)):
        raise ValueError(f"expected a host name, found {quoted(text)}")
    return text


def _read(authority: bytes) -> tuple[str, int | None] | None:
    try:
        return parse_authority(authority.decode("ascii"))
    except ValueError:
        return None
