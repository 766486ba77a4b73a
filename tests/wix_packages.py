"""Run a script of checks that use Wix's own npm packages, one check at a time.

A script knows its checks by name (`tests/emulator/sdk/checks.mjs`); what it
needs to know about the test comes as JSON in the variable SCENE. One process of
Node.js runs them all, for it takes a second to load the packages.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.requirements import require

FOLDER = Path(__file__).parent / "emulator" / "sdk"
INSTALL = "Wix's packages: npm ci --prefix tests/emulator/sdk"
CHECK_SECONDS = 60


async def run(script: Path, argument: str, scene: Mapping[str, str]) -> str:
    """Run one check and return what it printed; a check that fails fails the test."""
    node = _node()
    assert node.stdin is not None
    assert node.stdout is not None
    asked = {"script": str(script), "argument": argument, "scene": dict(scene)}
    node.stdin.write(json.dumps(asked) + "\n")
    node.stdin.flush()
    try:
        answer = await asyncio.wait_for(asyncio.to_thread(node.stdout.readline), CHECK_SECONDS)
        assert answer, f"Node.js ended with exit code {node.wait()}"
        told = json.loads(answer)
    except BaseException:
        # What it still does would be taken for a part of the next check.
        _end(node)
        raise
    assert told["failures"] == [], "\n".join([told["printed"], *told["failures"]])
    printed: str = told["printed"]
    return printed


@cache
def _node() -> subprocess.Popen[str]:
    node = shutil.which("node")
    require(node, "Node.js 20 or newer")
    require((FOLDER / "node_modules" / "@wix").is_dir(), INSTALL)
    assert node is not None
    process = subprocess.Popen(  # noqa: S603 - a program of ours
        [node, str(FOLDER / "runner.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    atexit.register(_end, process)
    return process


def _end(node: subprocess.Popen[str]) -> None:
    _node.cache_clear()
    node.kill()
    node.communicate()


async def names_of_checks(script: Path) -> list[str]:
    """Return the checks that a script knows, in its order."""
    listed: list[str] = json.loads(await run(script, "--list", {"origin": "http://localhost"}))
    return listed
