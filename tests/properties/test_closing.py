"""Connections that an upstream closes while a request is on its way to it."""

from __future__ import annotations

from tests.properties.closing import closing_rounds
from tests.vectors.scene import Scene

COUNT = 1_500
SEED = 7


async def test_no_get_fails_and_no_post_comes_twice_when_idle_connections_are_closed(
    proxied: Scene,
) -> None:
    """P3, P4: of so many requests, two thirds are GETs."""
    rounds = await closing_rounds(proxied, COUNT, SEED)
    assert rounds.statuses.total() == COUNT
    assert rounds.wrong == []
    # Without these nothing would have been shown.
    assert rounds.statuses["GET", 200] > COUNT / 2
    assert rounds.statuses["POST", 200] > 0
    assert rounds.statuses["POST", 502] > 0
    assert 1 < rounds.connections < COUNT
