"""The same requests and answers through wixproxy and through nginx: what differs is listed.

Both upstreams see the same number of requests with the same bytes, and both
clients the same answers, but for `differences.DIFFERENCES`; of what breaks the
grammar nobody's upstream sees anything, but for the faults that say so. What
is listed and never seen is found, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conftest import HandClock
from tests.differential.comparing import remaining
from tests.differential.differences import DIFFERENCES, Difference
from tests.differential.generation import SEED, Turn, conversation
from tests.differential.malformed import LAST, Sample, Verdict, samples
from tests.differential.nginx import nginx
from tests.differential.playing import Seen, Side, Told
from tests.vectors.scene import configured
from tests.vectors.tables import HOST
from wixproxy.listening import listen
from wixproxy.server import build

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONVERSATIONS = 1_500
SECONDS = 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sides(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Side, Side]]:
    """Wixproxy and nginx, each before an upstream of its own."""
    told = Told(), Told()
    ports = [await one.start() for one in told]
    folder = tmp_path_factory.mktemp("differential")
    # The tag in a page is no matter of the wire.
    options = {"upstream.url": f"http://127.0.0.1:{ports[0]}", "browser.inject": False}
    async with nginx(folder, ports[1], HOST.decode()) as theirs:
        proxy = build(configured(folder, options), clock=HandClock())
        (opened,) = listen("127.0.0.1", 0)
        ours = opened.getsockname()[1]
        await proxy.start([opened])
        yield Side(ours, told[0]), Side(theirs, told[1])
        await proxy.stop()
    for one in told:
        await one.upstream.close()


async def played(sides: tuple[Side, Side], turns: list[Turn]) -> tuple[Seen, Seen]:
    async with asyncio.timeout(SECONDS):
        ours, theirs = await asyncio.gather(*(side.play(turns) for side in sides))
    return ours, theirs


async def test_what_is_legal_passes_alike_but_for_the_listed_differences(
    sides: tuple[Side, Side],
) -> None:
    unseen = list(DIFFERENCES)
    for number in range(CONVERSATIONS):
        turns = conversation(number)
        ours, theirs = await played(sides, turns)
        found = remaining(turns, ours, theirs, DIFFERENCES)
        told = f"seed {SEED}, conversation {number}: {turns}\n" + "\n".join(found)
        assert found == [], told
        # Two that are wrong alike would not be found by their differences.
        assert [asked.body for asked in ours.requests] == [turn.body for turn in turns], told
        assert [bytes(a.body) for a in ours.answers] == [t.answer_body for t in turns], told
        assert all(answer.whole for answer in ours.answers), told
        unseen = [one for one in unseen if not is_needed(one, turns, ours, theirs)]
    assert [difference.name for difference in unseen] == []


def is_needed(difference: Difference, turns: list[Turn], ours: Seen, theirs: Seen) -> bool:
    """Tell whether the two sides would differ if this one were not listed."""
    others = [one for one in DIFFERENCES if one is not difference]
    return remaining(turns, ours, theirs, others) != []


async def test_what_is_malformed_is_refused_alike_but_for_the_listed_faults(
    sides: tuple[Side, Side],
) -> None:
    judged = [(sample, await verdict_on(sides, sample)) for sample in samples()]
    assert [
        f"{sample.fault.name}: expected that {sample.fault.verdict.value}, found that "
        f"{verdict.value}: seed {SEED}, {sample.sent!r}"
        for sample, verdict in judged
        if verdict is not sample.fault.verdict
    ] == []


async def verdict_on(sides: tuple[Side, Side], sample: Sample) -> Verdict:
    """Send it to both; raises AssertionError where an upstream of ours could not read it."""
    differs = sample.fault.verdict not in {Verdict.NOBODY, Verdict.BOTH}
    assert sample.fault.why or not differs, f"{sample.fault.name}: say why it makes a difference"
    async with asyncio.timeout(SECONDS):
        ours, theirs = await asyncio.gather(*(side.send(sample.sent) for side in sides))
    assert ours.unreadable == 0, sample
    mine, other = _without_last(ours), _without_last(theirs)
    if mine and other:
        assert mine == other, sample
        return Verdict.BOTH
    if theirs.unreadable:
        return Verdict.NGINX_TO_NOBODY
    return Verdict.US if mine else Verdict.NGINX if other else Verdict.NOBODY


def _without_last(seen: Seen) -> list[tuple[bytes, bytes, bytes]]:
    last = LAST.split()[1]
    return [(a.method, a.target, a.body) for a in seen.requests if a.target != last]
