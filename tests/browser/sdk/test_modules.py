"""Wix's own modules work with no client and no token on a page that loaded the script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage import Stage
from tests.wix_packages import names_of_checks, run

SCRIPT = Path(__file__).with_name("modules.mjs")
CHECKS = [
    "members",
    "cart",
    "products",
    "data items",
    "refusals",
    "an ended session",
    "six calls of a page",
    "the HTTP client",
    "elevation",
    "who is logged in",
    "language and time zone",
    "logout",
]


async def test_every_check_of_the_modules_is_run() -> None:
    assert await names_of_checks(SCRIPT) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_modules_need_no_client_behind_the_proxy(check: str, proxied: Stage) -> None:
    await run(SCRIPT, check, {"origin": proxied.origin, "emulator": proxied.emulator.origin})
