"""Tell which programs listen on which ports, as far as this machine tells.

Linux lists listening sockets in `/proc/net/tcp` with an inode, and the open
files of each process that belongs to us; whoever's inode it is holds the
port. On other systems, and for other users' processes, nothing is known.
Source: proc(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")

_LISTEN = "0A"


def holder(port: int, proc: Path = PROC) -> str | None:
    """Return the program that listens on `port`, as "node (pid 4711)", or None."""
    sockets = {link for link, held in _listening(proc) if held == port}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        if any(link in sockets for link in _open_files(process)):
            try:
                # A program may give itself any bytes for a name.
                name = (process / "comm").read_text("utf-8", "replace").strip()
            except OSError:
                continue
            return f"{name} (pid {process.name})"
    return None


def ports_of_session(session: int, proc: Path = PROC) -> frozenset[int] | None:
    """Return the ports that the processes of a session listen on; None where nobody tells."""
    if not (proc / "net" / "tcp").exists():
        return None
    ports = dict(_listening(proc))
    return frozenset(
        ports[link]
        for process in proc.glob("[0-9]*")
        if _session(process) == session
        for link in _open_files(process)
        if link in ports
    )


def _session(process: Path) -> int | None:
    try:
        status = (process / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The name in parentheses may hold anything, parentheses too.
    return int(status.rpartition(")")[2].split()[3])


def _open_files(process: Path) -> Iterator[str]:
    """Yield what each open file is; nothing for a process that has ended or is somebody else's."""
    try:
        files = list((process / "fd").iterdir())
    except OSError:
        return
    for file in files:
        try:
            yield str(file.readlink())
        except OSError:
            continue


def _listening(proc: Path) -> Iterator[tuple[str, int]]:
    """Yield each listening socket, as the link to it reads, with its port."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTEN:
                yield f"socket:[{inode}]", int(local.rpartition(":")[2], 16)
