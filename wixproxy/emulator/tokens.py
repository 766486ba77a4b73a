"""Issue, look up, rotate and revoke tokens that look like Wix's.

Law:
1. A token means what this book says about it; its text is opaque even here.
2. All refresh tokens that descend from one grant form a family. With reuse
   detection, presenting a spent one revokes the family.
3. An access token outlives the refresh token it came with, as a signed token
   that nobody looks up would: revocation stops renewal, not the last hours.

Source: Wix "Handle Visitors using the REST API" (shape, header, sizes: about
900 and 206 characters); RFC 6749 §6 and RFC 9700 §4.14 for rotation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from .clock import Clock
from .errors import OAuthError
from .jws import hs256
from .project import Project
from .randomness import Randomness, derived
from .settings import Settings

SubjectKind = Literal["visitor", "member", "app", "user"]

# A real access token carries a list of permissions; this stands for its size.
_PERMISSIONS = " ".join(
    (
        "SITE-MEMBERS.READ-OWN",
        "ECOM.CART-READ-OWN",
        "ECOM.CART-WRITE-OWN",
        "ECOM.CHECKOUT-WRITE-OWN",
        "STORES.PRODUCT-READ",
        "DATA.READ-PUBLIC",
    )
)


@dataclass(frozen=True)
class Subject:
    """Whom a token speaks for: a visitor, a member, the app, or a user of the dashboard."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True)
class AccessToken:
    """What the book knows of one access token."""

    text: str
    subject: Subject
    client_id: str
    instance_id: str
    issued_at: int
    expires_at: int
    family: str | None = None

    def __repr__(self) -> str:
        return f"<AccessToken of {self.subject.kind} {self.subject.id}>"


@dataclass(frozen=True)
class RefreshToken:
    """What the book knows of one refresh token."""

    text: str
    subject: Subject
    family: str
    issued_at: int
    expires_at: int
    spent: bool = False

    def __repr__(self) -> str:
        return f"<RefreshToken of {self.subject.kind} {self.subject.id}>"


@dataclass(frozen=True)
class Pair:
    """What one grant yields."""

    access: AccessToken
    refresh: RefreshToken | None


class TokenBook:
    """Every access and refresh token in force, and every one that was."""

    def __init__(
        self,
        project: Project,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], Settings],
        record: Callable[[str, str], None],
    ) -> None:
        self._project, self._clock, self._randomness = project, clock, randomness
        self._settings, self._record = settings, record
        self._key = derived(project.seed, "token key", 0)
        self._key_id = derived(project.seed, "token key id", 0, 4).hex()[:8]
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._revoked_families: set[str] = set()

    def clear(self) -> None:
        """Forget every token."""
        self._access.clear()
        self._refresh.clear()
        self._revoked_families.clear()

    def issue(self, subject: Subject, *, renewable: bool = True, family: str | None = None) -> Pair:
        """Issue an access token and, if `renewable`, a refresh token of the same family."""
        if renewable and family is None:
            family = self._randomness.guid("token family")
        access = self._issue_access(subject, family)
        if not renewable or family is None:
            return Pair(access, None)
        return Pair(access, self._issue_refresh(subject, family))

    def access(self, text: str) -> AccessToken | None:
        """Return the access token with this text while it is in force."""
        token = self._access.get(text)
        if token is None or token.expires_at <= self._clock.now():
            return None
        return token

    def refresh_in_force(self, text: str) -> RefreshToken | None:
        """Return the refresh token with this text while it would be accepted."""
        token = self._refresh.get(text)
        if token is None or token.spent or token.family in self._revoked_families:
            return None
        return token if token.expires_at > self._clock.now() else None

    def renew(self, text: str) -> Pair:
        """Exchange a refresh token; raise OAuthError `invalid_grant` if it is not in force."""
        settings = self._settings()
        token = self.refresh_in_force(text)
        if token is None:
            known = self._refresh.get(text)
            if known is not None and known.spent and settings.detect_reuse:
                self.revoke_family(known.family)
            raise OAuthError("invalid_grant", "refresh token is not valid")
        if settings.rotate_refresh_tokens:
            self._refresh[text] = replace(token, spent=True)
        access = self._issue_access(token.subject, token.family)
        if settings.rotate_refresh_tokens or settings.return_refresh_token:
            return Pair(access, self._issue_refresh(token.subject, token.family))
        return Pair(access, None)

    def attribute(self, token: AccessToken, *, client_id: str, instance_id: str) -> None:
        """Let a token be one that another app was given, or for another installation."""
        changed = replace(token, client_id=client_id, instance_id=instance_id)
        self._access[token.text] = changed

    def revoke_family(self, family: str) -> None:
        """Make every refresh token of this family worthless."""
        self._revoked_families.add(family)

    def revoke_subject(self, subject_id: str, *, access_too: bool = False) -> int:
        """End all renewal for a visitor or member; return how many refresh tokens that ended."""
        ended = [
            token
            for token in self._refresh.values()
            if token.subject.id == subject_id and self.refresh_in_force(token.text)
        ]
        for token in ended:
            self.revoke_family(token.family)
        if access_too:
            for text in [t for t, a in self._access.items() if a.subject.id == subject_id]:
                del self._access[text]
        return len(ended)

    def revoke_everyone(self) -> None:
        """End all renewal; access tokens go on until they expire."""
        self._revoked_families.update(token.family for token in self._refresh.values())

    def forget_access(self) -> None:
        """End every access token at once; renewal goes on."""
        self._access.clear()

    def _issue_access(self, subject: Subject, family: str | None) -> AccessToken:
        issued_at = int(self._clock.now())
        expires_at = issued_at + self._settings().access_token_seconds
        instance = {
            "instanceId": self._project.instance_id,
            "appDefId": self._project.client_id,
            "signDate": f"{issued_at}000",
            "uid": None if subject.kind == "app" else subject.id,
            "siteMemberId": subject.id if subject.kind == "member" else None,
            "permissions": _PERMISSIONS,
            "metaSiteId": self._project.site_id,
            "siteOwnerId": self._project.account_id,
            "tokenId": self._randomness.guid("access token"),
            "padding": "x" * self._settings().token_padding_characters or None,
        }
        text = "OauthNG.JWS." + self._signed(
            {"instance": {k: v for k, v in instance.items() if v is not None}},
            issued_at,
            expires_at,
        )
        self._record("access token", text)
        client_id, instance_id = self._project.client_id, self._project.instance_id
        token = AccessToken(text, subject, client_id, instance_id, issued_at, expires_at, family)
        self._access[text] = token
        return token

    def _issue_refresh(self, subject: Subject, family: str) -> RefreshToken:
        issued_at = int(self._clock.now())
        expires_at = issued_at + self._settings().refresh_token_seconds
        text = "JWS." + self._signed(self._randomness.guid("refresh token"), issued_at, expires_at)
        self._record("refresh token", text)
        token = RefreshToken(text, subject, family, issued_at, expires_at)
        self._refresh[text] = token
        return token

    def _signed(self, data: object, issued_at: int, expires_at: int) -> str:
        """Return the compact JWS whose `data` claim is JSON text, as Wix writes it."""
        claims = {
            "data": json.dumps(data, separators=(",", ":")),
            "iat": issued_at,
            "exp": expires_at,
        }
        return hs256({"kid": self._key_id}, claims, self._key)
