"""Name every option of the two listeners: the public one, and that of server code.

Law: the public listener serves browsers and knows them by their session; the
other serves programs and knows them by a secret.
"""

from __future__ import annotations

from pydantic import Field

from ..sansio.origin import UNIX
from ..sansio.public_url import PublicURL, parse_authority
from .table import (
    AuthorityText,
    BackendSecret,
    HostText,
    ListenText,
    Port,
    Positive,
    PositiveSeconds,
    PublicURLText,
    Seconds,
    Table,
    Workers,
)

# What one listens on is not always what one can connect to.
_REACHED_AT = {"localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class ServerTable(Table):
    """Where the proxy listens, what browsers call it, and how large a request may be."""

    host: HostText = Field(
        default="localhost",
        description="Address to listen on; localhost is both loopback addresses, "
        "0.0.0.0 listens on all, as a container must.",
    )
    port: Port = Field(
        default=4321,
        description="Port to listen on; Wix allows logins from localhost:4321 out of the box.",
    )
    workers: Workers = Field(
        default=1,
        description="How many processes serve on the one listening socket; they share sessions in "
        "cookies or in Redis.",
    )
    public_url: tuple[PublicURLText, ...] = Field(
        default=("http://localhost:4321",),
        min_length=1,
        description="Where browsers see the proxy; the first is canonical; "
        "http://localhost:<port> when left out.",
    )
    accept_hosts: tuple[AuthorityText, ...] = Field(
        default=(), description="Other names that a rewrite in front may put into Host."
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses or ranges of the proxies in front whose X-Forwarded-For counts.",
    )
    trust_every_proxy: bool = Field(
        default=False,
        description="LETS EVERY CLIENT CHOOSE ITS ADDRESS: "
        "allows 0.0.0.0/0 and ::/0 in trusted_proxies.",
    )
    max_target_bytes: Positive = Field(
        default=16_384, le=131_072, description="Longest path with query that is accepted."
    )
    max_field_bytes: Positive = Field(
        default=32_768, le=131_072, description="Longest header field that is accepted."
    )
    max_fields_bytes: Positive = Field(
        default=65_536,
        le=1_048_576,
        description="How long all header fields of a request may be together.",
    )
    max_fields: Positive = Field(
        default=200, le=1_000, description="How many header fields are accepted."
    )
    max_connections: Positive | None = Field(
        default=None,
        description="How many clients may be connected at once to one process; half as many as "
        "it may open files when left out.",
    )
    keepalive_seconds: PositiveSeconds = Field(
        default=75.0,
        description="How long an idle connection is kept; "
        "longer than a load balancer in front keeps its own.",
    )
    drain_delay_seconds: Seconds = Field(
        default=0.0,
        description="How long everything is still accepted after SIGTERM, so that a load balancer "
        "can notice; 5 in production when left out.",
    )
    drain_timeout_seconds: PositiveSeconds = Field(
        default=30.0,
        description="How long what is under way may then take until it is cut.",
    )

    @property
    def local_host(self) -> str:
        """The address at which programs of this machine reach the listener."""
        return _REACHED_AT.get(self.host, self.host)

    @property
    def local_origin(self) -> str:
        """Where programs of this machine reach the listener, whatever its public URL is."""
        host = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return f"http://{host}:{self.port}"

    @property
    def canonical_host(self) -> str:
        """The Host that names the canonical public URL."""
        return PublicURL.parse(self.public_url[0]).authority.decode("ascii")


class BackendTable(Table):
    """The listener for server code of the frontend, which browsers never reach."""

    listen: ListenText | None = Field(
        default=None,
        description='Address to listen on, "127.0.0.1:4322" or "unix:/run/wixproxy.sock"; '
        "WHOEVER HAS THE SECRET ACTS AS THE APP THERE.",
    )
    secret: BackendSecret | None = Field(
        default=None,
        description='Secret of "wixproxy newkey --backend" that each call there carries.',
    )

    @property
    def socket_path(self) -> str | None:
        """The unix socket to listen on, where `listen` names one."""
        if self.listen is None or not self.listen.startswith(UNIX):
            return None
        return self.listen.removeprefix(UNIX)

    @property
    def host_and_port(self) -> tuple[str, int] | None:
        """The address to listen on, where `listen` names one; port 0 is a free one."""
        if self.listen is None or self.listen.startswith(UNIX):
            return None
        host, port = parse_authority(self.listen)
        return host.strip("[]"), port or 0
