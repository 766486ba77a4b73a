"""No field that belongs to one hop survives it, in either direction, however it is spelt."""

from __future__ import annotations

from tests.properties.hops import exchange_heads
from tests.vectors.scene import Scene

COUNT = 500
SEED = 11


async def test_no_hop_by_hop_field_survives_and_every_other_one_does(proxied: Scene) -> None:
    """V46, V47, V81, over sockets."""
    assert await exchange_heads(proxied, COUNT, SEED) == []
