"""Run a script of checks that use Wix's own npm packages, one check in one process.

A script knows its checks by name (`tests/emulator/sdk/checks.mjs`); what it
needs to know about the test comes as JSON in the variable SCENE.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.requirements import require

FOLDER = Path(__file__).parent / "emulator" / "sdk"
INSTALL = "Wix's packages: npm ci --prefix tests/emulator/sdk"
CHECK_SECONDS = 60


async def run(script: Path, argument: str, scene: Mapping[str, str]) -> str:
    """Run one check and return what it printed; a check that fails fails the test."""
    node = shutil.which("node")
    require(node, "Node.js 20 or newer")
    require((FOLDER / "node_modules" / "@wix").is_dir(), INSTALL)
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(script),
        argument,
        env={**os.environ, "SCENE": json.dumps(dict(scene))},
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
    return output.decode()


async def names_of_checks(script: Path) -> list[str]:
    """Return the checks that a script knows, in its order."""
    listed: list[str] = json.loads(await run(script, "--list", {"origin": "http://localhost"}))
    return listed
