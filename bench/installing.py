"""Install what is missing of the programs to measure, and say what could not be had.

From Debian by apt-get; from npm by the lock beside the peers, with a Node of
its own; from PyPI into a virtual environment of its own. What is not Debian's
lives in the user's cache, so that nothing comes into the checkout.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from .peers.peer import Peer

INSTALL_SECONDS = 600
PYPI = {"mitmproxy": "mitmproxy>=11"}
_PACKAGE, _LOCK = "package.json", "npm-shrinkwrap.json"
_PEERS = Path(__file__).with_name("peers")
_DONE = ".installed"
_TOLD_CHARACTERS = 300

Say = Callable[[str], None]


class CannotInstall(Exception):
    """Something could not be installed; the text says what, and what was said."""


def npm_folder() -> Path:
    """Return where npm's packages are: one folder for each state of the lock."""
    lock = (_PEERS / _LOCK).read_bytes()
    return _cache() / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"


def pypi_folder(package: str) -> Path:
    """Return where the virtual environment of a package is."""
    return _cache() / package


def from_debian(programs: Iterable[str], say: Say) -> None:
    """Install each program that is missing; here a package is called as its program."""
    missing = sorted({name for name in programs if shutil.which(name) is None})
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotInstall(
            f"missing: {', '.join(missing)}. Run: apt-get install {' '.join(missing)}"
        )
    say(f"installing from Debian: {', '.join(missing)}")
    noninteractive = {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], noninteractive)
    _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], noninteractive)


def from_npm(say: Say) -> None:
    """Install the peers of the lock."""
    folder = npm_folder()
    if (folder / _DONE).exists():
        return
    say(f"installing from npm into {folder}")
    npm = shutil.which("npm")
    if npm is None:
        raise CannotInstall("missing: npm. It comes with Node.js")
    folder.mkdir(parents=True, exist_ok=True)
    for name in (_PACKAGE, _LOCK):
        shutil.copy(_PEERS / name, folder)
    _run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)])
    (folder / _DONE).touch()


def from_pypi(package: str, say: Say) -> None:
    """Install a package by itself: its dependencies might quarrel with ours."""
    folder = pypi_folder(package)
    if (folder / _DONE).exists():
        return
    say(f"installing from PyPI into {folder}")
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", PYPI[package]])
    (folder / _DONE).touch()


def install(peers: Iterable[Peer], say: Say) -> dict[str, str]:
    """Install what the peers need; return why each that must be left out is."""
    left_out = {}
    for peer in peers:
        try:
            from_debian(peer.debian, say)
            if peer.uses_npm:
                from_npm(say)
            for package in peer.pypi:
                from_pypi(package, say)
        except CannotInstall as error:
            left_out[peer.name] = str(error)
    return left_out


def _cache() -> Path:
    return platformdirs.user_cache_path("wixproxy", appauthor=False) / "bench"


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> None:
    try:
        ended = subprocess.run(  # noqa: S603 - package managers, with our own words
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotInstall(f"{command[0]} took longer than {INSTALL_SECONDS} s") from error
    if ended.returncode != 0:
        text = ended.stdout.strip()[-_TOLD_CHARACTERS:]
        raise CannotInstall(f"{' '.join(command[:3])} failed: {text}")
