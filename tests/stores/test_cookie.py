"""What is the cookie store's own: keys, bounds, and a rolling deployment."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest

from tests.conftest import HandClock
from wixproxy.errors import SessionTooLarge, SessionUnreadable
from wixproxy.sansio.keyring import Key, Keyring
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.stores.cookie import CookieStore

LIMITS = Limits()
BOUND = ("wixproxy-4321", "client", "http://localhost:4321")
OLD, NEW = Key.generate(), Key.generate()


def store(clock: HandClock, *keys: Key, bound: tuple[str, ...] = BOUND) -> CookieStore:
    until = clock() + 900
    return CookieStore(Keyring(keys), bound, LIMITS, clock, unknown_key_until=until)


async def test_a_restart_keeps_every_session(clock: HandClock) -> None:
    session = Session.visitor(clock(), LIMITS)
    text = await store(clock, OLD).save(session)
    assert await store(clock, OLD).load(text) == session


@pytest.mark.parametrize(
    "bound",
    [
        pytest.param(("wixproxy-4322", "client", "http://localhost:4322"), id="another port"),
        pytest.param((*BOUND[:1], "other", BOUND[2]), id="another client id"),
        pytest.param(("__Host-wixproxy", "client", "https://shop.example"), id="another origin"),
    ],
)
async def test_a_cookie_of_another_deployment_is_no_session(
    clock: HandClock, bound: tuple[str, ...]
) -> None:
    """R24."""
    text = await store(clock, OLD).save(Session.visitor(clock(), LIMITS))
    assert await store(clock, OLD, bound=bound).load(text) is None


async def test_an_operator_hears_of_an_unknown_key_and_not_of_every_foreign_cookie(
    clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A program's call is tried at each public URL, and all but one of them do not open it."""
    text = await store(clock, OLD).save(Session.visitor(clock(), LIMITS))
    with caplog.at_level(logging.INFO, "wixproxy.session"):
        assert await store(clock, OLD, bound=("another", "public", "URL")).load(text) is None
        assert caplog.messages == []
        newcomer = store(clock, NEW)
        clock.advance(900)
        assert await newcomer.load(text) is None
    (told,) = caplog.messages
    assert OLD.id in told


async def test_a_key_rolled_out_in_order_loses_nobody(clock: HandClock) -> None:
    """G12: add at the end, roll, move to the front, roll; two processes at every step."""
    steps = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
    session = Session.visitor(clock(), LIMITS)
    text = await store(clock, *steps[0]).save(session)
    for before, after in pairwise(steps):
        for keys in (before, after, before):
            loaded = await store(clock, *keys).load(text)
            assert loaded is not None
            assert loaded.id == session.id
        text = await store(clock, *after).save(session)


async def test_an_unknown_key_is_waited_for_as_long_as_a_rollout_takes(clock: HandClock) -> None:
    text = await store(clock, NEW).save(Session.visitor(clock(), LIMITS))
    late = store(clock, OLD)
    with pytest.raises(SessionUnreadable) as caught:
        await late.load(text)
    assert caught.value.retry_after == 5
    clock.advance(900)
    assert await late.load(text) is None


async def test_a_session_with_tokens_of_real_size_is_one_cookie(clock: HandClock) -> None:
    session = Session.member(
        clock(),
        LIMITS,
        tokens=Tokens("A" * 900, "R" * 206, int(clock()) + 14_400, 14_400),
        member_id="7d11aaaa-0000-4000-8000-000000000000",
    )
    assert 1_500 < len(await store(clock, OLD).save(session)) < 2_000


async def test_a_session_larger_than_browsers_keep_is_refused_with_advice(
    clock: HandClock,
) -> None:
    """R14."""
    tokens = Tokens("A" * 6_000, "R" * 206, int(clock()) + 14_400, 14_400)
    with pytest.raises(SessionTooLarge, match=r'Set session\.store to "memory"'):
        await store(clock, OLD).save(Session.visitor(clock(), LIMITS).renewed(tokens))


async def test_five_hundred_requests_of_one_page_open_the_cookie_once(clock: HandClock) -> None:
    one = store(clock, OLD)
    text = await store(clock, OLD).save(Session.visitor(clock(), LIMITS))
    loaded = {id(await one.load(text)) for _ in range(500)}
    assert len(loaded) == 1
