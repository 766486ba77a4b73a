"""Records of sessions: only the id in the cookie leads to one and opens it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import SealError
from wixproxy.sansio.ends import End
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.session_record import Record, is_session_id, version_text
from wixproxy.sansio.tokens import Tokens

NOW = 1_800_000_000
BOUND = ("wixproxy-4321", "client", "http://localhost:4321")
SESSION = Session.visitor(NOW, Limits()).renewed(Tokens("an-access", "a-refresh", NOW + 60, 60))


def record(session: Session = SESSION, bound_to: tuple[str, ...] = BOUND) -> Record:
    return Record(session.id, bound_to)


def test_what_is_written_is_read() -> None:
    assert record().read(record().written(SESSION)) == SESSION


@pytest.mark.parametrize(
    "end",
    [End("visitor"), End("member"), End("member", SESSION)],
    ids=["visitor", "member", "led on"],
)
def test_an_end_is_read_as_an_end(end: End) -> None:
    assert record().read(record().ended(end)) == end


def test_neither_name_nor_text_shows_the_id_or_a_token() -> None:
    successor = Session.visitor(NOW, Limits())
    ended = record().ended(End("visitor", successor))
    text = record().name + record().written(SESSION) + ended
    for secret in (SESSION.id, successor.id, "an-access", "a-refresh"):
        assert secret not in text


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("wixproxy-4322", *BOUND[1:]), id="another port"),
        pytest.param((BOUND[0], "another client", BOUND[2]), id="another project"),
        pytest.param((*BOUND[:2], "https://shop.example"), id="another origin"),
        pytest.param(("wixproxy-4321client", "", BOUND[2]), id="fields that slid"),
    ],
)
def test_a_record_belongs_to_one_deployment(other: tuple[str, ...]) -> None:
    elsewhere = record(bound_to=other)
    assert elsewhere.name != record().name
    with pytest.raises(SealError):
        elsewhere.read(record().written(SESSION))


def test_a_record_put_under_another_name_does_not_open() -> None:
    stranger = Session.visitor(NOW, Limits())
    with pytest.raises(SealError):
        record(stranger).read(record().written(SESSION))


@given(place=st.integers(min_value=0), bit=st.integers(0, 6))
def test_a_record_with_a_flipped_bit_does_not_open(place: int, bit: int) -> None:
    text = record().written(SESSION)
    place %= len(text)
    altered = text[:place] + chr(ord(text[place]) ^ (1 << bit)) + text[place + 1 :]
    with pytest.raises(SealError):
        record().read(altered)


@given(st.text(max_size=300))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(SealError):
        record().read(text)


VERSIONS = st.builds(
    lambda generation, touched_at, starts, at_wix: Session(
        id=SESSION.id,
        identity="visitor",
        created_at=NOW,
        expires_at=NOW,
        touched_at=touched_at,
        hint="hint",
        generation=generation,
        login_starts=tuple(starts),
        at_wix_since=at_wix,
    ),
    st.integers(0, 3),
    st.integers(0, 10**10),
    st.lists(st.integers(1, 10**10), max_size=3),
    st.integers(0, 10**10),
)


@given(VERSIONS, VERSIONS)
def test_texts_of_versions_are_ordered_as_the_versions_are(one: Session, other: Session) -> None:
    assert (version_text(one) < version_text(other)) == (one.version < other.version)


def test_an_end_is_later_than_every_version() -> None:
    ended = record().ended(End("visitor")).partition("|")[0]
    assert len(ended) == len(version_text(SESSION))
    assert ended > version_text(SESSION)


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 44, "a" * 42 + "/", "a" * 42 + "ä"])
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_session_id(text)


def test_the_id_of_a_session_is_one() -> None:
    assert is_session_id(SESSION.id)
