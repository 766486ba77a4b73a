"""Sessions get usable tokens: once for all, whoever leaves, and over both stores."""

from __future__ import annotations

import asyncio
import gc

import pytest

from tests.conftest import HandClock
from wixproxy.errors import GrantRejected, SessionEnded, WixRefused, WixUnavailable
from wixproxy.sansio.keyring import Key, Keyring
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens
from wixproxy.stores import SessionStore
from wixproxy.stores.cookie import CookieStore
from wixproxy.stores.memory import MemoryStore
from wixproxy.wix.token_source import TokenSource

LIMITS = Limits()
LIFETIME_SECONDS = 14_400


class Wix:
    """Grants tokens when told to; `refusal` is raised in their place."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.refreshed: list[str] = []
        self.minted = 0
        self.refusal: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()

    async def anonymous(self) -> Tokens:
        self.minted += 1
        return await self._granted(f"visitor-{self.minted}")

    async def refresh(self, tokens: Tokens) -> Tokens:
        self.refreshed.append(tokens.refresh)
        return await self._granted(f"renewed-{len(self.refreshed)}")

    async def _granted(self, name: str) -> Tokens:
        self.asked.set()
        await self.may_answer.wait()
        if self.refusal is not None:
            raise self.refusal
        return Tokens(
            f"access-{name}",
            f"refresh-{name}",
            int(self._clock()) + LIFETIME_SECONDS,
            LIFETIME_SECONDS,
        )


@pytest.fixture(params=["cookie", "memory"])
def store(request: pytest.FixtureRequest, clock: HandClock) -> SessionStore:
    if request.param == "memory":
        return MemoryStore(LIMITS, clock)
    return CookieStore(Keyring([Key.generate()]), ("wixproxy",), LIMITS, clock)


@pytest.fixture
def wix(clock: HandClock) -> Wix:
    return Wix(clock)


@pytest.fixture
def source(store: SessionStore, wix: Wix, clock: HandClock) -> TokenSource:
    return TokenSource(store, wix, LIMITS, clock)  # type: ignore[arg-type]


@pytest.fixture
async def member(store: SessionStore, clock: HandClock) -> Session:
    expires_at = int(clock()) + LIFETIME_SECONDS
    tokens = Tokens("access-0", "refresh-0", expires_at, LIFETIME_SECONDS)
    member = Session.member(clock(), LIMITS, tokens=tokens, member_id="ada")
    await store.save(member)
    return member


async def test_a_usable_token_is_given_without_asking(
    source: TokenSource, wix: Wix, member: Session
) -> None:
    assert (await source.current(member)).access_token == "access-0"
    assert wix.refreshed == []


async def test_a_session_without_tokens_gets_them_at_its_first_need(
    source: TokenSource, wix: Wix, store: SessionStore, clock: HandClock
) -> None:
    visitor = Session.visitor(clock(), LIMITS)
    await store.save(visitor)
    assert not source.is_flying(visitor)
    calls = [asyncio.create_task(source.current(visitor)) for _ in range(6)]
    await wix.asked.wait()
    assert source.is_flying(visitor)
    sessions = await asyncio.gather(*calls)
    assert {session.access_token for session in sessions} == {"access-visitor-1"}
    assert wix.minted == 1
    assert not source.is_flying(visitor)


async def test_fifty_siblings_on_an_expired_session_make_one_refresh(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    """R66."""
    clock.advance(LIFETIME_SECONDS)
    sessions = await asyncio.gather(*(source.current(member) for _ in range(50)))
    assert {session.access_token for session in sessions} == {"access-renewed-1"}
    assert wix.refreshed == ["refresh-0"]


async def test_the_first_of_the_siblings_may_leave(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    """R66."""
    clock.advance(LIFETIME_SECONDS)
    wix.may_answer.clear()
    first, second = (asyncio.create_task(source.current(member)) for _ in range(2))
    await wix.asked.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    wix.may_answer.set()
    assert (await second).access_token == "access-renewed-1"
    assert wix.refreshed == ["refresh-0"]


async def test_a_refresh_that_nobody_waits_for_any_more_is_kept(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    clock.advance(LIFETIME_SECONDS)
    wix.may_answer.clear()
    alone = asyncio.create_task(source.current(member))
    await wix.asked.wait()
    alone.cancel()
    wix.may_answer.set()
    assert (await source.current(member)).access_token == "access-renewed-1"
    assert wix.refreshed == ["refresh-0"]


async def test_a_failure_that_nobody_waits_for_any_more_is_logged_and_not_lost(
    source: TokenSource,
    wix: Wix,
    member: Session,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lost: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
    clock.advance(LIFETIME_SECONDS)
    wix.refusal = WixUnavailable("Wix is away")
    renewal = source.renewal(member)
    assert renewal is not None
    with caplog.at_level("INFO"):
        await asyncio.wait([renewal])
        await asyncio.sleep(0)
    del renewal
    gc.collect()
    assert "Wix is away" in caplog.text
    assert lost == []


async def test_whoever_comes_late_with_an_old_version_finds_the_work_done(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    clock.advance(LIFETIME_SECONDS)
    await source.current(member)
    assert (await source.current(member)).access_token == "access-renewed-1"
    assert source.newest(member).access_token == "access-renewed-1"
    assert wix.refreshed == ["refresh-0"]


async def test_a_silent_wix_leaves_the_session_as_it_is(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    clock.advance(LIFETIME_SECONDS)
    wix.refusal = WixUnavailable("Wix is away")
    with pytest.raises(WixUnavailable):
        await source.current(member)
    wix.refusal = None
    assert (await source.current(member)).access_token == "access-renewed-2"
    assert wix.refreshed == ["refresh-0", "refresh-0"]


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_request"])
async def test_a_refusal_that_is_not_about_the_grant_ends_no_session(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock, error: str
) -> None:
    """RFC 6749 §5.2."""
    clock.advance(LIFETIME_SECONDS)
    wix.refusal = GrantRejected(error=error)
    with pytest.raises(WixRefused, match=r"site\.client_id"):
        await source.current(member)
    wix.refusal = None
    assert (await source.current(member)).identity == "member"


async def test_a_refused_mint_is_a_fault_of_the_configuration(
    source: TokenSource, wix: Wix, clock: HandClock
) -> None:
    wix.refusal = GrantRejected(error="invalid_grant")
    with pytest.raises(WixRefused):
        await source.current(Session.visitor(clock(), LIMITS))


async def test_all_siblings_of_a_session_that_ends_get_the_same_new_visitor(
    source: TokenSource, wix: Wix, store: SessionStore, member: Session, clock: HandClock
) -> None:
    text = await store.save(member)
    clock.advance(LIFETIME_SECONDS)
    wix.refusal = GrantRejected(error="invalid_grant")
    ends = await asyncio.gather(*(source.current(member) for _ in range(5)), return_exceptions=True)
    with pytest.raises(SessionEnded) as presented:
        await store.load(text)
    visitors = set()
    for end in [*ends, presented.value]:
        assert isinstance(end, SessionEnded)
        visitor = source.replacement(end)
        assert visitor is not None
        visitors.add(visitor.id)
    assert len(visitors) == 1
    assert visitor.identity == "visitor"
    assert visitor.ended is not None
    assert visitor.ended.reason == "refused"
    assert wix.refreshed == ["refresh-0"]


async def test_an_ended_session_leads_to_its_visitor_for_ten_minutes(
    source: TokenSource, wix: Wix, store: SessionStore, member: Session, clock: HandClock
) -> None:
    """An old cookie, wherever it was kept, must not open what its browser has become."""
    await store.save(member)
    clock.advance(LIFETIME_SECONDS)
    wix.refusal = GrantRejected(error="invalid_grant")
    with pytest.raises(SessionEnded) as ended:
        await source.current(member)
    clock.advance(599)
    assert source.replacement(ended.value) is not None
    clock.advance(1)
    assert source.replacement(ended.value) is None


async def test_a_session_that_was_logged_out_is_not_renewed(
    source: TokenSource, wix: Wix, store: SessionStore, member: Session, clock: HandClock
) -> None:
    clock.advance(LIFETIME_SECONDS)
    await store.end(member)
    with pytest.raises(SessionEnded) as ended:
        await source.current(member)
    assert source.replacement(ended.value) is None
    assert wix.refreshed == []


async def test_a_token_that_wix_refused_is_replaced_before_its_time(
    source: TokenSource, wix: Wix, member: Session
) -> None:
    assert (await source.renewed(member)).access_token == "access-renewed-1"
    # A sibling that was refused the same token comes a moment later.
    assert (await source.renewed(member)).access_token == "access-renewed-1"
    assert wix.refreshed == ["refresh-0"]


async def test_a_renewal_is_started_when_it_is_due_and_joined_by_others(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    assert source.renewal(member) is None
    clock.advance(LIFETIME_SECONDS - 200)
    wix.may_answer.clear()
    renewal = source.renewal(member)
    assert renewal is not None
    assert source.renewal(member) is renewal
    # The old token still works, so nobody has to wait.
    assert (await source.current(member)).access_token == "access-0"
    wix.may_answer.set()
    assert (await renewal).access_token == "access-renewed-1"
    assert source.renewal(member) is None


async def test_a_session_without_tokens_has_nothing_to_renew(
    source: TokenSource, clock: HandClock
) -> None:
    assert source.renewal(Session.visitor(clock(), LIMITS)) is None


async def test_two_sessions_are_renewed_side_by_side(
    source: TokenSource, wix: Wix, store: SessionStore, member: Session, clock: HandClock
) -> None:
    other = Session.visitor(clock(), LIMITS)
    await store.save(other)
    clock.advance(LIFETIME_SECONDS)
    wix.may_answer.clear()
    both = [asyncio.create_task(source.current(session)) for session in (member, other)]
    await wix.asked.wait()
    await asyncio.sleep(0)
    assert (wix.minted, len(wix.refreshed)) == (1, 1)
    wix.may_answer.set()
    await asyncio.gather(*both)


async def test_tokens_on_their_way_are_kept_before_the_process_ends(
    source: TokenSource, wix: Wix, store: SessionStore, member: Session, clock: HandClock
) -> None:
    """Wix takes the old refresh token no more, so its successor must not be lost."""
    clock.advance(LIFETIME_SECONDS)
    wix.may_answer.clear()
    assert source.renewal(member) is not None
    await wix.asked.wait()
    closing = asyncio.create_task(source.close())
    await asyncio.sleep(0)
    wix.may_answer.set()
    await closing
    assert store.newest(member).tokens != member.tokens
    assert not source.is_flying(member)


async def test_what_does_not_come_is_given_up_when_the_process_ends(
    source: TokenSource, wix: Wix, member: Session, clock: HandClock
) -> None:
    clock.advance(LIFETIME_SECONDS)
    wix.may_answer.clear()
    renewal = source.renewal(member)
    assert renewal is not None
    await wix.asked.wait()
    await source.close(seconds=0.01)
    assert renewal.cancelled()
