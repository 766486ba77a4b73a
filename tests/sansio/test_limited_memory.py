"""Which sessions are remembered when there are too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wixproxy.sansio.limited_memory import LimitedMemory
from wixproxy.sansio.session import Limits, Session
from wixproxy.sansio.tokens import Tokens

NOW = 1_800_000_000
LIMIT = 4
VISITORS = [Session.visitor(NOW, Limits()) for _ in range(8)]
TOKENS = Tokens("a", "r", NOW + 14_400, 14_400)

kept = st.lists(st.tuples(st.sampled_from(VISITORS), st.booleans()), max_size=40)


@given(kept)
def test_the_latest_are_remembered_and_those_with_tokens_before_all_others(
    steps: list[tuple[Session, bool]],
) -> None:
    memory: LimitedMemory[int] = LimitedMemory(LIMIT)
    latest: dict[str, tuple[bool, int]] = {}
    for number, (visitor, has_tokens) in enumerate(steps):
        memory.keep(visitor.renewed(TOKENS) if has_tokens else visitor, number)
        latest.pop(visitor.id, None)
        latest[visitor.id] = (has_tokens, number)
        # What was pushed out does not come back.
        worth = sorted(latest.items(), key=lambda item: item[1], reverse=True)
        latest = dict(reversed(worth[:LIMIT]))
        assert {each.id for each in VISITORS if each.id in memory} == latest.keys()
        assert all(memory.get(key) == value for key, (_, value) in latest.items())
        assert len(memory) == len(latest)


@given(st.lists(st.sampled_from(VISITORS), max_size=10), st.booleans())
def test_what_was_seen_is_not_the_first_to_go(seen: list[Session], has_tokens: bool) -> None:
    memory: LimitedMemory[str] = LimitedMemory(len(VISITORS))
    for visitor in VISITORS:
        memory.keep(visitor.renewed(TOKENS) if has_tokens else visitor, visitor.id)
    order = [visitor.id for visitor in VISITORS]
    for visitor in seen:
        memory.touch(visitor.id)
        order.remove(visitor.id)
        order.append(visitor.id)
    assert memory.longest_unseen(3) == [(each, each) for each in order[:3]]


def test_what_was_dropped_is_forgotten() -> None:
    memory: LimitedMemory[str] = LimitedMemory(LIMIT)
    memory.keep(VISITORS[0], "value")
    memory.drop(VISITORS[0].id)
    memory.drop(VISITORS[1].id)
    assert VISITORS[0].id not in memory
    assert memory.get(VISITORS[0].id) is None
