"""When a service can be booked: slots in opening hours, whatever zone is spoken."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.emulator.apis.slots import MOST_DAYS, moment, slot_at, slots, zone_named
from wixproxy.emulator.errors import ValidationError
from wixproxy.emulator.offers import Service

NEW_YORK = ZoneInfo("America/New_York")
TEA = Service(name="Tea", duration_minutes=90, opens=time(10), closes=time(16))
MONDAY = datetime(2026, 9, 21, tzinfo=NEW_YORK)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def test_slots_follow_one_another_while_the_service_is_open() -> None:
    found = [slot.starts for slot in slots(TEA, MONDAY, MONDAY + timedelta(days=1), NEW_YORK)]
    assert [start.strftime("%H:%M") for start in found] == ["10:00", "11:30", "13:00", "14:30"]


def test_nothing_is_free_on_a_weekend() -> None:
    saturday = MONDAY + timedelta(days=5)
    assert list(slots(TEA, saturday, saturday + timedelta(days=2), NEW_YORK)) == []


def test_a_slot_is_found_in_any_zone_and_only_where_it_begins() -> None:
    begins = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
    found = slot_at(TEA, begins, NEW_YORK)
    assert found is not None
    assert found.starts == begins
    assert slot_at(TEA, begins + timedelta(minutes=1), NEW_YORK) is None


@given(MOMENTS, st.integers(0, 400))
def test_every_slot_lies_in_the_window_and_in_the_opening_hours(first: datetime, days: int) -> None:
    last = first + timedelta(days=days)
    found = list(slots(TEA, first, last, NEW_YORK))
    for slot in found:
        local = slot.starts.astimezone(NEW_YORK)
        assert first <= slot.starts < last
        assert TEA.opens <= local.time()
        assert slot.ends.astimezone(NEW_YORK).time() <= TEA.closes
        assert slot_at(TEA, slot.starts, NEW_YORK) == slot
    assert len(found) <= (MOST_DAYS + 1) * 4


@pytest.mark.parametrize("name", ["Atlantis/Town", "../etc/passwd", "a" * 300, "\0"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        zone_named(name, "UTC")


@pytest.mark.parametrize("text", [None, "", "tomorrow", "2026-13-01", 5])
def test_what_is_no_moment_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        moment(text, "startDate", NEW_YORK)


def test_a_moment_without_a_zone_is_of_the_zone_spoken() -> None:
    assert moment("2026-09-21T10:00:00", "x", NEW_YORK) == datetime(2026, 9, 21, 14, tzinfo=UTC)
    assert moment("2026-09-21T10:00:00Z", "x", NEW_YORK) == datetime(2026, 9, 21, 10, tzinfo=UTC)
