"""Decide what happens to a test whose outside program is not installed."""

from __future__ import annotations

import os

import pytest


def require(present: object, install: str) -> None:
    """Skip the test and name what to install; with REQUIRE_ALL_TESTS=1, fail it."""
    if present:
        return
    message = f"needs {install}"
    if os.environ.get("REQUIRE_ALL_TESTS") == "1":
        pytest.fail(message)
    pytest.skip(message)
