"""How sessions begin, live, end and are written down."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.session import Ended, Limits, Session, decode, encode
from wixproxy.sansio.tokens import Tokens

NOW = 1_800_000_000
LIMITS = Limits(idle_seconds=1_000, absolute_seconds=10_000)
TOKENS = Tokens("access-secret", "refresh-secret", NOW + 14_400, 14_400)

tokens = st.none() | st.builds(
    Tokens, st.text(), st.text(), st.integers(), st.integers(min_value=1)
)
words = st.text(min_size=1, max_size=40)
sessions = st.builds(
    Session,
    id=words,
    identity=st.sampled_from(["visitor", "member"]),
    created_at=st.integers(),
    expires_at=st.integers(),
    touched_at=st.integers(),
    hint=words,
    tokens=tokens,
    member_id=st.none() | words,
    generation=st.integers(min_value=0),
    epoch=st.integers(min_value=0),
    ended=st.none() | st.builds(Ended, words, st.integers()),
    login_starts=st.lists(st.integers(), min_size=1, max_size=3).map(tuple) | st.just(()),
    at_wix_since=st.integers(),
)


@given(session=sessions)
def test_a_session_reads_back_as_it_was_written(session: Session) -> None:
    assert decode(encode(session)) == session


@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_are_no_session_and_no_crash(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


@given(session=sessions, name=st.sampled_from("ikcxuhgetw"), value=st.none() | st.booleans())
def test_a_value_of_the_wrong_type_makes_it_no_session(
    session: Session, name: str, value: object
) -> None:
    values = json.loads(encode(session))
    values[name] = value
    with pytest.raises(ValueError):
        decode(json.dumps(values).encode())


def test_deeply_nested_json_is_no_session() -> None:
    with pytest.raises(ValueError):
        decode(b"[" * 100_000)


def test_neither_the_id_nor_the_tokens_show() -> None:
    """R21."""
    session = Session.visitor(NOW, LIMITS).renewed(TOKENS)
    for secret in (session.id, "access-secret", "refresh-secret"):
        assert secret not in repr(session)


def test_ids_are_long_and_never_the_same() -> None:
    """R15: 256 bits; the test looks at 10^4."""
    ids = {Session.visitor(NOW, LIMITS).id for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(len(session_id) == 43 for session_id in ids)


@pytest.mark.parametrize(
    ("later", "alive"),
    [
        pytest.param(999, True, id="before the idle limit"),
        pytest.param(1_000, False, id="at the idle limit"),
    ],
)
def test_an_unused_session_ends(later: int, alive: bool) -> None:
    """R17."""
    assert Session.visitor(NOW, LIMITS).is_alive(NOW + later, LIMITS) is alive


def test_even_a_session_in_use_ends_at_its_absolute_limit() -> None:
    """R17."""
    session = replace(Session.visitor(NOW, LIMITS), touched_at=NOW + 9_999)
    assert session.is_alive(NOW + 9_999, LIMITS)
    assert not session.is_alive(NOW + 10_000, LIMITS)
    assert session.remaining_seconds(NOW + 9_999, LIMITS) == 1


def test_a_use_is_written_down_once_a_day() -> None:
    session = Session.visitor(NOW, LIMITS)
    assert session.touched(NOW + 86_399) is session
    assert session.touched(NOW + 86_400).touched_at == NOW + 86_400


def test_tokens_of_a_later_generation_win_over_a_later_use() -> None:
    session = Session.visitor(NOW, LIMITS)
    used, renewed = replace(session, touched_at=NOW + 90_000), session.renewed(TOKENS)
    assert renewed.is_newer_than(used)
    assert not used.is_newer_than(renewed)
    assert not renewed.is_newer_than(Session.visitor(NOW, LIMITS))


def test_a_browser_is_expected_back_from_wix_for_four_hours() -> None:
    session = Session.visitor(NOW, LIMITS)
    led = session.led_to_wix(NOW)
    assert not session.is_expected_back(NOW)
    assert led.is_newer_than(session)
    assert led.is_expected_back(NOW + 14_399)
    assert not led.is_expected_back(NOW + 14_400)


def test_a_login_takes_up_the_way_to_wix_in_a_newer_version() -> None:
    led = Session.visitor(NOW, LIMITS).led_to_wix(NOW)
    begun = led.with_login_start(NOW)
    assert begun.is_newer_than(led)
    assert not begun.is_expected_back(NOW)


@pytest.mark.parametrize(
    ("lifetime", "left", "due"),
    [
        pytest.param(14_400, 301, False, id="long life, over five minutes left"),
        pytest.param(14_400, 299, True, id="long life, under five minutes left"),
        pytest.param(60, 16, False, id="short life, over a quarter left"),
        pytest.param(60, 14, True, id="short life, under a quarter left"),
        pytest.param(60, -1, True, id="over"),
    ],
)
def test_tokens_are_due_before_they_end(lifetime: int, left: int, due: bool) -> None:
    assert Tokens("a", "r", NOW + left, lifetime).is_due(NOW) is due
