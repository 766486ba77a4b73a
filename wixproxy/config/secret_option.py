"""Find the secret that an option means: a value, an environment variable or a file.

Exactly one of them, and nothing of what stands there is ever shown: someone
may have written the secret itself where a name was wanted. A file that
others on the machine can read holds no secret any more, so it is refused.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from ..sansio.redaction import Secret
from .problems import shown

PLACES = ("value", "env", "file")
MAX_SECRET_BYTES = 16 * 1024


def resolve(given: object, folder: Path, env: Mapping[str, str]) -> Secret:
    """Return the secret; raise ValueError with a sentence that does not tell it."""
    if isinstance(given, Secret):
        return given
    place, text = ("value", given) if not isinstance(given, Mapping) else _place(given)
    if not isinstance(text, str):
        raise ValueError(
            "expected a text, or a table with one of value, env or file, "
            f"found {shown(text, is_secret=True)}"
        )
    if place == "env":
        if text not in env:
            raise ValueError(
                'expected the name of an environment variable in "env", '
                "found one that is not set. Set it, or name another"
            )
        text = env[text]
    elif place == "file":
        text = _file(folder / text)
    if not text.strip():
        raise ValueError("expected a secret, found an empty text")
    return Secret(text.strip())


def _place(table: Mapping[object, object]) -> tuple[str, object]:
    given = [place for place in PLACES if place in table]
    if len(given) != 1 or len(table) != 1:
        found = " and ".join(given) or "none of them"
        more = " and something else" if len(table) > len(given) else ""
        raise ValueError(f"give one of value, env or file, not {found}{more}")
    return given[0], table[given[0]]


def _file(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            status = os.fstat(opened.fileno())
            text = opened.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:
        # The path is not repeated: it may be the secret, written in the wrong place.
        reason = error.strerror if isinstance(error, OSError) else "its name is no path"
        raise ValueError(f'the file that "file" names cannot be read: {reason}') from None
    check_private(status, path)
    if len(text) > MAX_SECRET_BYTES:
        raise ValueError(f"expected a file of at most {MAX_SECRET_BYTES} bytes, found more")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("expected a file with text in UTF-8, found other bytes") from None


def check_private(status: os.stat_result, path: Path) -> None:
    """Refuse a file that others can read; raise ValueError with the remedy.

    A file of ours is for us alone. One that another user owns, as root owns
    what Kubernetes mounts for a container with `fsGroup`, reaches us through
    its group, so there the group may read. Windows has no such bits: the
    folder of the user decides.
    """
    if os.name != "posix" or not stat.S_ISREG(status.st_mode):
        return
    mode = f"found mode {status.st_mode & 0o777:04o}"
    if status.st_uid == os.geteuid():
        if status.st_mode & 0o077:
            raise ValueError(
                f"expected a file for its owner alone, {mode}. "
                f"Run: chmod 600 {shlex.quote(str(path))}"
            )
    elif status.st_mode & 0o037:
        raise ValueError(
            f"expected a file that its owner and group alone can read, {mode}. "
            "Give it mode 0440 (in Kubernetes defaultMode: 0440)"
        )
