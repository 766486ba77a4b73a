"""Let wrk send one request over and over for some seconds, on connections that are kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from ..processes import Server, child
from .browser import Asked

SCRIPT = Path(__file__).with_name("report.lua")
SLACK_SECONDS = 60.0
WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """What wrk counted: `refused` are answers of 400 and above, `failed` broke off."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    failed: int


async def wrk(
    server: Server,
    asked: Asked,
    *,
    seconds: int,
    connections: int,
    folder: Path,
    upload_bytes: int = 0,
) -> Counted:
    """Ask for so long, as fast as the answers come."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={WAIT_SECONDS}s"]
    command += ["-s", str(SCRIPT)]
    for name, value in asked.headers.items():
        command += ["-H", f"{name}: {value}"]
    command.append(server.origin + asked.path)
    if upload_bytes:
        command += ["--", "POST", str(upload_bytes)]
    async with child(command, folder=folder) as process, asyncio.timeout(seconds + SLACK_SECONDS):
        output, _ = await process.communicate()
    text = output.decode("utf-8", "replace").strip()
    if process.returncode != 0 or not text.endswith("}"):
        raise RuntimeError(f"wrk failed: {text[-500:]}")
    return Counted(**json.loads(text.splitlines()[-1]))
