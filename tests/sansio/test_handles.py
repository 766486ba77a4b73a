"""Handles stand for credentials, for one session and for ten minutes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wixproxy.errors import SealError
from wixproxy.sansio.handles import Handles
from wixproxy.sansio.keyring import Key, Keyring

NOW = 1_800_000_000
RING = Keyring([Key(bytes(range(32)))])
BOUND = ("client", "http://localhost:4321")


def handles(session: str = "one") -> Handles:
    return Handles(RING, BOUND, session)


@given(credential=st.text(min_size=1, max_size=2_000))
def test_a_handle_opens_as_the_credential_it_stands_for(credential: str) -> None:
    handle = handles().seal("sessionToken", credential, NOW)
    assert handles().open("sessionToken", handle, NOW + 599) == credential


@pytest.mark.parametrize(
    ("who", "kind", "later"),
    [
        pytest.param("other", "sessionToken", 0, id="another session"),
        pytest.param("one", "stateToken", 0, id="another kind"),
        pytest.param("one", "sessionToken", 600, id="ten minutes later"),
    ],
)
def test_a_handle_opens_for_nothing_else(who: str, kind: str, later: int) -> None:
    handle = handles().seal("sessionToken", "credential", NOW)
    with pytest.raises(SealError):
        handles(who).open(kind, handle, NOW + later)


@pytest.mark.parametrize("name", ["stateToken", "state_token", "StateToken", "session-token"])
def test_a_bare_credential_is_no_handle(name: str) -> None:
    """Wix reads a field in snake case, too."""
    with pytest.raises(SealError):
        handles().opened({"a": [{name: "JWS.bare"}]}, NOW)


def test_the_spelling_of_a_field_does_not_matter_to_its_handle() -> None:
    sealed = handles().sealed({"session_token": "JWS.bare"}, NOW)
    assert "JWS.bare" not in str(sealed)
    opened = handles().opened({"sessionToken": sealed["session_token"]}, NOW)
    assert opened == {"sessionToken": "JWS.bare"}


def test_every_credential_of_an_answer_is_replaced_at_any_depth() -> None:
    answer = {"state": "SUCCESS", "sessionToken": "S", "more": [{"stateToken": "T", "a": 1}]}
    sealed = handles().sealed(answer, NOW)
    assert '"S"' not in repr(sealed)
    assert sealed["sessionToken"].startswith("wixproxy.")
    assert handles().opened(sealed, NOW) == answer


def test_values_that_are_no_text_stay() -> None:
    assert handles().sealed({"sessionToken": None, "stateToken": ""}, NOW) == {
        "sessionToken": None,
        "stateToken": "",
    }
