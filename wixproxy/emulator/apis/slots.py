"""Decide when a service can be booked.

Law: pure; the moment is an argument. Slots follow one another from opening to
closing on the service's weekdays, in the site's time zone, and a slot that has
begun can no longer be booked. Moments are compared as moments, whatever zone
they were written in.

Source: Wix: local dates without a zone in the newer API, moments with one in
the older; IANA names for zones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..errors import invalid
from ..offers import WEEKDAYS, Service

MOST_DAYS = 62


@dataclass(frozen=True)
class Slot:
    """One time at which a service can be booked."""

    service_id: str
    starts: datetime
    ends: datetime

    @property
    def key(self) -> tuple[str, datetime]:
        """What two writings of the same slot share."""
        return self.service_id, self.starts


def slots(service: Service, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[Slot]:
    """Return the slots that begin from `first` until before `last`, both with a time zone."""
    day = first.astimezone(zone).date()
    final = min(last, first + timedelta(days=MOST_DAYS)).astimezone(zone).date()
    while day <= final:
        if WEEKDAYS[day.weekday()] in service.weekdays:
            begins = datetime.combine(day, service.opens, zone)
            closing = datetime.combine(day, service.closes, zone)
            while begins + service.duration <= closing:
                if first <= begins < last:
                    yield Slot(service.id, begins, begins + service.duration)
                begins += service.duration
        day += timedelta(days=1)


def slot_at(service: Service, starts: datetime, zone: ZoneInfo) -> Slot | None:
    """Return the slot that begins at exactly this moment, if the service has one."""
    return next(slots(service, starts, starts + timedelta(seconds=1), zone), None)


def zone_named(name: object, default: str, field: str = "timeZone") -> ZoneInfo:
    """Return a time zone by its IANA name; raise ValidationError."""
    try:
        return ZoneInfo(str(name or default))
    except (KeyError, ValueError, OSError):
        raise invalid(field, "is not the name of a time zone", "FORMAT") from None


def moment(value: object, field: str, zone: ZoneInfo) -> datetime:
    """Read an ISO 8601 moment, one without a zone as of `zone`; raise ValidationError."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid(field, "must be an ISO 8601 moment", "FORMAT") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=zone)
