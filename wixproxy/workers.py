"""Run several worker processes on the same listening sockets, and keep them running.

1. The parent opens the sockets, forks the workers and serves nothing itself,
   so nothing that a client sends can hurt it.
2. A worker that dies is replaced at once; one that dies again and again, after
   pauses that grow. While the first ones start, a death ends everything: what
   stops one will stop the next.
3. Signals are handed on. Workers have process groups of their own, so that
   Ctrl-C reaches them once, through the parent.
4. A worker whose parent is gone stops by itself; nobody is left behind to
   hold the port.

Linux and macOS; Windows cannot fork.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOPPING = (signal.SIGTERM, signal.SIGINT)

# A worker that lived for less did not die by chance.
SHORT_LIFE_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0

log = logging.getLogger("wixproxy.workers")


@dataclass(frozen=True, slots=True)
class Place:
    """What one worker is given: its number from 0, and the ends of two pipes.

    `parent_pipe` reads as ended once the parent is gone.
    """

    number: int
    parent_pipe: int
    ready_pipe: int

    def tell_ready(self) -> None:
        """Tell the parent that this worker serves."""
        os.write(self.ready_pipe, bytes([self.number % 256]))


@dataclass(slots=True)
class _Worker:
    number: int
    started_at: float
    is_ready: bool = False


@dataclass(slots=True)
class _Vacancy:
    number: int
    due_at: float


@dataclass
class Workers:
    """`count` processes that run `work`, which returns the exit code.

    `when_ready` is called once all of them serve, and `when_stopping` once
    they are told to stop, to close what the parent holds of theirs.
    `patience_seconds` is how long they may take before they are killed.
    """

    count: int
    work: Callable[[Place], int]
    when_ready: Callable[[], None]
    when_stopping: Callable[[], None]
    patience_seconds: float
    _workers: dict[int, _Worker] = field(default_factory=dict)
    _vacancies: list[_Vacancy] = field(default_factory=list)
    _pauses: dict[int, float] = field(default_factory=dict)
    _all_ready: bool = False
    _kill_at: float | None = None
    _exit_code: int = 0

    def run(self) -> int:
        """Run until told to stop; return the exit code."""
        signals = _signal_pipe()
        self._parent_pipe = os.pipe()
        self._ready_pipe = os.pipe()
        for number in range(self.count):
            self._fork(number)
        while self._workers or self._vacancies:
            readable, _, _ = select.select([signals, self._ready_pipe[0]], [], [], self._seconds())
            if self._ready_pipe[0] in readable:
                self._note_ready(os.read(self._ready_pipe[0], 256))
            if signals in readable:
                for number in set(os.read(signals, 256)) & set(map(int, HANDED_ON)):
                    self._hand_on(signal.Signals(number))
            self._bury()
            self._fill_vacancies()
            self._kill_the_late()
        return self._exit_code

    @property
    def _is_stopping(self) -> bool:
        return self._kill_at is not None

    def _seconds(self) -> float | None:
        """Return how long nothing is due."""
        due = [vacancy.due_at for vacancy in self._vacancies]
        if self._kill_at is not None:
            due.append(self._kill_at)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _fork(self, number: int) -> None:
        # A signal that came in between would run the parent's handlers in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)
        process = os.fork()
        if process == 0:
            self._become_worker(number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
        self._workers[process] = _Worker(number, time.monotonic())

    def _become_worker(self, number: int) -> None:
        """Do the work, and never return into the parent's story."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for known in (*STOPPING, signal.SIGCHLD):
                signal.signal(known, signal.SIG_DFL)
            # What is configured now is read now; only later there is something to read again.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
            os.setpgid(0, 0)
            os.close(self._parent_pipe[1])
            os.close(self._ready_pipe[0])
            code = self.work(Place(number, self._parent_pipe[0], self._ready_pipe[1]))
        except BaseException:
            traceback.print_exc()
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _note_ready(self, numbers: bytes) -> None:
        for worker in self._workers.values():
            worker.is_ready = worker.is_ready or worker.number % 256 in numbers
        if not self._all_ready and all(worker.is_ready for worker in self._workers.values()):
            self._all_ready = True
            self.when_ready()

    def _hand_on(self, number: signal.Signals) -> None:
        if number in STOPPING:
            self._stop(number)
            return
        for process in self._workers:
            os.kill(process, number)

    def _stop(self, number: signal.Signals) -> None:
        self._vacancies.clear()
        self.when_stopping()
        self._kill_at = self._kill_at or time.monotonic() + self.patience_seconds
        for process in self._workers:
            os.kill(process, number)

    def _bury(self) -> None:
        """Take leave of every worker that has ended, and see that another comes."""
        while self._workers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            worker = self._workers.pop(process, None)
            if worker is not None:
                self._replace(worker, process, os.waitstatus_to_exitcode(status))

    def _replace(self, worker: _Worker, process: int, code: int) -> None:
        if self._is_stopping:
            # One that does not serve yet ends by the very signal that was handed on.
            is_well = code == 0 or (not worker.is_ready and -code in STOPPING)
            self._exit_code = self._exit_code or (0 if is_well else 1)
            return
        if not self._all_ready:
            self._exit_code = code if code > 0 else 1
            self._stop(signal.SIGTERM)
            return
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        log.error("worker %d (process %d) %s; another takes its place", worker.number, process, how)
        lived = time.monotonic() - worker.started_at
        pause = 0.0
        if lived < SHORT_LIFE_SECONDS:
            pause = self._pauses.get(worker.number, FIRST_PAUSE_SECONDS)
            self._pauses[worker.number] = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        else:
            self._pauses.pop(worker.number, None)
        self._vacancies.append(_Vacancy(worker.number, time.monotonic() + pause))

    def _fill_vacancies(self) -> None:
        now = time.monotonic()
        for vacancy in [vacancy for vacancy in self._vacancies if vacancy.due_at <= now]:
            self._vacancies.remove(vacancy)
            self._fork(vacancy.number)

    def _kill_the_late(self) -> None:
        if self._kill_at is None or time.monotonic() < self._kill_at or not self._workers:
            return
        log.error("%d workers did not stop in time and are killed", len(self._workers))
        self._kill_at = time.monotonic() + self.patience_seconds
        for process in self._workers:
            os.kill(process, signal.SIGKILL)


def _signal_pipe() -> int:
    """Have each signal written to a pipe; return its end for reading."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (*HANDED_ON, signal.SIGCHLD):
        # What a signal means is decided by whoever reads the pipe.
        signal.signal(number, lambda *_: None)
    return reading
