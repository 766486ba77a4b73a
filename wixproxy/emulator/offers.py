"""Say what the site offers beside products: services, events and plans.

A service is free for booking in its opening hours, one slot after another; an
event sells tickets; a plan is bought by members. Ids and slugs follow from
names, like everything in the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from .data_parts import Money, Part, guid, missing, slug

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


class Service(Part):
    """Something to be booked for a time, in the site's time zone."""

    name: str = Field(min_length=1)
    price: Money = Decimal(0)
    description: str = ""
    duration_minutes: int = Field(60, ge=5, le=24 * 60)
    capacity: int = Field(1, ge=1, le=1_000)
    """How many may book the same slot."""
    opens: time = time(9)
    closes: time = time(17)
    weekdays: tuple[Weekday, ...] = ("MON", "TUE", "WED", "THU", "FRI")
    id: str = ""
    slug: str = ""

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, raw: object) -> object:
        return named(raw, "service", "name")

    @model_validator(mode="after")
    def _ordered(self) -> Service:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self

    @property
    def duration(self) -> timedelta:
        """How long one slot is."""
        return timedelta(minutes=self.duration_minutes)


class Ticket(Part):
    """One kind of ticket to an event."""

    name: str = Field(min_length=1)
    price: Money = Decimal(0)
    limit: int | None = Field(None, ge=0)
    """How many there are; None means that nobody counts."""
    id: str = ""


class SiteEvent(Part):
    """Something that takes place once."""

    title: str = Field(min_length=1)
    starts: AwareDatetime
    duration_minutes: int = Field(120, ge=1)
    description: str = ""
    place: str = ""
    tickets: tuple[Ticket, ...] = ()
    id: str = ""
    slug: str = ""

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, raw: object) -> object:
        return named(raw, "event", "title")

    @model_validator(mode="after")
    def _identify(self) -> SiteEvent:
        names = [ticket.name for ticket in self.tickets]
        if len(set(names)) < len(names):
            raise ValueError("two tickets have the same name")
        identified = tuple(
            ticket.model_copy(
                update={"id": ticket.id or guid("ticket", f"{self.slug}/{ticket.name}")}
            )
            for ticket in self.tickets
        )
        # The value is frozen for everyone else.
        object.__setattr__(self, "tickets", identified)
        return self

    @property
    def ends(self) -> datetime:
        """When it is over."""
        return self.starts + timedelta(minutes=self.duration_minutes)


class Plan(Part):
    """A pricing plan."""

    name: str = Field(min_length=1)
    price: Money = Decimal(0)
    period: Literal["DAY", "WEEK", "MONTH", "YEAR", "UNLIMITED"] = "MONTH"
    """How often the price is paid; UNLIMITED means once and for all."""
    description: str = ""
    perks: tuple[str, ...] = ()
    id: str = ""
    slug: str = ""

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, raw: object) -> object:
        return named(raw, "plan", "name")


def named(raw: object, kind: str, by: str) -> object:
    """Return `raw` with the slug and id that follow from its name."""
    if not (isinstance(raw, Mapping) and isinstance(raw.get(by), str)):
        return raw
    own = slug(str(raw.get("slug") or raw[by]))
    return {**raw, **missing(raw, slug=own, id=guid(kind, own))}
