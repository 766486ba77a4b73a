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

    redirect_uris: tuple[str, ...] = ()
    redirect_domains: tuple[str, ...] = ()
    unlisted_redirect_uri: Literal["page", "refuse"] = "page"
    """Wix shows a page in the browser; "refuse" says 403 when the link is made."""

    rate_limit_per_minute: int | None = Field(default=None, ge=0)
    empty_descriptions: bool = False
    """403 answers lose their text, as they often do on the platform."""

    def changed(self, changes: dict[str, Any]) -> Settings:
        """Return these settings with `changes`; raise pydantic.ValidationError if unsound."""
        return Settings.model_validate({**self.model_dump(), **changes})
