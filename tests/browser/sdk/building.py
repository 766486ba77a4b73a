"""Applications for the browser tests, built by Vite from the sources in `app/`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.browser.vite import add_wix_packages
from tests.requirements import require

SOURCES = Path(__file__).parent / "app"
SECONDS = 180


def build_app(scaffold: Path, folder: Path) -> Path:
    """Build the application that imports Wix's modules; return the folder to serve."""
    add_wix_packages(scaffold)
    root = scaffold / "wix"
    shutil.copytree(SOURCES, root)
    _run([_vite(scaffold), "build", root, "--outDir", folder, "--logLevel", "warn"], scaffold)
    return folder


def build_hydration(scaffold: Path, folder: Path, react: str) -> str:
    """Build the script that hydrates a document with this version of React; return its text."""
    folder.mkdir()
    shutil.copy(SOURCES / "hydrate.js", folder)
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    config = {
        "define": {"process.env.NODE_ENV": '"development"'},
        "build": {"lib": {"entry": "hydrate.js", "formats": ["iife"], "name": "built"}},
    }
    (folder / "vite.config.js").write_text(f"export default {json.dumps(config)};")
    packages = [f"react@{react}", f"react-dom@{react}"]
    _run(["npm", "install", "--no-audit", "--no-fund", *packages], folder)
    _run([_vite(scaffold), "build", "--logLevel", "warn"], folder)
    (built,) = (folder / "dist").glob("*.js")
    return built.read_text("utf-8")


def _vite(scaffold: Path) -> Path:
    return scaffold / "node_modules" / ".bin" / "vite"


def _run(command: list[str | Path], folder: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - npm and Vite, with our own words
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    require(ended.returncode == 0, f"npm and its registry; it said: {ended.stdout[-2000:]}")
