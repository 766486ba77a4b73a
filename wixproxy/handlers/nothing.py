"""Refuse what Wix might post while nothing is configured that takes it."""

from __future__ import annotations

from ..errors import NoSuchRoute
from ..exchange import Exchange


async def nothing_here(exchange: Exchange) -> None:
    """Answer 404 to an event, or to a request of a service plugin."""
    raise NoSuchRoute("No extension is configured here.")
