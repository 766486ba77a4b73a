"""Wix's own modules agree with the emulator: members, carts, products, data."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.requirements import require
from wixproxy.emulator import Emulator

FOLDER = Path(__file__).parent
INSTALL = "Wix's packages: npm ci --prefix tests/emulator/sdk"
CHECK_SECONDS = 60
REDIRECT_URI = "http://localhost:4321/_wix/callback"

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


@pytest.fixture
def node_modules() -> Path:
    """Return the folder of Wix's packages, where Node and they are installed."""
    require(shutil.which("node"), "Node.js 20 or newer")
    folder = FOLDER / "node_modules"
    require((folder / "@wix").is_dir(), INSTALL)
    return folder


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize("check", CHECKS)
async def test_wixs_own_modules_work_against_the_emulator(check: str, emulator: Emulator) -> None:
    project = {
        "origin": emulator.origin,
        "clientId": emulator.client_id,
        "clientSecret": emulator.client_secret,
        "instanceId": emulator.instance_id,
        "redirectUri": REDIRECT_URI,
    }
    process = await asyncio.create_subprocess_exec(
        "node",
        "modules.mjs",
        check,
        cwd=FOLDER,
        env={**os.environ, "EMULATOR": json.dumps(project)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), CHECK_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, output.decode()
