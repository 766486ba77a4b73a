"""An emulator on a free port, and a driver for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.emulator.driver import Wix
from wixproxy.emulator import Emulator, EmulatorConfig


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    running = Emulator(EmulatorConfig())
    await running.start(port=0)
    yield running
    await running.stop()


@pytest.fixture
async def wix(emulator: Emulator) -> AsyncIterator[Wix]:
    # unsafe: aiohttp keeps no cookies of plain addresses otherwise.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Wix(emulator, session)
