"""Find out how many files this process may have open, and how many clients that lets in.

Every client may need a connection of ours to answer it. Who is let in beyond
that is answered by nobody: the next file that is wanted, an upstream's, is not
to be had.
"""

from __future__ import annotations

import contextlib
import sys

# Listeners, logs, the file of events, Redis, and the upstreams' idle connections.
OWN_FILES = 192
LEAST_CLIENTS = 16


def allow_most() -> None:
    """Raise the limit as far as this process may; a shell's own is often 1,024."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Some systems allow less than they say.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def most_clients() -> int | None:
    """Return how many clients may be connected at once; None where there is no limit."""
    if sys.platform == "win32":
        return None
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if files == resource.RLIM_INFINITY else clients_for(files)


def clients_for(files: int) -> int:
    """Return how many clients so many files are enough for: two each, beside our own."""
    return max(LEAST_CLIENTS, (files - OWN_FILES) // 2)
