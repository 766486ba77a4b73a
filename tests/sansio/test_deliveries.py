"""When an event goes out again, what waits together, and what is late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.deliveries import Pace, is_late, lane
from wixproxy.sansio.webhook import Event

PACE = Pace(first_seconds=1, factor=3, most_seconds=100, give_up_seconds=1_000)


def event(entity_id: str = "a", sequence: int | None = 1, **changes: str) -> Event:
    words = {"id": "e", "type": "t", "fqdn": "f", "instance_id": "i", **changes}
    return Event(kind="updated", entity_id=entity_id, sequence=sequence, **words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attempts", "wait"), [(1, 1), (2, 3), (3, 9), (4, 27), (5, 81), (6, 100), (500, 100)]
)
def test_waits_grow_up_to_a_bound(attempts: int, wait: float) -> None:
    assert PACE.next_at(attempts, 50, 50, jitter=0) == 50 + wait


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_chance_takes_at_most_half_of_a_wait(attempts: int, jitter: float) -> None:
    whole = PACE.next_at(attempts, 0, 0, 0)
    shortened = PACE.next_at(attempts, 0, 0, jitter)
    assert whole is not None
    assert shortened is not None
    assert whole / 2 <= shortened <= whole


def test_an_event_is_given_up_when_the_next_attempt_would_come_too_late() -> None:
    assert PACE.next_at(6, 0, 899, 0) == 999
    assert PACE.next_at(6, 0, 900, 0) is None


def test_by_default_an_event_is_tried_for_two_days() -> None:
    now, attempts = 0.0, 1
    while (due := Pace().next_at(attempts, 0, now, 0)) is not None:
        now, attempts = due, attempts + 1
    assert 47 * 3600 < now < 48 * 3600


@pytest.mark.parametrize(
    ("other", "together"),
    [
        pytest.param(event(id="other", sequence=2), True, id="another event of the entity"),
        pytest.param(event(id="other", type="deleted"), True, id="another type of its events"),
        pytest.param(event("b"), False, id="another entity"),
        pytest.param(event(fqdn="g"), False, id="another kind of entity of the same id"),
        pytest.param(event(instance_id="j"), False, id="another site"),
    ],
)
def test_events_of_one_entity_wait_together(other: Event, together: bool) -> None:
    assert (lane("hook", event()) == lane("hook", other)) is together


def test_two_webhooks_do_not_wait_for_each_other() -> None:
    assert lane("one", event()) != lane("other", event())


@pytest.mark.parametrize("changes", [{"sequence": None}, {"entity_id": ""}])
def test_an_event_without_order_waits_for_nobody(changes: dict[str, str]) -> None:
    one, other = (lane("hook", event(**changes, id=name)) for name in ("one", "other"))
    assert one != other


@given(st.text(), st.text(), st.text(), st.text())
def test_no_names_run_into_each_other(a: str, b: str, c: str, d: str) -> None:
    same = lane("h", event(a, fqdn=b)) == lane("h", event(c, fqdn=d))
    assert same is ((a, b) == (c, d)) or not a or not c


@pytest.mark.parametrize(
    ("sequence", "highest_sent", "late"),
    [(1, 2, True), (2, 2, False), (3, 2, False), (1, None, False), (None, 2, False)],
)
def test_an_event_is_late_when_a_later_one_went_out(
    sequence: int | None, highest_sent: int | None, late: bool
) -> None:
    assert is_late(sequence, highest_sent) is late
