"""Tell which program listens on a port, as far as this machine tells.

Linux lists listening sockets in `/proc/net/tcp` with an inode, and the open
files of each process that belongs to us; whoever's inode it is holds the
port. On other systems, and for other users' processes, nobody is named.
Source: proc(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_LISTEN = "0A"


def holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """Return the program that listens on `port`, as "node (pid 4711)", or None."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        try:
            if any(str(opened.readlink()) in sockets for opened in (process / "fd").iterdir()):
                # A program may give itself any bytes for a name.
                name = (process / "comm").read_text("utf-8", "replace").strip()
                return f"{name} (pid {process.name})"
        except OSError:
            continue  # The process has ended, or is somebody else's.
    return None


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                yield inode
