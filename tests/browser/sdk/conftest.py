"""The stage that the checks of `/_wix/sdk.js` are played on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import HandClock
from tests.stage import Stage, staged


@pytest.fixture
async def proxied(clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The proxy with the emulated Wix, for pages that are no pages of Chromium."""
    async with staged(clock, tmp_path) as stage:
        yield stage
