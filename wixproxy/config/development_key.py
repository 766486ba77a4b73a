"""Keep one sealing key for development, so that a restart does not end every session.

The key rests in a file of mode 0600 in the platform's folder for state. It
is written whole under another name and then linked, so of two processes that
start at once one key wins and both read that one. A file that others can
read or own is refused.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError
from ..sansio.keyring import Key
from ..sansio.redaction import Secret
from .secret_option import check_private

FILE_NAME = "session.key"
_ADVICE = 'Or set session.keys to a key of "wixproxy newkey".'


def state_folder() -> Path:
    """Return the platform's folder for the state of wixproxy."""
    # Only development needs it.
    import platformdirs

    return platformdirs.user_state_path("wixproxy", appauthor=False)


def development_key(folder: Path) -> Secret:
    """Return the key that `folder` keeps, making it at the first call; raise `ConfigError`."""
    path = folder / FILE_NAME
    with _explained(path):
        if not path.exists():
            _create(path)
        return _read(path)


def kept_key(folder: Path) -> Secret | None:
    """Return the key that `folder` keeps, None where it has none yet; raise `ConfigError`."""
    path = folder / FILE_NAME
    with _explained(path):
        return _read(path) if path.exists() else None


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what goes wrong with the file into a `ConfigError`."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            [f"session.keys: cannot keep a development key in {path}: {error.strerror}. {_ADVICE}"]
        ) from error
    except ValueError as error:
        raise ConfigError([f"session.keys (from {path}): {error}. {_ADVICE}"]) from error


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(Key.generate().to_text().reveal() + "\n")
            file.flush()
            os.fsync(file.fileno())
        # If another process was first, its key is ours as well.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> Secret:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        check_private(status, path)
        if os.name == "posix" and status.st_uid != os.geteuid():
            raise ValueError(f"the file belongs to another user (uid {status.st_uid})")
        text = file.read(1024).decode("ascii", "replace")
    return Key.from_text(text).to_text()
