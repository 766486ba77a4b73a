"""A guide's server, run by Node as a reader runs it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.program import SECRET
from tests.requirements import require

START_SECONDS = 60


@asynccontextmanager
async def served(
    folder: Path, backend_port: int, *, packages: Path | None = None, **variables: str
) -> AsyncIterator[str]:
    """Run `server.mjs` of a folder; yield its origin.

    It finds the proxy at `backend_port`, and the npm packages of the folder `packages`.
    """
    node = shutil.which("node")
    require(node, "Node.js 20 or newer")
    assert node is not None
    if packages is not None:
        (folder / "node_modules").symlink_to(packages)
    process = await asyncio.create_subprocess_exec(
        node,
        "server.mjs",
        cwd=folder,
        env={
            **os.environ,
            "PORT": "0",
            "WIXPROXY_BACKEND_URL": f"http://127.0.0.1:{backend_port}",
            "WIXPROXY_BACKEND_SECRET": SECRET,
            **variables,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            said = (await process.stdout.readline()).decode()
        assert said.startswith("listening on "), said
        yield f"http://localhost:{said.rpartition(' ')[2].strip()}"
    finally:
        process.kill()
        await process.wait()
