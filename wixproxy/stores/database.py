"""Run a SQLite file's transactions in one thread of its own.

1. What is returned is on the disk: each answer waits for its commit, and
   `synchronous=FULL` makes a commit wait for the disk.
2. What was asked for while a commit ran shares the next one, so that a burst
   costs few waits for the disk, and one that fails fails whole.
3. One process at a time owns the file; another may read and write beside it,
   but must not believe that what is under way was left behind.

The journal is a write-ahead log: one wait for each commit in place of two or
three, and readers that never block. It wants a local disk, not a network one.
Source: SQLite "Write-Ahead Logging", "PRAGMA synchronous".
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from ..errors import StoreUnavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

# Other processes hold the file for moments only, when somebody replays events.
BUSY_SECONDS = 5.0
MOST_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]

    def finish(self, value: Any, error: BaseException | None) -> None:
        """Tell whoever waits, from the thread."""
        try:
            self.loop.call_soon_threadsafe(self._tell, value, error)
        except RuntimeError:
            # The loop is closed, so nobody waits any more.
            return

    def _tell(self, value: Any, error: BaseException | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(value)
        else:
            self.done.set_exception(error)


class Database:
    """A SQLite file and its thread."""

    def __init__(self, path: Path, schema: str, version: int, *, owns: bool) -> None:
        """Open the file, and make it where there is none; raises `StoreUnavailable`."""
        self._path = path
        self._owner: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Events tell of people, so the file is nobody else's to read.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            if owns:
                self._owner = _claimed(path)
            self._connection = _opened(path, schema, version)
        except StoreUnavailable:
            self._disown()
            raise
        except (OSError, sqlite3.Error) as error:
            self._disown()
            raise StoreUnavailable(f"The file {path} cannot be used: {error}.") from error
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=f"{path.name} writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction; return once it is committed. Raises `StoreUnavailable`.

        Whoever stops waiting does not stop the work.
        """
        if self._closed:
            raise StoreUnavailable(f"The file {self._path} is closed.")
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._jobs.put(job)
        return cast("T", await job.done)

    async def close(self) -> None:
        """Finish what was asked for, and let go of the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        ends = False
        while not ends:
            batch = [self._jobs.get()]
            while len(batch) < MOST_TOGETHER and not self._jobs.empty():
                batch.append(self._jobs.get())
            ends = None in batch
            self._commit([job for job in batch if job is not None])
        self._connection.close()
        self._disown()

    def _commit(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            values = [job.work(self._connection) for job in jobs]
            self._connection.execute("COMMIT")
        except Exception as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            told: Exception = error
            if isinstance(error, sqlite3.Error):
                told = StoreUnavailable(f"The file {self._path} cannot be written: {error}.")
                told.__cause__ = error
            for job in jobs:
                job.finish(None, told)
            return
        for job, value in zip(jobs, values, strict=True):
            job.finish(value, None)

    def _disown(self) -> None:
        if self._owner is not None:
            self._owner.close()
            self._owner = None


def _opened(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Return a connection to a file that has this schema."""
    # Used by one thread at a time: this one here, then the writer alone.
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # On macOS a plain fsync leaves the data in the drive's cache.
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("BEGIN IMMEDIATE")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found == 0:
            for statement in filter(str.strip, schema.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version:d}")
        elif found != version:
            raise StoreUnavailable(
                f"The file {path} has the form {found}, and this wixproxy knows {version}. "
                "Use the version that wrote it, or another file."
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _claimed(path: Path) -> sqlite3.Connection:
    """Return a lock that the system itself lets go of when the process dies."""
    beside = path.with_name(f"{path.name}-owner")
    os.close(os.open(beside, os.O_CREAT | os.O_RDWR, 0o600))
    lock = sqlite3.connect(beside, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise StoreUnavailable(
            f"Another wixproxy delivers the events in {path}. "
            "Give each its own site.extensions.state_file."
        ) from error
    return lock
