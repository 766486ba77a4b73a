"""Name every option of sessions: where they live, for how long, and what seals them.

Law: the URL of Redis may hold a password, so it is a secret as a whole.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .table import AuthorityText, PathText, Positive, PositiveSeconds, RedisURL, SessionKey, Table


class RedisTable(Table):
    """The Redis that keeps sessions where `store` is "redis"."""

    url: RedisURL | None = Field(
        default=None,
        description="redis://, rediss:// (TLS) or unix:// address; a secret, for it may hold a "
        "password.",
    )
    ca_file: PathText | None = Field(
        default=None,
        description="PEM file of the authorities to trust for rediss:// in place of the system's.",
    )
    cluster: bool = Field(default=False, description="Whether the address is one of a cluster's.")
    sentinels: tuple[AuthorityText, ...] = Field(
        default=(),
        description="host:port of each sentinel; they know the server, and the url only the login.",
    )
    sentinel_service: str | None = Field(
        default=None, min_length=1, description="What the sentinels call the group of servers."
    )
    key_prefix: str = Field(
        default="wixproxy:", description="What the name of each key of ours begins with."
    )
    timeout_seconds: PositiveSeconds = Field(
        default=1.0, description="How long one command may take."
    )


class SessionTable(Table):
    """Sessions: where they live, for how long, and what seals them."""

    store: Literal["cookie", "memory", "redis"] = Field(
        default="cookie",
        description="Where sessions live: sealed in the browser's cookie, in this process, or in "
        "Redis for many processes.",
    )
    keys: tuple[SessionKey, ...] = Field(
        default=(),
        description='Keys of "wixproxy newkey": the first seals, all open; '
        "in dev one is made when left out.",
    )
    same_site: Literal["lax", "none"] = Field(
        default="lax",
        description='"none" is for pages that live in another site\'s frame, on https alone.',
    )
    start: Literal["navigation", "api"] = Field(
        default="navigation",
        description="What starts a session: the first page, or only the first call to Wix.",
    )
    idle_seconds: Positive = Field(
        default=30 * 86_400, description="How long a session lives without being used."
    )
    absolute_seconds: Positive = Field(
        default=365 * 86_400,
        le=400 * 86_400,
        description="How long a session lives at most; browsers keep no cookie over 400 days.",
    )
    unknown_key_grace_seconds: Annotated[int, Field(ge=0)] = Field(
        default=900,
        description="How long after the start a cookie sealed by an unknown key is kept, "
        "as a rolling deployment needs.",
    )
    max_sessions: Positive = Field(
        default=100_000, description="How many sessions the memory store keeps."
    )
    new_visitors_per_minute: Positive = Field(
        default=600,
        description="How many visitors one address may become in a minute, at each process.",
    )
    new_visitors_per_minute_together: Positive = Field(
        default=6_000,
        description="How many visitors all clients of unknown address may become in a minute, "
        "at each process.",
    )
    redis: RedisTable = RedisTable()
