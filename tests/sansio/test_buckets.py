"""How often something may happen."""

from __future__ import annotations

from wixproxy.sansio.buckets import Buckets


def test_a_full_bucket_gives_a_minutes_worth_and_then_asks_to_wait() -> None:
    buckets = Buckets(per_minute=3)
    assert [buckets.take("a", 0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 0) == 20


def test_a_bucket_fills_steadily() -> None:
    buckets = Buckets(per_minute=1)
    assert buckets.take("a", 0) == 0
    assert buckets.take("a", 30) == 30
    assert buckets.take("a", 60) == 0


def test_names_do_not_share_a_bucket() -> None:
    buckets = Buckets(per_minute=1)
    assert buckets.take("a", 0) == 0
    assert buckets.take("b", 0) == 0


def test_a_bucket_may_hold_more_than_a_minute_brings() -> None:
    buckets = Buckets(per_minute=1, burst=3)
    assert [buckets.take("a", 0) for _ in range(4)] == [0, 0, 0, 60]
    assert [buckets.take("a", 600) for _ in range(4)] == [0, 0, 0, 60]


def test_looking_at_a_bucket_takes_nothing_and_remembers_nothing() -> None:
    buckets = Buckets(per_minute=1)
    assert [buckets.wait("a", 0), buckets.wait("a", 0), len(buckets)] == [0, 0, 0]
    buckets.take("a", 0)
    assert buckets.wait("a", 15) == 45


def test_what_was_taken_can_be_given_back_and_no_more() -> None:
    buckets = Buckets(per_minute=2)
    buckets.take("a", 0)
    buckets.give_back("a", 0)
    buckets.give_back("a", 0)
    assert [buckets.take("a", 0) for _ in range(3)] == [0, 0, 30]


def test_the_number_of_names_is_bounded() -> None:
    buckets = Buckets(per_minute=1, max_names=10)
    for number in range(1_000):
        buckets.take(str(number), 0)
    assert len(buckets) == 10


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    buckets = Buckets(per_minute=1)
    buckets.take("a", 100)
    assert buckets.take("a", 50) > 0
