"""Wix's own authentication strategies agree with the emulator: tokens, logins, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wix_packages import names_of_checks, run
from wixproxy.emulator import Emulator

IDENTITY = Path(__file__).with_name("identity.mjs")
APP = Path(__file__).with_name("app.mjs")
IDENTITY_CHECKS = [
    "visitor tokens",
    "renewal",
    "refused renewal",
    "rotated renewal",
    "unknown client",
    "login by redirect",
    "codes that are refused",
    "login without a page",
    "login by session token",
    "social login",
    "login states",
    "login errors",
    "registration states",
    "registration errors",
    "external login",
    "logout",
    "redirect sessions",
    "unlisted redirect URI",
]
APP_CHECKS = [
    "client credentials",
    "refused credentials",
    "token info",
    "stripped tokens",
    "dashboard users",
    "elevation",
]


@pytest.fixture(autouse=True)
def members_who_may_not_come_in(emulator: Emulator) -> None:
    blocked = emulator.state.member_by_email("grace@example.test")
    forgetful = emulator.state.member_by_email("linus@example.test")
    assert blocked is not None
    assert forgetful is not None
    blocked.status = "BLOCKED"
    forgetful.must_reset_password = True


@pytest.mark.parametrize(
    ("script", "checks"),
    [
        pytest.param(IDENTITY, IDENTITY_CHECKS, id="identity"),
        pytest.param(APP, APP_CHECKS, id="app"),
    ],
)
async def test_every_check_of_the_strategies_is_run(script: Path, checks: list[str]) -> None:
    assert await names_of_checks(script) == checks


@pytest.mark.parametrize("check", IDENTITY_CHECKS)
async def test_wixs_oauth_strategy_works_against_the_emulator(
    check: str, scene: dict[str, str]
) -> None:
    await run(IDENTITY, check, scene)


@pytest.mark.parametrize("check", APP_CHECKS)
async def test_wixs_app_strategy_works_against_the_emulator(
    check: str, scene: dict[str, str]
) -> None:
    await run(APP, check, scene)
