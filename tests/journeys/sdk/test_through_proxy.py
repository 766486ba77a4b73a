"""Wix's own modules work through `/_wix/api` with a `fetch` that only changes the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage import Stage
from tests.wix_packages import names_of_checks, run

SCRIPT = Path(__file__).with_name("through_proxy.mjs")
CHECKS = [
    "products",
    "product refusals",
    "cart",
    "cart refusals",
    "checkout",
    "members",
    "data items",
    "modules without a client",
    "an empty Authorization",
    "six calls of a page",
    "reads after writes",
    "logins yield handles",
    "ended session",
    "a new visitor for one that ended",
    "expired token",
    "Wix in trouble",
]


async def test_every_check_of_a_page_is_run() -> None:
    assert await names_of_checks(SCRIPT) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_own_modules_work_through_the_proxy(check: str, stage: Stage) -> None:
    await run(SCRIPT, check, {"origin": stage.origin, "emulator": stage.emulator.origin})
