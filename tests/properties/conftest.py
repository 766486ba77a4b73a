from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.vectors.scene import Scene, scene


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[Scene]:
    """A whole proxy between clients and an upstream that are both plain bytes."""
    async with scene(tmp_path) as running:
        yield running
