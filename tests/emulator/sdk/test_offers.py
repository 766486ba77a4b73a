"""Wix's own modules agree with the emulator: bookings, orders, plans, the OAuth app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wix_packages import names_of_checks, run

SCRIPT = Path(__file__).with_name("offers.mjs")
CHECKS = ["booking by the calendar", "booking by time slots", "an order", "plans", "the OAuth app"]


async def test_every_check_of_offers_is_run() -> None:
    assert await names_of_checks(SCRIPT) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_modules_for_offers_work_against_the_emulator(
    check: str, scene: dict[str, str]
) -> None:
    await run(SCRIPT, check, scene)
