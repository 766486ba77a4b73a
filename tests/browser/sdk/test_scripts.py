"""What the script sends for a page, and what it makes of the answers; the checks play the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wix_packages import names_of_checks, run

FOLDER = Path(__file__).parent
CHECKS = {
    "routing": [
        "every form of input",
        "other addresses",
        "bodies",
        "a call that is given up",
        "a page without a session",
        "a page with a session",
        "a browser that keeps no cookies",
        "a session that cannot be started",
        "a wrapper before and one behind",
        "reads after writes",
    ],
    "context": [
        "error bodies",
        "errors are those of Wix's own client",
        "a client of the page itself",
        "graphql",
        "a client that is there already",
        "a context without a client",
        "the script twice",
        "modules of every kind",
        "what a module may ask of its client",
        "a page that is an address of the proxy",
        "a page of the frontend",
    ],
    "logins": [
        "login",
        "a login that fails",
        "a handle that is refused",
        "an e-mail address that is no address",
        "a sign-up",
        "a sign-up with a captcha",
        "a verification",
        "a state that nobody knows",
        "a forgotten password",
        "a logout",
        "a logout with nowhere to return to",
    ],
}


@pytest.mark.parametrize("name", CHECKS)
async def test_every_check_of_a_page_is_run(name: str) -> None:
    assert await names_of_checks(FOLDER / f"{name}.mjs") == CHECKS[name]


@pytest.mark.parametrize(
    ("name", "check"),
    [pytest.param(name, check, id=f"{name}: {check}") for name in CHECKS for check in CHECKS[name]],
)
async def test_the_script_does_its_part_on_a_page(name: str, check: str) -> None:
    await run(FOLDER / f"{name}.mjs", check, {})
