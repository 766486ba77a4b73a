"""How often passwords, codes and mails may be tried: R69, R78."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wixproxy.sansio.buckets import MAX_NAMES
from wixproxy.sansio.throttle import Place, Throttle, subscriber

HERE, THERE = Place("203.0.113.7"), Place("198.51.100.9")
NOW = 1_800_000_000.0


def taken(throttle: Throttle, place: Place, account: str | None, times: int = 1_000) -> int:
    """Return how many of so many tries are let through."""
    return sum(throttle.take(place, account, NOW) == 0 for _ in range(times))


def test_one_place_tries_ten_accounts_or_one() -> None:
    passwords = Throttle.at_passwords(10)
    assert taken(passwords, HERE, "ada") == 10
    assert taken(passwords, HERE, "grace") == 0
    assert taken(passwords, THERE, "grace") == 10


def test_an_account_bears_more_than_one_place_can_try_and_less_than_many() -> None:
    passwords = Throttle.at_passwords(10)
    assert taken(passwords, HERE, "ada") == 10
    assert taken(passwords, THERE, "ada", 1) == 1
    places = [Place(f"192.0.2.{number}") for number in range(100)]
    assert sum(taken(passwords, place, "ada", 10) for place in places) == 19


def test_what_one_limit_refuses_costs_nothing_at_the_others() -> None:
    """A flood from one address, already refused, must not use up the account."""
    passwords = Throttle.at_passwords(10)
    taken(passwords, HERE, "ada", 1_000)
    assert taken(passwords, THERE, "ada", 10) == 10


def test_a_session_is_a_place_where_addresses_are_unknown() -> None:
    passwords = Throttle.at_passwords(10)
    assert taken(passwords, Place(session_id="one"), "ada") == 10
    assert taken(passwords, Place(session_id="two"), "grace") == 10


def test_sessions_are_free_so_together_they_have_a_limit_too() -> None:
    passwords = Throttle.at_passwords(10)
    sessions = [Place(session_id=str(number)) for number in range(10_000)]
    through = sum(taken(passwords, each, f"a-{each.session_id}", 1) for each in sessions)
    assert through == 600
    assert taken(passwords, Place(), None) == 0


def test_known_addresses_have_no_limit_in_common() -> None:
    """One attacker with a thousand addresses locks out nobody else."""
    passwords = Throttle.at_passwords(10)
    for number in range(1_000):
        taken(passwords, Place(f"10.0.{number // 250}.{number % 250}"), f"a-{number}", 10)
    taken(passwords, Place(session_id="one"), "grace", 1_000)
    assert taken(passwords, HERE, "ada") == 10


def test_a_right_answer_is_given_back() -> None:
    """An office behind one address logs in at nine o'clock."""
    passwords = Throttle.at_passwords(10)
    for number in range(100):
        assert passwords.take(HERE, f"person-{number}", NOW) == 0
        passwords.give_back(HERE, f"person-{number}", NOW)
    assert taken(passwords, HERE, "ada") == 10


def test_giving_back_never_makes_more_than_there_was() -> None:
    passwords = Throttle.at_passwords(10)
    for _ in range(5):
        passwords.give_back(HERE, "ada", NOW)
    assert taken(passwords, HERE, "ada") == 10


@pytest.mark.parametrize(
    ("kind", "at_once", "wait"),
    [
        pytest.param(Throttle.at_passwords, 30, 2, id="passwords"),
        pytest.param(Throttle.at_codes, 10, 60, id="codes"),
        pytest.param(Throttle.at_mails, 3, 300, id="mails"),
    ],
)
def test_an_account_is_tried_so_often_and_then_the_wait_is_told(
    kind: Callable[[float], Throttle], at_once: int, wait: float
) -> None:
    throttle = kind(10)
    places = [Place(f"192.0.2.{number}") for number in range(100)]
    assert sum(taken(throttle, place, "ada", 10) for place in places) == at_once
    assert throttle.take(THERE, "ada", NOW) == pytest.approx(wait)
    assert throttle.take(THERE, "ada", NOW + wait) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", False, id="two IPv4 addresses"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True, id="one subscriber of IPv6"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:3::1", False, id="two subscribers of IPv6"),
        pytest.param("::1", "::1", True, id="this machine"),
    ],
)
def test_an_ipv6_client_has_all_of_its_network(one: str, other: str, same: bool) -> None:
    assert (subscriber(one) == subscriber(other)) is same


def test_memory_is_bounded_whoever_comes() -> None:
    throttle = Throttle.at_passwords(10)
    for number in range(MAX_NAMES + 1_000):
        throttle.take(Place(f"2001:db8:{number:x}::1"), f"account-{number}", NOW)
    assert len(throttle) == 2 * MAX_NAMES


def test_an_account_cannot_be_freed_by_naming_others() -> None:
    """Names come in no faster than a minute fills a bucket, where addresses are unknown."""
    passwords = Throttle.at_passwords(10)
    taken(passwords, Place(session_id="one"), "ada", 10)
    for number in range(MAX_NAMES + 1_000):
        passwords.take(Place(session_id=f"s-{number}"), f"a-{number}", NOW)
    assert passwords.take(Place(session_id="one"), "ada", NOW) > 0


def test_whose_tries_are_counted_is_not_shown() -> None:
    """On Redis and in memory the id of a session is what its cookie holds."""
    place = Place(session_id="the-cookies-secret")
    drawn = Throttle.at_passwords(10).drawn(place, "ada@example.test")
    assert "the-cookies-secret" not in repr(place)
    assert "ada@example.test" in {one.name for one in drawn}
    assert "ada@example.test" not in repr(drawn)
