"""Look into the pools of a proxy that runs: nothing else knows all of them."""

from __future__ import annotations

import gc

from wixproxy.wire.pool import Pool


def open_pools() -> list[Pool]:
    """Return every pool in this process that is not closed."""
    return [one for one in gc.get_objects() if isinstance(one, Pool) and not one._closed]


def in_use() -> int:
    """Return how many connections to upstreams are open for an exchange, and places taken."""
    connections = sum(pool.open_connections - pool.idle_connections for pool in open_pools())
    taken = sum(places.taken for pool in open_pools() for places in pool._places.values())
    return connections + taken
