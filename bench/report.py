"""Tell what was measured: a table for each case, the goals, and all of it as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .course import Course
from .figures import ERRORS, Case
from .goals import verdicts

VERSION_SECONDS = 60
_NAME_COLUMN = 22
_COLUMN = 14

# How a figure is headed, and with how many digits it is written.
_HEADINGS = {
    "cpu_us": ("CPU µs", 1),
    "per_second": ("per second", 0),
    "p50_ms": ("p50 ms", 2),
    "p99_ms": ("p99 ms", 2),
    "rss_mib": ("MiB", 1),
    "peak_mib": ("peak MiB", 1),
    "requests": ("requests", 0),
    "messages": ("messages", 0),
    "mib_per_second": ("MiB/s", 0),
    "cpu_ms_per_mib": ("CPU ms/MiB", 2),
    "growth_mib": ("growth MiB", 1),
    "ahead_mib": ("ahead MiB", 1),
    "kb_each": ("kB each", 1),
    "grown_mb": ("growth MB", 1),
    "ready_ms": ("ready ms", 0),
    "start_ms": ("ms", 0),
    ERRORS: ("errors", 0),
}


def table(case: Case) -> str:
    """Return the medians of a case, peers below each other, in columns."""
    names = list(dict.fromkeys(name for peer in case.rounds for name in case.medians(peer)))
    heading = _row("", ["ratio", *(_HEADINGS[name][0] for name in names)])
    lines = [case.title, f"  {case.how}", heading]
    for peer in case.rounds:
        medians, ratio = case.medians(peer), case.ratio(peer)
        cells = [f"{ratio:.2f}" if ratio is not None else "-"]
        for name in names:
            digits = _HEADINGS[name][1]
            cells.append(f"{medians[name]:,.{digits}f}" if name in medians else "-")
        lines.append(_row(peer, cells))
    lines += [f"  {peer} was left out: {reason}" for peer, reason in case.left_out.items()]
    return "\n".join(lines)


def judged(cases: Sequence[Case]) -> str:
    """Return how the goals that these cases can tell of are met."""
    told = verdicts(cases)
    if not told:
        return "No goal could be judged by what was run."
    return "\n".join(["Goals", *(f"  {verdict}" for verdict in told)])


def circumstances(course: Course) -> dict[str, Any]:
    """Return how, when and on what it was measured."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "kernel": platform.release(),
        },
        "versions": {peer.name: _version(peer.version()) for peer in course.peers},
        "rounds": course.rounds,
        "seconds": course.seconds,
        "quick": course.quick,
    }


def note(made: Mapping[str, Any]) -> str:
    """Return the line below the picture."""
    machine = made["machine"]
    rounds = f"median of {made['rounds']} interleaved rounds"
    return f"{rounds}, {made['at'][:10]}, {machine['processor']}, {machine['cores']} cores"


def as_json(course: Course, made: Mapping[str, Any]) -> str:
    """Return everything: how it was measured, every round, the medians and the verdicts."""
    cases = {
        case.name: {
            "title": case.title,
            "how": case.how,
            "compares": case.compares,
            "medians": {peer: case.medians(peer) for peer in case.rounds},
            "ratios": {peer: case.ratio(peer) for peer in case.rounds},
            "rounds": case.rounds,
            "left_out": case.left_out,
        }
        for case in course.cases
    }
    goals = [verdict.as_dict() for verdict in verdicts(course.cases)]
    text = json.dumps({"made": made, "cases": cases, "goals": goals}, indent=1, ensure_ascii=False)
    return text + "\n"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<{_NAME_COLUMN}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(command: Sequence[str]) -> str:
    """Return the first line that a program tells of its version."""
    ended = subprocess.run(  # noqa: S603 - our own words
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=VERSION_SECONDS,
        check=False,
    )
    return ended.stdout.strip().partition("\n")[0]
