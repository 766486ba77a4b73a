"""Say what a session is, how it begins, how long it lives and how it is written down.

1. A session belongs to one browser and one identity. Each change of identity
   makes a new id, so an id planted before a login is worth nothing after it.
2. A session may have no tokens: they are minted at its first need.
3. Of two versions of one session the one with the later generation is true;
   every mint and refresh makes a new generation.
4. It ends when it was idle for too long, at its absolute limit, or when Wix
   refuses to renew it. What arrives from outside is read strictly: anything
   that is not exactly a session is none.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .tokens import Tokens

Identity = Literal["visitor", "member"]

SESSION_ID_BYTES = 32
TOUCH_SECONDS = 24 * 3600
LOGIN_STARTS_KEPT = 3
# Longer than a checkout takes, and no longer: within it a login over there may be picked up.
AT_WIX_SECONDS = 4 * 3600


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may live, in seconds."""

    idle_seconds: int = 30 * 24 * 3600
    absolute_seconds: int = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the session before this one ended, and when (seconds since the epoch)."""

    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's identity and tokens. Times are whole seconds since the epoch.

    `touched_at` is the last use that was written down; `hint` is the part of
    the readable cookie that changes with the identity; `epoch` is for a
    revocation of everything that is older; `login_starts` are the times of
    the latest login attempts, by which a redirect loop is noticed; `at_wix_since`
    is when the browser was led to a page on Wix that leads back, or 0.
    """

    id: str = field(repr=False)
    identity: Identity
    created_at: int
    expires_at: int
    touched_at: int
    hint: str
    tokens: Tokens | None = None
    member_id: str | None = None
    generation: int = 0
    epoch: int = 0
    ended: Ended | None = None
    login_starts: tuple[int, ...] = ()
    at_wix_since: int = 0

    @classmethod
    def visitor(
        cls,
        now: float,
        limits: Limits,
        *,
        ended: Ended | None = None,
        login_starts: tuple[int, ...] = (),
    ) -> Session:
        """Begin a visitor's session, still without tokens."""
        return cls._begin("visitor", now, limits, ended=ended, login_starts=login_starts)

    @classmethod
    def member(
        cls,
        now: float,
        limits: Limits,
        *,
        tokens: Tokens,
        member_id: str | None,
        login_starts: tuple[int, ...] = (),
    ) -> Session:
        """Begin a member's session with the tokens of a login."""
        return cls._begin(
            "member",
            now,
            limits,
            tokens=tokens,
            member_id=member_id,
            login_starts=login_starts,
            generation=1,
        )

    @classmethod
    def _begin(cls, identity: Identity, now: float, limits: Limits, **values: Any) -> Session:
        begun = int(now)
        return cls(
            id=secrets.token_urlsafe(SESSION_ID_BYTES),
            identity=identity,
            created_at=begun,
            expires_at=begun + limits.absolute_seconds,
            touched_at=begun,
            hint=secrets.token_hex(4),
            **values,
        )

    @property
    def access_token(self) -> str:
        """The access token; raises `ValueError` while there is none."""
        if self.tokens is None:
            raise ValueError("the session has no tokens yet")
        return self.tokens.access

    def renewed(self, tokens: Tokens) -> Session:
        """Return the next generation, which has these tokens."""
        return replace(self, tokens=tokens, generation=self.generation + 1)

    def touched(self, now: float) -> Session:
        """Return the session with its use written down, when that is a day old."""
        if now - self.touched_at < TOUCH_SECONDS:
            return self
        return replace(self, touched_at=int(now))

    def with_login_start(self, now: float) -> Session:
        """Return the session with one more login attempt on record.

        Who begins a login is expected back from that, and from nowhere else.
        """
        starts = (*self.login_starts, int(now))[-LOGIN_STARTS_KEPT:]
        return replace(self, login_starts=starts, at_wix_since=0)

    def led_to_wix(self, now: float) -> Session:
        """Return the session with its way to a page on Wix on record."""
        return replace(self, at_wix_since=int(now))

    def is_expected_back(self, now: float) -> bool:
        """Tell whether the browser may be on its way back from a page on Wix."""
        return now - self.at_wix_since < AT_WIX_SECONDS

    def is_alive(self, now: float, limits: Limits) -> bool:
        """Tell whether neither limit has passed."""
        return now < self.expires_at and now < self.touched_at + limits.idle_seconds

    def is_newer_than(self, other: Session) -> bool:
        """Tell whether this is a later version of the same session."""
        return self.id == other.id and self.version > other.version

    @property
    def version(self) -> tuple[int, int, tuple[int, ...], int]:
        """What orders the versions of one session."""
        return (self.generation, self.touched_at, self.login_starts, self.at_wix_since)

    def remaining_seconds(self, now: float, limits: Limits) -> int:
        """Return how long the cookie may live from now on."""
        return max(0, int(min(self.expires_at, self.touched_at + limits.idle_seconds) - now))


def encode(session: Session) -> bytes:
    """Write the session down; the bytes hold tokens, so seal them."""
    tokens = session.tokens
    return json.dumps(
        {
            "i": session.id,
            "k": session.identity,
            "c": session.created_at,
            "x": session.expires_at,
            "u": session.touched_at,
            "h": session.hint,
            "g": session.generation,
            "e": session.epoch,
            **({"m": session.member_id} if session.member_id else {}),
            **({"l": list(session.login_starts)} if session.login_starts else {}),
            **({"w": session.at_wix_since} if session.at_wix_since else {}),
            **({"d": [session.ended.reason, session.ended.at]} if session.ended else {}),
            **(
                {"t": [tokens.access, tokens.refresh, tokens.expires_at, tokens.lifetime_seconds]}
                if tokens
                else {}
            ),
        },
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def decode(data: bytes) -> Session:
    """Read a session back; raises `ValueError` for anything that is not exactly one."""
    try:
        values = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("expected an object")
    identity = _text(values, "k")
    if identity not in ("visitor", "member"):
        raise ValueError("expected the identity visitor or member")
    return Session(
        id=_text(values, "i"),
        identity="member" if identity == "member" else "visitor",
        created_at=_number(values, "c"),
        expires_at=_number(values, "x"),
        touched_at=_number(values, "u"),
        hint=_text(values, "h"),
        generation=_number(values, "g"),
        epoch=_number(values, "e"),
        member_id=_text(values, "m") if "m" in values else None,
        login_starts=tuple(_row(values, "l", [int] * len(_list(values, "l"))))
        if "l" in values
        else (),
        at_wix_since=_number(values, "w") if "w" in values else 0,
        ended=Ended(*_row(values, "d", [str, int])) if "d" in values else None,
        tokens=Tokens(*_row(values, "t", [str, str, int, int])) if "t" in values else None,
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected text as {name!r}")
    return value


def _number(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    if type(value) is not int:
        raise ValueError(f"expected a whole number as {name!r}")
    return value


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    value = values.get(name)
    if not isinstance(value, list):
        raise ValueError(f"expected a list as {name!r}")
    return value


def _row(values: Mapping[str, Any], name: str, types: list[type]) -> list[Any]:
    row = _list(values, name)
    if [type(value) for value in row] != types:
        raise ValueError(f"expected {len(types)} values of fixed types as {name!r}")
    return row
