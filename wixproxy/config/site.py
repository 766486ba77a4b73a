"""Name every option of the Wix project: its ids and keys, its rules and its extensions.

Law: all that belongs to one Wix project stands in this one table. A list of
tables is one option; each of its entries is judged whole, and what is wrong
with one is told with its place in the list.

Source: Wix "Elevate API Call Permissions"; Wix's webhooks and service plugins.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from ..sansio.elevation import ElevationRule
from ..sansio.routes import SERVICE_PLUGINS_PREFIX, WEBHOOKS_PREFIX
from .table import (
    BrowserOrigin,
    CallbackPath,
    CallerText,
    EntryTexts,
    ExtensionId,
    FrontendPath,
    GuidText,
    JsonObject,
    OriginText,
    PagesUrlText,
    PathText,
    Positive,
    PositiveSeconds,
    PublicKeyText,
    SecretOption,
    Table,
)


class LoginTable(Table):
    """How members log in."""

    callback_path: CallbackPath = Field(
        default="/_wix/callback",
        description="Path that Wix returns to after a login; register it with Wix on each "
        "public URL.",
    )
    silent: bool = Field(
        default=True,
        description="Whether who logged in on a page of Wix's, at a checkout for example, comes "
        "back logged in.",
    )
    tries_per_minute: Positive = Field(
        default=10,
        description="How many wrong logins, sign-ups and codes one address may try in a minute, "
        "or one session where addresses are unknown; an account takes three times as many. "
        'All processes count together where session.store is "redis", otherwise each by itself.',
    )


class ElevateEntry(Table):
    """One call that runs as the app."""

    name: str = Field(description="Name of the rule, in a-z, 0-9 and -; logs and refusals say it.")
    call: str = Field(
        description='Method and full path; "{name}" stands for one segment, "{memberId}" for the '
        "id of the member who calls."
    )
    who: Annotated[tuple[CallerText, ...], Strict(False)] = Field(
        description='Who may make the call: "visitor", "member", or the ids of members.'
    )
    body_fields: EntryTexts = Field(
        default=(), description="Fields of the body that may come from the client."
    )
    query_names: EntryTexts = Field(
        default=(), description="Parameters of the query that may come from the client."
    )
    fixed_body: JsonObject = Field(
        default_factory=dict,
        description="Fields of the body that the rule sets, whatever the client sends; "
        '"{memberId}" in a text of theirs is the id of the member who calls.',
    )
    per_minute: Positive = Field(
        default=60,
        description="How often one session may make the call in a minute; "
        'at all processes together where session.store is "redis", otherwise at each.',
    )

    @model_validator(mode="after")
    def _opens_one_call(self) -> Self:
        self.rule()
        return self

    def rule(self) -> ElevationRule:
        """Return the rule that the entry writes down."""
        return ElevationRule.parse(
            self.name,
            self.call,
            self.who,
            body_fields=self.body_fields,
            query_names=self.query_names,
            fixed_body=self.fixed_body,
            per_minute=self.per_minute,
        )


class WebhookEntry(Table):
    """One subscription to events."""

    id: ExtensionId = Field(
        description="Last part of the address that Wix calls: /_wix/extensions/webhooks/<id>."
    )
    path: FrontendPath = Field(
        description="Path of the frontend that takes the events; browsers get 404 there."
    )
    events: EntryTexts = Field(
        default=(),
        description="Types of the events that the emulator sends there, all when left out; what "
        "Wix sends is chosen in its dashboard.",
    )

    @property
    def route(self) -> str:
        """The path that Wix posts the events to."""
        return WEBHOOKS_PREFIX.decode() + self.id

    def wants(self, event_type: str) -> bool:
        """Tell whether the emulator sends events of this type here."""
        return not self.events or event_type in self.events


class ServicePluginEntry(Table):
    """One service plugin."""

    id: ExtensionId = Field(
        description="Part of the address that Wix calls: "
        "/_wix/extensions/service-plugins/<id>/<method>."
    )
    path: FrontendPath = Field(
        description="Path of the frontend that the method is put behind; browsers get 404 there."
    )
    timeout_seconds: PositiveSeconds = Field(
        default=2.5, description="How long the frontend may take to answer."
    )

    @property
    def route(self) -> str:
        """The path that Wix puts the plugin's methods behind."""
        return SERVICE_PLUGINS_PREFIX.decode() + self.id


class ExtensionsTable(Table):
    """What Wix calls: events, service plugins and the calls of dashboard pages."""

    webhooks: tuple[WebhookEntry, ...] = Field(
        default=(), description="Where Wix's events go; one table for each address."
    )
    webhooks_mode: Literal["queue", "through"] = Field(
        default="queue",
        description='"queue" keeps each event on disk until the frontend took it; "through" has '
        "Wix wait for the frontend and is for machines without a disk.",
    )
    state_file: PathText | None = Field(
        default=None,
        description="SQLite file of the events that wait; events.sqlite3 in the platform's "
        "folder for state when left out.",
    )
    service_plugins: tuple[ServicePluginEntry, ...] = Field(
        default=(), description="Where the calls of service plugins go; one table for each."
    )
    backend_paths: tuple[FrontendPath, ...] = Field(
        default=(),
        description="Paths of the frontend, with all below them, that take the calls of dashboard "
        "pages and site extensions alone; there Authorization is checked with Wix.",
    )
    dashboard_origins: tuple[BrowserOrigin, ...] = Field(
        default=(),
        description="Origins of the pages, as Wix hosts them, that may call those paths from "
        "another origin and read the answer.",
    )


class SiteTable(Table):
    """The Wix project."""

    client_id: GuidText = Field(
        default="",
        description="Client id of the OAuth app, from Headless Settings in the Wix dashboard.",
    )
    client_secret: SecretOption | None = Field(
        default=None,
        description="Secret of the app; only calls that run as the app use it.",
    )
    instance_id: GuidText | None = Field(
        default=None, description="Id of the app's installation on the site."
    )
    public_keys: tuple[PublicKeyText, ...] = Field(
        default=(),
        description="Public keys that Wix's signatures are checked with, as PEM or base64 of the "
        "PEM; several while one takes the place of another.",
    )
    api_origin: OriginText = Field(
        default="https://www.wixapis.com",
        description="The one place that tokens go to; http only for this machine, in dev.",
    )
    pages_url: PagesUrlText | None = Field(
        default=None,
        description="Where Wix hosts the site's own pages, for compat.wix_pages; Wix is asked, as "
        "the app, when left out.",
    )
    proxy: Literal["none", "env"] = Field(
        default="none", description="Whether calls for tokens obey HTTPS_PROXY and its kin."
    )
    ca_file: PathText | None = Field(
        default=None,
        description="PEM file of the authorities to trust for Wix in place of the system's.",
    )
    login: LoginTable = LoginTable()
    elevate: tuple[ElevateEntry, ...] = Field(
        default=(),
        description="Calls that run as the app, one in each table; all others run as their "
        "session.",
    )
    extensions: ExtensionsTable = ExtensionsTable()

    @property
    def elevation_rules(self) -> tuple[ElevationRule, ...]:
        """The rules of `elevate`."""
        return tuple(entry.rule() for entry in self.elevate)
