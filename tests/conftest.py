"""What every test may ask for: a clock that is turned by hand, and uvloop below."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

START = 1_800_000_000.0


class HandClock:
    """A clock that moves when a test says so."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}
