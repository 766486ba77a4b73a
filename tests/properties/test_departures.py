"""Clients that leave at any moment leave nothing behind."""

from __future__ import annotations

from tests.properties.departures import departures
from tests.vectors.scene import Scene

COUNT = 1_000
SEED = 97


async def test_clients_that_leave_at_any_moment_leave_no_task_no_connection_and_no_object(
    proxied: Scene,
) -> None:
    left = await departures(proxied, COUNT, SEED)
    assert left.nothing, left
    assert left.grown == {}
