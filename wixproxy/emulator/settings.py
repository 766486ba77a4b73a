"""Hold the switches that a test may turn while the emulator runs.

Law: a settings value is frozen and checked whole; a change makes a new one.
The defaults are Wix's published behaviour, and every other value is a Wix that
is stricter, older or in a worse mood.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# Wix: "Handle Visitors using the REST API" answers expires_in 14400; the
# refresh token of the same sample lives 365 days.
ACCESS_TOKEN_SECONDS = 14_400
REFRESH_TOKEN_SECONDS = 31_536_000


# Wix: a webhook that is not answered with 200 in this time is sent again, for 48
# hours. The steps are not published; these grow and add up to the 48 hours.
WEBHOOK_ANSWER_MS = 1_250
WEBHOOK_RETRY_SECONDS = (1.0, 10.0, 60.0, 600.0, 3_600.0, 14_400.0, 43_200.0, 110_929.0)


class Subscription(BaseModel):
    """One webhook of the app: where events go, and which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """Where events are posted; `{type}` in it becomes the event's type."""
    types: tuple[str, ...] = ()
    """The types of events; where none is named, all."""
    host: str | None = None
    """The Host to send, where it is not that of the URL."""

    def wants(self, event_type: str) -> bool:
        """Tell whether an event of this type is sent here."""
        return not self.types or event_type in self.types


class Settings(BaseModel):
    """What the emulated Wix site and its token service do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token_seconds: int = Field(default=ACCESS_TOKEN_SECONDS, ge=0)
    refresh_token_seconds: int = Field(default=REFRESH_TOKEN_SECONDS, ge=1)
    session_token_seconds: int = Field(default=300, ge=1)
    code_seconds: int = Field(default=600, ge=1)

    token_padding_characters: int = Field(default=0, ge=0, le=100_000)
    """How much longer than Wix's each access token is, to see what breaks."""

    rotate_refresh_tokens: bool = False
    """A refresh spends the refresh token; otherwise the old one stays valid."""
    detect_reuse: bool = False
    """A spent refresh token, or a spent code, revokes all that came from it."""
    return_refresh_token: bool = True
    """A refresh answers with a refresh token; ignored where tokens rotate."""

    published: bool = True
    owner_approval: bool = False
    email_verification: bool = False
    captcha: bool = False
    captcha_for: tuple[Literal["login", "register"], ...] = ("login", "register")
    verification_code_seconds: int = Field(default=900, ge=1)
    verification_attempts: int = Field(default=5, ge=1)
    """Wrong codes before a code is worth nothing."""
    recovery_token_seconds: int = Field(default=10_800, ge=1)
    unknown_recovery: Literal["silent", "refuse"] = "silent"
    """What a recovery mail for an unknown address yields: nothing, or a 404."""

    webhooks: bool = False
    """Real changes are told to the app; asked-for events are sent in any case."""
    webhook_url: str | None = None
    """Where every event is posted; `{type}` in it becomes the event's type."""
    webhook_subscriptions: tuple[Subscription, ...] = ()
    """Where else events are posted, each address with the types that it wants."""
    webhook_answer_ms: int = Field(default=WEBHOOK_ANSWER_MS, ge=1)
    """Real milliseconds."""
    webhook_retry_seconds: tuple[float, ...] = WEBHOOK_RETRY_SECONDS
    """Waits between the attempts, by the emulator's clock; none means one attempt."""
    webhook_time_scale: float = Field(default=1.0, ge=0, le=1)
    """What the waits are multiplied with: 0.001 makes 48 hours three minutes."""
    plugin_url: str | None = None
    """The base that a service plugin's method path is joined to."""
    plugin_host: str | None = None
    """The Host to send there, where it is not that of the URL."""
    plugin_answer_ms: int = Field(default=3_000, ge=1)
    """Real milliseconds."""

    redirect_uris: tuple[str, ...] = ()
    redirect_domains: tuple[str, ...] = ()
    unlisted_redirect_uri: Literal["page", "refuse"] = "page"
    """Wix shows a page in the browser; "refuse" says 403 when the link is made."""

    rate_limit_per_minute: int | None = Field(default=None, ge=0)
    empty_descriptions: bool = False
    """403 answers lose their text, as they often do on the platform."""

    def subscribed(self, event_type: str) -> list[Subscription]:
        """Return where an event of this type is sent."""
        every = [] if self.webhook_url is None else [Subscription(url=self.webhook_url)]
        return [each for each in (*every, *self.webhook_subscriptions) if each.wants(event_type)]

    def changed(self, changes: dict[str, Any]) -> Settings:
        """Return these settings with `changes`; raise pydantic.ValidationError if unsound."""
        return Settings.model_validate({**self.model_dump(), **changes})
