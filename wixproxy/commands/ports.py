"""Find out who holds a port, where the system tells.

Only a program's name and process id are told, never its command line: that
may hold secrets.

Source: proc(5): `/proc/net/tcp` gives each socket's local address, state and
inode; `/proc/<pid>/fd` gives the inodes that a process has open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"


def taken(host: str, port: int, chosen_with: str = "--port") -> str:
    """Say that another program has the port, which one, and what to do."""
    by = holder(port) or "another program"
    return f"port {port} of {host} is taken by {by}. Stop it, or choose another with {chosen_with}."


def holder(port: int, proc: Path = PROC) -> str | None:
    """Name the program that listens on `port`, or None where nobody can tell."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        # Processes of others do not show their files, and some end while we look.
        with suppress(OSError):
            if any(str(file.readlink()) in sockets for file in (process / "fd").iterdir()):
                name = (process / "comm").read_text(errors="replace").strip()
                return f"{name} (process {process.name})"
    return None


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]
