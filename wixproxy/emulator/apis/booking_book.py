"""Hold the bookings, and how much room each slot has left.

Law: a slot is never overbooked; a cancelled booking gives its room back. One
that is paid at once is told of twice: as created, and as confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ..callers import Caller
from ..changes import BOOKING_CONFIRMED, BOOKING_CREATED, Change
from ..data import Data
from ..errors import ApplicationError, not_found
from ..offers import Service
from ..state import State
from .calls import timestamp
from .slots import Slot, slot_at, zone_named

Status = Literal["CREATED", "CONFIRMED", "CANCELED"]


@dataclass
class Booking:
    """One booked slot."""

    id: str
    service: Service
    slot: Slot
    owner_kind: str
    owner_id: str
    created_at: float
    status: Status
    participants: int = 1
    contact: Mapping[str, Any] = field(default_factory=dict)


class BookingBook:
    """The bookings of the site, by id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._bookings: dict[str, Booking] = {}
        self._tokens: dict[str, str] = {}
        state.login_listeners.append(self.hand_over)

    @classmethod
    def of(cls, state: State) -> BookingBook:
        """Return the site's one book."""
        return state.area("bookings", lambda: cls(state))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that the site's opening hours are in."""
        return zone_named(None, self._state.data.site.time_zone)

    def room(self, service: Service, slot: Slot) -> int:
        """Return how many may still book a slot: none once it has begun."""
        if slot.starts.timestamp() <= self._state.clock.now():
            return 0
        taken = (
            booking.participants
            for booking in self._bookings.values()
            if booking.slot.key == slot.key and booking.status != "CANCELED"
        )
        return max(0, service.capacity - sum(taken))

    def bookable(self, service: Service, starts: datetime, participants: int = 1) -> Slot:
        """Return the slot at a moment; raise ApplicationError 409 if it cannot be booked."""
        slot = slot_at(service, starts, self.zone)
        if slot is None or self.room(service, slot) < participants:
            text = "The slot is not available"
            raise ApplicationError(409, "SESSION_CAPACITY_EXCEEDED", text)
        return slot

    def booked(
        self,
        service: Service,
        starts: datetime,
        owner: tuple[str, str],
        *,
        status: Status,
        participants: int = 1,
        contact: Mapping[str, Any] | None = None,
    ) -> Booking:
        """Book a slot; raise ApplicationError 409 if it cannot be booked."""
        slot = self.bookable(service, starts, participants)
        now = self._state.clock.now()
        made_id = self._state.randomness.guid("booking")
        made = Booking(made_id, service, slot, *owner, now, status, participants, contact or {})
        self._bookings[made_id] = made
        shown = on_the_wire(made, self._state.data)
        self._state.report(Change(BOOKING_CREATED, made_id, shown, *owner))
        if status == "CONFIRMED":
            self._state.report(Change(BOOKING_CONFIRMED, made_id, {"booking": shown}, *owner))
        return made

    def visible(self, caller: Caller) -> list[Booking]:
        """Return the bookings that a caller may see, oldest first."""
        bookings = self._bookings.values()
        return [b for b in bookings if caller.is_elevated or b.owner_id == caller.subject_id]

    def named(self, caller: Caller, booking_id: str) -> Booking:
        """Return a booking to its owner or the app; raise ApplicationError 404."""
        for booking in self.visible(caller):
            if booking.id == booking_id:
                return booking
        raise not_found("Booking not found", "BOOKING_NOT_FOUND")

    def token(self, booking: Booking) -> str:
        """Return a token with which anyone may read and cancel one booking."""
        text = self._state.randomness.text("anonymous booking token", 48)
        self._state.record_issued("anonymous booking token", text)
        self._tokens[text] = booking.id
        return text

    def of_token(self, text: str) -> Booking:
        """Return the booking that a token is for; raise ApplicationError 404."""
        booking = self._bookings.get(self._tokens.get(text, ""))
        if booking is None:
            raise not_found("Booking not found", "BOOKING_NOT_FOUND")
        return booking

    def hand_over(self, visitor_id: str, member_id: str) -> None:
        """Make a visitor's bookings the member's."""
        for booking in self._bookings.values():
            if booking.owner_id == visitor_id:
                booking.owner_kind, booking.owner_id = "member", member_id


def on_the_wire(booking: Booking, data: Data) -> dict[str, Any]:
    """Return a booking of V2."""
    slot, service = booking.slot, booking.service
    starts, ends = utc(slot.starts), utc(slot.ends)
    owner = {f"{booking.owner_kind}Id": booking.owner_id}
    return {
        "id": booking.id,
        "bookedEntity": {
            "slot": {
                "serviceId": service.id,
                "scheduleId": service.id,
                "startDate": starts,
                "endDate": ends,
                "timezone": data.site.time_zone,
                "location": {"locationType": "OWNER_BUSINESS"},
            },
            "title": service.name,
            "tags": ["INDIVIDUAL" if service.capacity == 1 else "GROUP"],
        },
        "contactDetails": dict(booking.contact),
        "totalParticipants": booking.participants,
        "status": booking.status,
        "paymentStatus": "PAID" if booking.status == "CONFIRMED" else "NOT_PAID",
        "selectedPaymentOption": "ONLINE",
        "createdBy": owner,
        "startDate": starts,
        "endDate": ends,
        "createdDate": timestamp(booking.created_at),
        "updatedDate": timestamp(booking.created_at),
        "revision": "1",
    }


def utc(moment: datetime) -> str:
    """Return a moment as the API writes it."""
    return timestamp(moment.astimezone(UTC).timestamp())
