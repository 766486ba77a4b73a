"""Hold everything that the emulator remembers, in one value that can be reset.

Law: what is not in here does not survive a request. `reset` returns to the
first moment of the same seed; only the record of secrets ever issued stays,
because a leak test asks about all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

import aiohttp
from aiohttp import web

from .changes import Change
from .clock import Clock
from .exchanges import ExchangeLog
from .faults import FaultPlan
from .logins import LoginBook
from .project import Project
from .randomness import Randomness
from .settings import Settings
from .tokens import TokenBook

if TYPE_CHECKING:
    from .data import Data

T = TypeVar("T")
LoginListener = Callable[[str, str], None]


@runtime_checkable
class Ending(Protocol):
    """An area that has something going on, which a reset must stop."""

    def end(self) -> None:
        """Stop."""


@dataclass
class SiteMember:
    """A member of the site as it stands now: seeded from the data, changed by calls."""

    id: str
    email: str
    password: str = field(repr=False)
    first_name: str = ""
    last_name: str = ""
    nickname: str = ""
    status: str = "APPROVED"
    """APPROVED, PENDING or BLOCKED, in the words of Wix's members API."""
    email_verified: bool = True
    must_reset_password: bool = False
    pending_reasons: list[str] = field(default_factory=list)
    created_at: float = 0.0
    updated_at: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)
    """Further profile fields by their names on the wire."""


class State:
    """The emulator's memory. Areas keep theirs under `area`."""

    def __init__(self, project: Project, data: Data, settings: Settings, clock: Clock) -> None:
        self.project = project
        self.clock = clock
        self.randomness = Randomness(project.seed)
        self.data = data
        self.settings = settings
        self.origin: str | None = None
        """Where browsers reach the emulator, once it listens."""
        self.issued: dict[str, str] = {}
        """Every secret ever given out or received, and what kind it is."""
        self.login_listeners: list[LoginListener] = []
        self.members: dict[str, SiteMember] = {}
        self.mailbox: list[dict[str, Any]] = []
        self.outgoing: aiohttp.ClientSession | None = None
        """What the emulator's own requests are sent with, while it runs."""
        self.reporter: Callable[[Change], None] | None = None
        """Who tells the app of changes."""
        self._initial_data, self._initial_settings = data, settings
        self._areas: dict[str, Any] = {}
        self.tokens = TokenBook(
            project, clock, self.randomness, lambda: self.settings, self.record_issued
        )
        self.logins = LoginBook(clock, self.randomness, lambda: self.settings, self.record_issued)
        self.exchanges = ExchangeLog()
        self.faults = FaultPlan()
        self.record_issued("client secret", project.client_secret)
        self.record_issued("api key", project.api_key)
        self._seed_members()

    def area(self, name: str, factory: Callable[[], T]) -> T:
        """Return the object of one area, made by `factory` on first use; reset drops it."""
        if name not in self._areas:
            self._areas[name] = factory()
        return cast("T", self._areas[name])

    def drop_area(self, name: str) -> None:
        """Forget one area, and stop whatever goes on in it."""
        area = self._areas.pop(name, None)
        if isinstance(area, Ending):
            area.end()

    def record_issued(self, kind: str, text: str) -> None:
        """Remember a secret, so that a leak test can look for it."""
        self.issued.setdefault(text, kind)

    def on_login(self, visitor_id: str, member_id: str) -> None:
        """Tell every listener that a visitor has become a member."""
        for listener in list(self.login_listeners):
            listener(visitor_id, member_id)

    def report(self, change: Change) -> None:
        """Tell of a change, where the site tells of changes."""
        if self.reporter is not None and self.settings.webhooks:
            self.reporter(change)

    def member_by_email(self, email: str) -> SiteMember | None:
        """Return the member with this e-mail address, whatever its letter case."""
        wanted = email.strip().casefold()
        return next((m for m in self.members.values() if m.email.casefold() == wanted), None)

    def replace_data(self, data: Data) -> None:
        """Start from other data: members anew, areas empty, tokens of visitors kept."""
        self.data = data
        self._drop_areas()
        self._seed_members()

    def allow(self, name: str, entry: str) -> None:
        """Add to a list of the settings, now and for every reset to come."""
        self._initial_settings = _with_entry(self._initial_settings, name, entry)
        self.settings = _with_entry(self.settings, name, entry)

    def reset(self) -> None:
        """Return to the first moment: data, settings, clock, randomness, nobody logged in."""
        self.clock.reset()
        self.randomness.reset()
        for book in (self.tokens, self.logins, self.exchanges, self.faults):
            book.clear()
        self.mailbox.clear()
        self.settings, self.data = self._initial_settings, self._initial_data
        self._drop_areas()
        self._seed_members()

    def end_areas(self) -> None:
        """Stop whatever goes on in any area."""
        for area in self._areas.values():
            if isinstance(area, Ending):
                area.end()

    def _drop_areas(self) -> None:
        self.end_areas()
        self._areas.clear()
        self.login_listeners.clear()

    def _seed_members(self) -> None:
        now = self.clock.now()
        self.members.clear()
        for member in self.data.members:
            self.members[member.id] = SiteMember(
                id=member.id,
                email=member.email,
                password=member.password,
                first_name=member.first_name,
                last_name=member.last_name,
                nickname=member.nickname,
                status=member.status,
                created_at=now,
                updated_at=now,
            )


def _with_entry(settings: Settings, name: str, entry: str) -> Settings:
    listed: tuple[str, ...] = getattr(settings, name)
    return settings if entry in listed else settings.changed({name: (*listed, entry)})


STATE = web.AppKey("state", State)
