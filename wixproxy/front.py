"""What serves one public URL: its cookies, its session store and its token source."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import SealError
from .sansio.cookies import CookiePolicy
from .sansio.keyring import Keyring
from .sansio.limited_memory import LimitedMemory
from .sansio.login import LoginAttempt
from .sansio.public_url import PublicURL
from .sansio.session import Limits, Session
from .stores import SessionStore
from .wix.token_source import TokenSource

LOGIN_PURPOSE = "login attempt"
MAX_SUPERSEDED = 10_000

log = logging.getLogger("wixproxy.session")


@dataclass
class Front:
    """Everything whose meaning depends on the origin that the browser sees.

    `bound_to` are the values that a sealed text is tied to: a cookie of
    another project, port or deployment opens nowhere else.
    """

    public: PublicURL
    cookies: CookiePolicy
    store: SessionStore
    tokens: TokenSource
    keyring: Keyring
    bound_to: tuple[str, ...]
    limits: Limits
    clock: Callable[[], float]
    superseded: LimitedMemory[None] = field(default_factory=lambda: LimitedMemory(MAX_SUPERSEDED))

    def supersede(self, session: Session) -> None:
        """Note that another session took this one's place in its browser.

        Answers under way still belong to the old one; they must not write its
        cookie over the new one.
        """
        self.superseded.keep(session, None)

    def is_superseded(self, session: Session) -> bool:
        """Tell whether the session's cookie may no longer be written."""
        return session.id in self.superseded

    def seal_attempt(self, attempt: LoginAttempt, name: str) -> str:
        """Seal a login attempt for the cookie called `name`."""
        return self.keyring.seal(LOGIN_PURPOSE, attempt.encode(), (name, *self.bound_to))

    def open_attempt(self, name: str, text: str) -> LoginAttempt | None:
        """Open a login attempt; None when it is not one of ours."""
        try:
            data = self.keyring.open(LOGIN_PURPOSE, text, (name, *self.bound_to))
            return LoginAttempt.decode(data)
        except (SealError, ValueError) as error:
            log.info("a login attempt was dropped: %s", error)
            return None
