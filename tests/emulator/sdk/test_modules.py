"""Wix's own modules agree with the emulator: members, carts, products, data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wix_packages import names_of_checks, run

SCRIPT = Path(__file__).with_name("modules.mjs")
CHECKS = [
    "members",
    "app members",
    "cart",
    "cart refusals",
    "cart v2",
    "checkout",
    "login keeps the cart",
    "products",
    "products v1",
    "data items",
]


async def test_every_check_of_the_modules_is_run() -> None:
    assert await names_of_checks(SCRIPT) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_own_modules_work_against_the_emulator(
    check: str, scene: dict[str, str]
) -> None:
    await run(SCRIPT, check, scene)
