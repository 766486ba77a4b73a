"""A terminal for tests: runs `wixproxy` as a process in a folder of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 30
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Terminal:
    """A folder, and variables that hold nothing of this machine's own."""

    folder: Path
    variables: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of wixproxy to its end."""
        return self.run_python("-m", "wixproxy", *words)

    def run_python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python to its end."""
        return subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, *words],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command beside the test, and end it at the latest with the test."""
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "wixproxy", *words],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


def terminal_in(folder: Path) -> Terminal:
    """Return a terminal whose home and project are `folder`."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    return Terminal(folder, variables)


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
