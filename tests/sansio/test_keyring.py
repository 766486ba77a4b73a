"""What a keyring seals opens nowhere else, and nothing else opens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import SealError, UnknownSeal
from wixproxy.sansio import keyring as keyring_module
from wixproxy.sansio.keyring import Key, Keyring

KEY = Key(bytes(range(32)))
OTHER = Key(bytes(range(1, 33)))
BOUND = ("wixproxy-4321", "client", "http://localhost:4321")
fields = st.lists(st.text(max_size=8), max_size=4)


@given(value=st.binary(max_size=5_000), bound=fields)
def test_what_was_sealed_opens_unchanged(value: bytes, bound: list[str]) -> None:
    ring = Keyring([KEY])
    assert ring.open("session", ring.seal("session", value, bound), bound) == value


def test_a_flipped_bit_anywhere_is_refused() -> None:
    """R11: each bit of each character of the text."""
    ring = Keyring([KEY])
    text = ring.seal("session", b"a session", BOUND)
    for at, character in enumerate(text):
        for bit in range(8):
            flipped = text[:at] + chr(ord(character) ^ (1 << bit)) + text[at + 1 :]
            with pytest.raises(SealError):
                ring.open("session", flipped, BOUND)


@pytest.mark.parametrize(
    ("purpose", "bound"),
    [
        pytest.param("login attempt", BOUND, id="another purpose"),
        pytest.param("session", ("wixproxy-4322", *BOUND[1:]), id="another cookie name"),
        pytest.param("session", (BOUND[0], "other", BOUND[2]), id="another client"),
        pytest.param("session", (*BOUND[:2], "https://shop.example"), id="another origin"),
        pytest.param("session", (BOUND[0] + BOUND[1], "", BOUND[2]), id="fields run together"),
    ],
)
def test_a_value_opens_only_for_what_it_was_sealed_for(
    purpose: str, bound: tuple[str, ...]
) -> None:
    """R12, R24, C20."""
    ring = Keyring([KEY])
    text = ring.seal("session", b"a session", BOUND)
    with pytest.raises(SealError):
        ring.open(purpose, text, bound)


@given(first=fields, second=fields)
def test_two_different_bounds_never_give_the_same_associated_data(
    first: list[str], second: list[str]
) -> None:
    """C20: bytes cannot slide from one field into the next."""
    same = keyring_module._associated("1", "k", "p", first) == keyring_module._associated(
        "1", "k", "p", second
    )
    assert same == (first == second)


@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_arbitrary_text_is_refused_and_nothing_else_happens(text: str) -> None:
    """R11, C21."""
    with pytest.raises(SealError):
        Keyring([KEY]).open("session", text, BOUND)


def test_a_text_of_known_form_that_is_too_short_is_refused() -> None:
    with pytest.raises(SealError, match="shorter than a nonce and a tag"):
        Keyring([KEY]).open("session", f"1.{KEY.id}.AAAA")


def test_every_key_opens_and_the_first_one_seals() -> None:
    old, both, new = Keyring([OTHER]), Keyring([KEY, OTHER]), Keyring([KEY])
    assert both.open("session", old.seal("session", b"old")) == b"old"
    assert new.open("session", both.seal("session", b"new")) == b"new"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(Keyring([OTHER]).seal("session", b"x"), id="a key not in the ring"),
        pytest.param("2" + Keyring([KEY]).seal("session", b"x")[1:], id="a newer format"),
    ],
)
def test_a_key_or_format_not_known_yet_is_told_apart_from_a_forgery(text: str) -> None:
    with pytest.raises(UnknownSeal):
        Keyring([KEY]).open("session", text)


def test_two_sealings_of_one_value_differ() -> None:
    ring = Keyring([KEY])
    assert ring.seal("session", b"x") != ring.seal("session", b"x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("AAAA", "expected 32 bytes in base64, found 3", id="too short"),
        pytest.param("A" * 80, "expected 32 bytes in base64, found 60", id="too long"),
        pytest.param("not base64!", "found text that is not base64", id="not base64"),
    ],
)
def test_a_bad_key_is_refused_by_its_length_and_never_shown(text: str, expected: str) -> None:
    """R23."""
    with pytest.raises(ValueError, match=expected) as caught:
        Key.from_text(text)
    assert text not in str(caught.value)


def test_a_key_reads_back_in_both_alphabets_of_base64() -> None:
    key = Key(b"\xfb\xff" * 16)
    text = key.to_text().reveal()
    assert "+" in text
    urlsafe = text.replace("+", "-").replace("/", "_").rstrip("=")
    assert Key.from_text(text).id == Key.from_text(urlsafe).id == key.id


def test_neither_keys_nor_keyrings_show_their_secret() -> None:
    shown = repr(KEY) + repr(Keyring([KEY])) + repr(KEY.to_text()) + str(KEY.to_text())
    assert KEY.to_text().reveal() not in shown
    assert bytes(range(32)).hex() not in shown
