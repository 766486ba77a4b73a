"""Run one command, and end all of it with whoever started it.

A program of its own, for nothing in a process that is killed can clean up
after it. It holds one end of a pipe as its standard input, and the proxy
holds the other and never writes: when the proxy closes it, or is gone in
whatever way, the command's process group gets SIGTERM, and SIGKILL some
seconds later; a signal to the watchdog itself does the same, and a second one
leaves out the wait. When the command ends by itself, what it left in its group
ends likewise, and the watchdog ends with the command's exit code, as a shell
writes it.

The command shares the pipe as its standard input: dev servers that end with
their input go on. It has a session without a terminal, so that Ctrl-C
reaches the proxy alone. Nothing of ours is imported, so that it starts at
once: `python -I -S watchdog.py SECONDS COMMAND …`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

KILL_SECONDS = 1.0
STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

# What a shell answers for these.
CANNOT_RUN, NOT_FOUND, BY_SIGNAL = 126, 127, 128

PIPE = 0  # standard input
_PR_SET_CHILD_SUBREAPER = 36


def main(term_seconds: float, command: list[str]) -> int:
    """Run `command`; return its exit code."""
    signals = _signals()
    _adopt_orphans()
    try:
        # What Python ignores for itself is the command's own affair.
        child = os.posix_spawnp(
            command[0], command, os.environ, setpgroup=0, setsigdef=[signal.SIGPIPE, signal.SIGXFSZ]
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN
    code = _watch(child, signals)
    return _end(child, signals, code, term_seconds)


def _signals() -> int:
    """Have each signal written to a pipe; return its end for reading."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in {*STOPPING, signal.SIGCHLD}:
        # A handler, unlike SIG_IGN, is not handed on to the command.
        signal.signal(number, lambda *_: None)
    return reading


def _adopt_orphans() -> None:
    """Be the parent of what the command leaves behind, where Linux lets us, to see it end.

    In a container nobody else might; prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _watch(child: int, signals: int) -> int | None:
    """Return the command's exit code, or None when it shall end."""
    while True:
        readable, _, _ = select.select([PIPE, signals], [], [])
        told = _drained(signals) if signals in readable else b""
        code = _reap(child)
        if code is not None or PIPE in readable or STOPPING & set(told):
            return code


def _end(child: int, signals: int, code: int | None, term_seconds: float) -> int:
    """End the command's group; return the exit code."""
    for number, seconds in ((signal.SIGTERM, term_seconds), (signal.SIGKILL, KILL_SECONDS)):
        until = time.monotonic() + seconds
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, number)
        while True:
            ended = _reap(child)
            code = ended if ended is not None else code
            if not _is_there(child):
                return code if code is not None else 0
            left = until - time.monotonic()
            if left <= 0:
                break
            # An orphan that somebody else reaps tells us nothing.
            select.select([signals], [], [], min(left, 0.1))
            if STOPPING & set(_drained(signals)):
                break
    return code if code is not None else BY_SIGNAL + signal.SIGKILL


def _reap(child: int) -> int | None:
    """Take leave of every process that has ended; return the command's code if it is among them."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            if process == child:
                ended = os.waitstatus_to_exitcode(status)
                code = ended if ended >= 0 else BY_SIGNAL - ended
    return code


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS says so of a group in which all have ended.
        return False
    return True


def _drained(signals: int) -> bytes:
    try:
        return os.read(signals, 1024)
    except BlockingIOError:
        return b""


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
