"""Count what is limited together with the other processes of a site, or with nobody.

This count comes on top of a process's own, which is taken first: it holds
where a process is alone, and where the common count cannot be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..sansio.buckets import Drawn


class SharedCounts(Protocol):
    """What several processes count as one."""

    async def take(self, drawn: Sequence[Drawn]) -> float:
        """Take all of these tokens; return 0, or the seconds to wait, which takes none.

        Returns 0, too, while the count cannot be reached.
        """
        ...

    async def give_back(self, drawn: Sequence[Drawn]) -> None:
        """Put back tokens that were taken."""
        ...

    async def close(self) -> None:
        """Let go of what is held open."""
        ...


class Alone:
    """The count of a process that shares it with no other."""

    async def take(self, drawn: Sequence[Drawn]) -> float:
        """Refuse nothing: the process's own count decides."""
        return 0.0

    async def give_back(self, drawn: Sequence[Drawn]) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing: nothing is open."""
