"""Wix's own identity modules agree with the emulator: verification, recovery, signing on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wix_packages import names_of_checks, run

SCRIPT = Path(__file__).with_name("accounts.mjs")
CHECKS = [
    "verification",
    "verification by its module",
    "recovery",
    "activation",
    "password of a member",
    "addresses",
    "external login with a session",
]


async def test_every_check_of_accounts_is_run() -> None:
    assert await names_of_checks(SCRIPT) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_identity_modules_work_against_the_emulator(
    check: str, scene: dict[str, str]
) -> None:
    await run(SCRIPT, check, scene)
