"""What a front remembers of sessions whose place was taken."""

from __future__ import annotations

import pytest

from tests.conftest import HandClock
from wixproxy.front import MAX_SUPERSEDED, Front
from wixproxy.sansio.cookies import CookiePolicy
from wixproxy.sansio.keyring import Key, Keyring
from wixproxy.sansio.public_url import PublicURL
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.stores.memory import MemoryStore
from wixproxy.wix.client import WixClient
from wixproxy.wix.token_source import TokenSource

LIMITS = Limits()
TOKENS = Tokens("a", "r", 1_800_014_400, 14_400)


@pytest.fixture
def front(clock: HandClock) -> Front:
    store = MemoryStore(LIMITS, clock)
    wix = WixClient("http://127.0.0.1:9", "client", clock)
    return Front(
        public=PublicURL.parse("http://localhost:4321"),
        cookies=CookiePolicy.for_origin("http", 4321, "Lax"),
        store=store,
        tokens=TokenSource(store, wix, LIMITS, clock),
        keyring=Keyring([Key.generate()]),
        bound_to=("client", "http://localhost:4321"),
        limits=LIMITS,
        clock=clock,
    )


def test_visitors_who_leave_in_a_flood_bring_no_member_back(front: Front, clock: HandClock) -> None:
    """A late answer would write the cookie of a session that a login or logout replaced."""
    replaced = Session.visitor(clock(), LIMITS).renewed(TOKENS)
    front.supersede(replaced)
    for _ in range(MAX_SUPERSEDED):
        front.supersede(Session.visitor(clock(), LIMITS))
    assert front.is_superseded(replaced)
