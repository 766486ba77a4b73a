"""A SQLite file and its thread: what is promised is on the disk, and nobody else's."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from wixproxy.errors import StoreUnavailable
from wixproxy.stores.database import Database

SCHEMA = "CREATE TABLE numbers (number INTEGER PRIMARY KEY);"


def opened(path: Path, *, version: int = 1, owns: bool = True) -> Database:
    return Database(path, SCHEMA, version, owns=owns)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "numbers.sqlite3"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = opened(path)
    yield database
    await database.close()


def added(number: int) -> Callable[[sqlite3.Connection], None]:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))

    return work


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM numbers").fetchone()[0])


def test_the_folder_and_its_files_are_nobody_elses_to_read(path: Path) -> None:
    async def written() -> list[tuple[str, int]]:
        database = opened(path)
        await database.run(added(1))
        found = [(each.name, each.stat().st_mode & 0o077) for each in path.parent.iterdir()]
        await database.close()
        return found

    found = dict(asyncio.run(written()))
    assert found.keys() >= {path.name, f"{path.name}-wal", f"{path.name}-owner"}
    assert set(found.values()) == {0}
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_every_commit_waits_for_the_disk(database: Database) -> None:
    def asked(connection: sqlite3.Connection) -> list[int | str]:
        names = ("journal_mode", "synchronous", "fullfsync")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.run(asked) == ["wal", 2, 1]


async def test_what_returned_is_there_for_everybody(database: Database, path: Path) -> None:
    await database.run(added(1))
    beside = opened(path, owns=False)
    assert await beside.run(count) == 1
    await beside.close()


async def test_what_was_asked_for_during_a_commit_shares_the_next_one(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()
    begins: list[str] = []

    def holds(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(lambda text: begins.append(text) if "BEGIN" in text else None)
        begun.set()
        go_on.wait(5)

    holding = asyncio.create_task(database.run(holds))
    await asyncio.to_thread(begun.wait, 5)
    adding = [asyncio.create_task(database.run(added(number))) for number in range(50)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(holding, *adding)
    assert len(begins) == 1


async def test_a_failing_write_fails_for_everyone_who_shares_it(database: Database) -> None:
    results = await asyncio.gather(
        database.run(added(1)), database.run(added(1)), return_exceptions=True
    )
    assert any(isinstance(result, StoreUnavailable) for result in results)
    # Whether they shared a transaction or not, what was promised is there.
    assert await database.run(count) == results.count(None)


async def test_after_a_failure_the_next_write_goes_well(database: Database) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        added(5)(connection)
        connection.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StoreUnavailable, match="cannot be written: no such table"):
        await database.run(broken)
    await database.run(added(1))
    assert await database.run(count) == 1


async def test_two_processes_do_not_own_one_file(database: Database, path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="Another wixproxy"):
        opened(path)


async def test_a_file_that_was_closed_may_be_owned_again(database: Database, path: Path) -> None:
    await database.run(added(1))
    await database.close()
    again = opened(path)
    assert await again.run(count) == 1
    await again.close()


async def test_a_closed_file_says_so(database: Database) -> None:
    await database.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        await database.run(count)


async def test_what_was_asked_for_before_the_end_is_done(database: Database, path: Path) -> None:
    waiting = [asyncio.create_task(database.run(added(number))) for number in range(20)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    again = opened(path)
    assert await again.run(count) == 20
    await again.close()


async def test_a_file_of_another_version_is_left_alone(database: Database, path: Path) -> None:
    await database.close()
    with pytest.raises(StoreUnavailable, match="has the form 1, and this wixproxy knows 2"):
        opened(path, version=2)
    again = opened(path)
    assert await again.run(count) == 0
    await again.close()


def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        opened(path)
    assert path.read_bytes() == b"something else entirely" * 100


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        opened(tmp_path / "file" / "numbers.sqlite3")
