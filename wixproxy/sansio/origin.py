"""Name the one place that a connection goes to.

An origin is a scheme, a host and a port (RFC 6454 §4), nothing more: a path
or a user name in it would be silently ignored, so it is refused. An upstream
may also listen at a unix socket: then plain HTTP is spoken there, and the
server's own name for itself, where it has one, is localhost.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from ..errors import quoted

UNIX = "unix:"
DEFAULT_PORTS = {"http": 80, "https": 443}

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:\[(?P<v6>[^\]%]*)\]|(?P<host>[^/?#@:\[\]]*))"
    r"(?::(?P<port>[^/?#@]*))?/?",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_.])?")


class Origin(NamedTuple):
    """Where a connection goes; `host` is a lower-case name or address, without brackets.

    `socket_path` names the unix socket that takes the place of host and port.
    """

    scheme: str
    host: str
    port: int
    socket_path: str | None = None

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Read `http://localhost:5173`; raise ValueError with a sentence for anything else."""
        found = _ORIGIN.fullmatch(text)
        if found is None or found["scheme"].lower() not in DEFAULT_PORTS:
            raise ValueError(
                f"expected an address such as http://localhost:5173"
                f" (http or https, a host, a port and no more), found {quoted(text)}"
            )
        scheme = found["scheme"].lower()
        if found["v6"] is not None:
            host = _ipv6(found["v6"], text)
        else:
            host = found["host"].lower()
            if not _HOST.fullmatch(host):
                raise ValueError(f"the host in {quoted(text)} is not a name or an address")
        return cls(scheme, host, _port(found["port"], scheme, text))

    @classmethod
    def of_upstream(cls, text: str) -> Origin:
        """Read an origin, or `unix:/run/app.sock`; raise ValueError as `parse` does."""
        if text.startswith(UNIX):
            return cls("http", "localhost", DEFAULT_PORTS["http"], text.removeprefix(UNIX))
        return cls.parse(text)

    @property
    def authority(self) -> str:
        """Host and port as in a `Host` field: brackets for IPv6, no default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_tls(self) -> bool:
        """Tell whether the connection is encrypted."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Tell whether the connection stays on this machine (RFC 6761 §6.3)."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """What a server there calls itself, as in a redirect of its own."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.url if self.socket_path is None else UNIX + self.socket_path


def _ipv6(host: str, text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise ValueError(f"what stands in brackets in {quoted(text)} is not IPv6") from None


def _port(port: str | None, scheme: str, text: str) -> int:
    if port is None:
        return DEFAULT_PORTS[scheme]
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise ValueError(f"the port in {quoted(text)} is not a number from 1 to 65535")
    return int(port)
