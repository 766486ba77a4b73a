"""Name every option, its type, its default and what it does: one frozen value.

Law: whoever holds a `Config` holds a sound one; whatever is wrong with a
value was said while it was read. An option exists only if something reads
it. Durations carry their unit in the name, and a secret is a `Secret`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from ..sansio.redaction import Secret
from .listeners import BackendTable, ServerTable
from .sessions import SessionTable
from .site import SiteTable
from .table import (
    AuthorityText,
    BrowserOrigin,
    CallRule,
    CommandWords,
    HostText,
    OriginText,
    PathText,
    Positive,
    PositiveSeconds,
    Table,
    UpstreamText,
)

Mode = Literal["dev", "production"]

_FOR_COMMAND = "made for upstream.command"


class UpstreamTable(Table):
    """The frontend: a running server or a folder of built files."""

    url: UpstreamText | None = Field(
        default=None,
        description='The running frontend to forward to, "http://localhost:5173" or '
        '"unix:/run/app.sock".',
    )
    root: PathText | None = Field(
        default=None,
        description="The folder of built files to serve in place of a running frontend.",
    )
    command: CommandWords = Field(
        default=(),
        description="The command that is the frontend, word by word; started, watched and ended "
        "by wixproxy.",
    )
    api_only: bool = Field(
        default=False,
        description="Whether to serve /_wix/ alone, beside a frontend that sends those paths here.",
    )
    host_header: AuthorityText | None = Field(
        default=None, description="Host to send to the frontend in place of the public one."
    )
    session_cookie: Literal["forward", "hide"] = Field(
        default="forward",
        description="Whether the frontend gets the sealed session cookie, "
        "so that its server code can call back.",
    )
    verify: Literal["system", "any"] = Field(
        default="system",
        description='Whose certificates are accepted; "any" VERIFIES NOTHING '
        "and is for this machine in dev.",
    )
    ca_file: PathText | None = Field(
        default=None,
        description="PEM file of the authorities to trust for the frontend in place of "
        "the system's.",
    )
    connect_timeout_seconds: PositiveSeconds = Field(
        default=10.0, description="How long connecting to the frontend may take."
    )
    max_connections: int = Field(
        default=1_024,
        ge=1,
        description="How many requests the frontend may have at once, WebSockets aside; more of "
        "them wait as long as connecting may take.",
    )
    first_byte_timeout_seconds: PositiveSeconds = Field(
        default=300.0,
        description="How long the frontend may take until its answer begins; "
        "60 in production when left out.",
    )
    idle_timeout_seconds: PositiveSeconds = Field(
        default=300.0, description="How long a body may pause, in either direction."
    )

    @property
    def is_server(self) -> bool:
        """Tell whether the frontend is a server: one that runs already, or a command's."""
        return self.url is not None or bool(self.command)


class ApiTable(Table):
    """Which calls to Wix pass, and from where."""

    allow: tuple[CallRule, ...] = Field(
        default=(),
        description='The only calls that pass, as "METHOD /path/{part}"; when empty, all do.',
    )
    deny: tuple[CallRule, ...] = Field(
        default=(), description="Calls that never pass, whatever allow says."
    )
    allowed_origins: tuple[BrowserOrigin, ...] = Field(
        default=(),
        description="Other origins of your site whose pages may call /_wix/api with cookies.",
    )


class BrowserTable(Table):
    """What pages of the frontend are given."""

    inject: bool = Field(
        default=True,
        description="Whether pages get a script tag for /_wix/sdk.js; false in production when "
        "left out.",
    )


class CompatTable(Table):
    """Addresses of other servers that are served as well."""

    astro_routes: bool = Field(
        default=False,
        description="Whether the login routes of Wix's Astro integration, below /api/auth, are "
        "served too.",
    )
    wix_pages: bool = Field(
        default=False,
        description="Whether paths of Wix's own pages, such as /checkout and /_paylink, lead "
        "there.",
    )


class EmulatorTable(Table):
    """The offline Wix."""

    enabled: bool = Field(
        default=False,
        description="Whether to run the offline Wix inside, in place of the real one.",
    )
    host: HostText = Field(default="127.0.0.1", description="Address that the emulator listens on.")
    port: Annotated[int, Field(ge=0, le=65_535)] | None = Field(
        default=None, description="Port of the emulator; 4331, or a free one, when left out."
    )
    public_url: OriginText | None = Field(
        default=None, description="Where browsers reach the emulator, behind a container or tunnel."
    )
    data: PathText | None = Field(
        default=None, description="TOML or JSON file with members, products and items."
    )
    seed: Annotated[str, Field(min_length=1)] = Field(
        default="wixproxy", description="What ids and tokens are derived from."
    )
    access_token_seconds: Positive = Field(
        default=14_400, description="How long the emulator's access tokens live."
    )


class LogTable(Table):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that are written."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="How lines are written; json in production when left out."
    )


class Config(Table):
    """The whole configuration.

    `sources` tells for each option by dotted name where its value came from.
    """

    mode: Mode = Field(
        default="dev",
        description="dev or production; when left out, production for a public https URL, "
        "in Kubernetes and in our image.",
    )
    server: ServerTable = ServerTable()
    site: SiteTable = SiteTable()
    upstream: UpstreamTable = UpstreamTable()
    session: SessionTable = SessionTable()
    api: ApiTable = ApiTable()
    browser: BrowserTable = BrowserTable()
    backend: BackendTable = BackendTable()
    compat: CompatTable = CompatTable()
    emulator: EmulatorTable = EmulatorTable()
    log: LogTable = LogTable()

    _sources: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each value came from, by dotted name."""
        return self._sources

    def with_sources(self, sources: Mapping[str, str]) -> Config:
        """Return the same values with other sources."""
        changed = self.model_copy()
        changed._sources = dict(sources)
        return changed

    def with_emulated_site(
        self,
        *,
        api_origin: str,
        client_id: str,
        client_secret: Secret | None = None,
        instance_id: str | None = None,
        public_keys: tuple[str, ...] | None = None,
    ) -> Config:
        """Return this configuration with the emulator's site in place of Wix's.

        What is None stays as it was configured.
        """
        emulated = {
            "api_origin": api_origin,
            "client_id": client_id,
            "client_secret": client_secret,
            "instance_id": instance_id,
            "public_keys": public_keys,
        }
        given = {word: value for word, value in emulated.items() if value is not None}
        changed = self.model_copy(update={"site": self.site.model_copy(update=given)})
        sources = {f"site.{word}": "the emulator" for word in given}
        return changed.with_sources({**self.sources, **sources})

    def with_backend(self, listen: str, secret: Secret) -> Config:
        """Return this configuration with a backend listener of this address and secret."""
        backend = self.backend.model_copy(update={"listen": listen, "secret": secret})
        sources = {"backend.listen": _FOR_COMMAND, "backend.secret": _FOR_COMMAND}
        changed = self.model_copy(update={"backend": backend})
        return changed.with_sources({**self.sources, **sources})

    def with_key(self, key: Secret, source: str) -> Config:
        """Return this configuration with one session key."""
        session = self.session.model_copy(update={"keys": (key,)})
        changed = self.model_copy(update={"session": session})
        return changed.with_sources({**self.sources, "session.keys": source})
