"""What is remembered of sessions whose browsers hold an older version."""

from __future__ import annotations

from wixproxy.sansio.ends import End
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.successors import Successors
from wixproxy.sansio.tokens import Tokens

NOW = 1_800_000_000
TOKENS = Tokens("a", "r", NOW + 14_400, 14_400)
END = End("visitor")


def visitor() -> Session:
    return Session.visitor(NOW, Limits())


def test_the_successor_is_found_by_whoever_holds_the_older_version() -> None:
    successors, old = Successors(1_000), visitor()
    new = old.renewed(TOKENS)
    successors.remember(new, "text", NOW)
    assert successors.newest(old) is new
    assert successors.text(new) == "text"
    assert successors.text(old) is None


def test_an_older_version_never_takes_the_place_of_a_newer_one() -> None:
    successors, old = Successors(1_000), visitor()
    new = old.renewed(TOKENS)
    successors.remember(new, "new", NOW)
    successors.remember(old, "old", NOW)
    assert successors.newest(old) is new


def test_a_successor_is_kept_for_a_minute_after_the_browser_showed_it() -> None:
    successors, old = Successors(100_000), visitor()
    new = old.renewed(TOKENS)
    successors.remember(new, "text", NOW)
    successors.present(new, NOW + 5)
    successors.remember(visitor(), "other", NOW + 64)
    assert successors.newest(old) is new
    successors.remember(visitor(), "other", NOW + 65)
    assert successors.newest(old) is old


def test_showing_the_older_version_does_not_count() -> None:
    successors, old = Successors(100_000), visitor()
    new = old.renewed(TOKENS)
    successors.remember(new, "text", NOW)
    successors.present(old, NOW)
    successors.remember(visitor(), "other", NOW + 3_600)
    assert successors.newest(old) is new


def test_a_successor_that_nobody_shows_is_forgotten_at_the_idle_limit() -> None:
    successors, old = Successors(1_000), visitor()
    successors.remember(old.renewed(TOKENS), "text", NOW)
    successors.remember(visitor(), "other", NOW + 1_000)
    assert successors.newest(old) is old


def test_the_number_remembered_is_bounded() -> None:
    successors = Successors(100_000, limit=100)
    for _ in range(1_000):
        session = visitor()
        successors.remember(session, "text", NOW)
        successors.end(session, END)
        successors.remember(visitor(), "text", NOW)
    assert len(successors) == 100


def test_an_ended_session_is_remembered_as_ended() -> None:
    successors, old = Successors(1_000), visitor()
    successors.remember(old.renewed(TOKENS), "text", NOW)
    successors.end(old, END)
    assert successors.end_of(old.id) is END
    assert successors.newest(old) is old


def test_a_flood_of_new_visitors_pushes_no_renewal_out() -> None:
    successors, old = Successors(100_000, limit=100), visitor()
    new = old.renewed(TOKENS)
    successors.remember(new, "text", NOW)
    for _ in range(1_000):
        successors.remember(visitor(), "other", NOW)
    assert successors.newest(old) is new
    assert len(successors) == 100


def test_a_flood_of_visitors_who_leave_makes_no_ended_login_good_again() -> None:
    successors, ended = Successors(100_000, limit=100), visitor().renewed(TOKENS)
    successors.end(ended, END)
    for _ in range(1_000):
        successors.end(visitor(), END)
    assert successors.end_of(ended.id) is END
