"""Read from /proc what a process and all that it started cost.

CPU time is what the kernel counted, so a busy machine disturbs it far less
than it disturbs a rate or a latency.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
# proc(5), counted from behind the name, which may hold anything.
_STATE, _PARENT, _TIMES, _STARTED = 0, 1, slice(11, 15), 19
_ENDED = frozenset("ZX")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes of a process tree: now, and at most since the peak was reset."""

    rss_bytes: int
    peak_bytes: int


def tree(pid: int) -> list[int]:
    """Return the process and its living descendants."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(folder.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time, user and system, of the tree and of what ended in it."""
    ticks = 0
    for one in tree(pid):
        if fields := _stat(one):
            # Own times, and those of children that were waited for.
            ticks += sum(map(int, fields[_TIMES]))
    return ticks / _TICKS_PER_SECOND


def memory(pid: int) -> Memory:
    """Return what the tree holds in memory."""
    held = {"VmRSS": 0, "VmHWM": 0}
    for one in tree(pid):
        for line in _read(_PROC / str(one) / "status").splitlines():
            name, _, value = line.partition(":")
            if name in held:
                held[name] += int(value.split()[0]) * 1024
    return Memory(held["VmRSS"], held["VmHWM"])


def reset_peak(pid: int) -> None:
    """Let the peak begin again at what is resident now."""
    for one in tree(pid):
        (_PROC / str(one) / "clear_refs").write_text("5")


def descriptors(pid: int) -> int:
    """Return how many files and sockets the tree has open."""
    return sum(len(os.listdir(_PROC / str(one) / "fd")) for one in tree(pid))


def started_at(pid: int) -> int | None:
    """Return when the process began, in ticks: with its id it names one process for good."""
    fields = _stat(pid)
    return int(fields[_STARTED]) if fields else None


def is_running(pid: int, since: int | None) -> bool:
    """Tell whether the process that began at `since` still runs."""
    fields = _stat(pid)
    return bool(fields) and int(fields[_STARTED]) == since and fields[_STATE] not in _ENDED


def _stat(pid: int) -> list[str]:
    return _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
