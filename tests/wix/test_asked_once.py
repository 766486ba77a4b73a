"""One question for all who ask at once, and an answer that is kept while it is fresh."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import HandClock
from wixproxy.wix.asked_once import AskedOnce

FRESH_SECONDS = 60


class Oracle:
    """Answers with the time, when it is let."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()
        self.fails = False

    async def ask(self) -> float:
        self.asked += 1
        await self.open.wait()
        if self.fails:
            raise LookupError
        return self.clock.now


@pytest.fixture
async def oracle(clock: HandClock) -> Oracle:
    return Oracle(clock)


@pytest.fixture
async def answers(clock: HandClock) -> AskedOnce[str, float]:
    return AskedOnce(lambda answered_at: clock.now - answered_at < FRESH_SECONDS, 2)


async def test_all_who_ask_at_once_share_one_question(
    oracle: Oracle, answers: AskedOnce[str, float]
) -> None:
    oracle.open.clear()
    asking = [asyncio.create_task(answers.get("a", oracle.ask)) for _ in range(50)]
    await asyncio.sleep(0)
    oracle.open.set()
    assert set(await asyncio.gather(*asking)) == {oracle.clock.now}
    assert oracle.asked == 1


async def test_who_leaves_takes_nothing_from_the_others(
    oracle: Oracle, answers: AskedOnce[str, float]
) -> None:
    oracle.open.clear()
    first, second = (asyncio.create_task(answers.get("a", oracle.ask)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    oracle.open.set()
    assert await second == oracle.clock.now
    assert oracle.asked == 1


async def test_an_answer_is_kept_while_it_is_fresh(
    oracle: Oracle, answers: AskedOnce[str, float], clock: HandClock
) -> None:
    first = await answers.get("a", oracle.ask)
    clock.advance(FRESH_SECONDS - 1)
    assert await answers.get("a", oracle.ask) == answers.fresh("a") == first
    clock.advance(1)
    assert answers.fresh("a") is None
    assert await answers.get("a", oracle.ask) == first + FRESH_SECONDS
    assert oracle.asked == 2


async def test_a_failure_is_told_to_all_and_not_kept(
    oracle: Oracle, answers: AskedOnce[str, float]
) -> None:
    oracle.fails = True
    oracle.open.clear()
    asking = [asyncio.create_task(answers.get("a", oracle.ask)) for _ in range(3)]
    await asyncio.sleep(0)
    oracle.open.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in told] == [LookupError] * 3
    oracle.fails = False
    assert await answers.get("a", oracle.ask) == oracle.clock.now
    assert oracle.asked == 2


async def test_a_failure_that_nobody_waits_for_any_more_is_no_unseen_one(
    oracle: Oracle, answers: AskedOnce[str, float]
) -> None:
    oracle.fails = True
    oracle.open.clear()
    asking = asyncio.create_task(answers.get("a", oracle.ask))
    await asyncio.sleep(0)
    asking.cancel()
    oracle.open.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert answers.fresh("a") is None


async def test_the_one_unused_for_longest_gives_way(
    oracle: Oracle, answers: AskedOnce[str, float]
) -> None:
    for key in ("a", "b"):
        await answers.get(key, oracle.ask)
    assert answers.fresh("a") is not None
    await answers.get("c", oracle.ask)
    assert [key for key in "abc" if answers.fresh(key) is not None] == ["a", "c"]


async def test_what_is_no_longer_wanted_is_forgotten(
    oracle: Oracle, answers: AskedOnce[str, float]
) -> None:
    kept = await answers.get("a", oracle.ask)
    answers.forget(lambda answer: answer != kept)
    assert answers.fresh("a") == kept
    answers.forget(lambda answer: answer == kept)
    assert answers.fresh("a") is None
