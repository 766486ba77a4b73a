"""Wix's own AppStrategy agrees with what the emulator signs: events and plugin requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wix_packages import names_of_checks, run
from wixproxy.emulator import Emulator

SCRIPT = Path(__file__).with_name("webhooks.mjs")
CHECKS = ["events", "flawed events", "an installed app", "real changes", "service plugins"]


async def test_every_check_of_webhooks_is_run() -> None:
    assert await names_of_checks(SCRIPT) == CHECKS


@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_app_strategy_takes_what_the_emulator_sends(
    check: str, scene: dict[str, str], emulator: Emulator
) -> None:
    keys = {"publicKey": emulator.public_key_pem, "publicKeyBase64": emulator.public_key_base64}
    await run(SCRIPT, check, scene | keys)
