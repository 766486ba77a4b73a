"""The key of a machine: made once, kept, private, and one for all processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wixproxy.config.development_key import FILE_NAME, development_key
from wixproxy.errors import ConfigError
from wixproxy.sansio.keyring import Key

REPOSITORY = Path(__file__).parents[2]
PROCESSES = 6

# Waits for the starting shot, so that all processes look for the file at once.
RACER = """
import sys
from pathlib import Path
from wixproxy.config.development_key import development_key
print("ready", flush=True)
sys.stdin.readline()
print(development_key(Path(sys.argv[1])).reveal(), flush=True)
"""


def test_a_key_is_made_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "wixproxy"
    first = development_key(folder)
    assert Key.from_text(first.reveal())
    assert development_key(folder) == first


def test_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    """R23."""
    folder = tmp_path / "wixproxy"
    development_key(folder)
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0


def test_nothing_but_the_key_is_left(tmp_path: Path) -> None:
    development_key(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_two_machines_have_two_keys(tmp_path: Path) -> None:
    assert development_key(tmp_path / "one") != development_key(tmp_path / "other")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    """R23."""
    key = development_key(tmp_path)
    path = tmp_path / FILE_NAME
    path.chmod(mode)
    with pytest.raises(ConfigError) as refusal:
        development_key(tmp_path)
    (line,) = refusal.value.problems
    assert line == (
        f"session.keys (from {path}): expected a file for its owner alone, found mode {mode:04o}. "
        f'Run: chmod 600 {path}. Or set session.keys to a key of "wixproxy newkey".'
    )
    assert key.reveal() not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "c2hvcnQ=", "\xff\xfe"])
def test_a_file_without_a_key_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text, "latin-1")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="expected 32 bytes in base64"):
        development_key(tmp_path)
    assert path.read_text("latin-1") == text


def test_a_folder_that_cannot_be_made_is_a_problem_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"Or set session\.keys to a key of"):
        development_key(tmp_path / "file")


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    racers = [
        subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", RACER, str(folder)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(PROCESSES) as together:
        keys = {output for output, _ in together.map(lambda racer: racer.communicate("\n"), racers)}
    assert [racer.returncode for racer in racers] == [0] * PROCESSES
    assert len(keys) == 1
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
