"""A React app made by Vite's own template, and Vite's dev server for it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.requirements import require
from tests.wix_packages import FOLDER, INSTALL

TEMPLATE = "vite@9.3.0"  # create-vite, which `npm create` is given without its prefix
NPM_SECONDS = 180
START_SECONDS = 30
READY = b"Local:"


def scaffold(folder: Path) -> Path:
    """Make the app in `folder`, as its documentation says; return where it is."""
    require(shutil.which("node"), "Node.js 20.19 or newer")
    npm = shutil.which("npm")
    require(npm, "npm")
    assert npm is not None
    _run([npm, "create", "--yes", TEMPLATE, "app", "--", "--template", "react"], folder)
    _run([npm, "install", "--no-audit", "--no-fund"], folder / "app")
    return folder / "app"


def scaffold_once(folder: Path) -> Path:
    """Make the app in `folder` unless another process has; return where it is."""
    folder.mkdir(exist_ok=True)
    made = folder / "made"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            scaffold(folder)
            made.touch()
    return folder / "app"


def own_copy(app: Path, folder: Path) -> Path:
    """Copy the app, with links to the files of its packages; return where it is."""
    shutil.copytree(app, folder, ignore=shutil.ignore_patterns("node_modules"))
    packages = "node_modules"
    shutil.copytree(app / packages, folder / packages, symlinks=True, copy_function=os.link)
    return folder


def add_wix_packages(app: Path) -> None:
    """Put Wix's packages among those of the app."""
    packages = FOLDER / "node_modules" / "@wix"
    require(packages.is_dir(), INSTALL)
    place = app / "node_modules" / "@wix"
    if not place.exists():
        place.symlink_to(packages, target_is_directory=True)


def project_beside(app: Path, folder: Path) -> Path:
    """Make another project of the same template, with the same packages; return where it is."""
    shutil.copytree(app, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(app / "node_modules", target_is_directory=True)
    return folder


def build(app: Path) -> Path:
    """Run `npm run build`; return the folder of built files."""
    npm = shutil.which("npm")
    require(npm, "npm")
    assert npm is not None
    _run([npm, "run", "build"], app)
    return app / "dist"


def _run(command: list[str], folder: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - npm, with our own words
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=NPM_SECONDS,
        check=False,
    )
    require(ended.returncode == 0, f"npm and its registry; npm said: {ended.stdout[-2000:]}")


@asynccontextmanager
async def dev_server(app: Path, port: int, *flags: str) -> AsyncIterator[None]:
    """Run `vite` for the app on a port; end it with everything it has started."""
    process = await asyncio.create_subprocess_exec(
        str(app / "node_modules" / ".bin" / "vite"),
        *("--port", str(port), "--strictPort", "--clearScreen", "false", *flags),
        cwd=app,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = bytearray()
    try:
        async with asyncio.timeout(START_SECONDS):
            while READY not in said:
                line = await process.stdout.readline()
                assert line, f"Vite ended: {said.decode(errors='replace')}"
                said += line
        draining = asyncio.create_task(process.stdout.read())
        yield
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    await draining
