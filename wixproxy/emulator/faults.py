"""Decide which calls go wrong, and how.

Law: faults are tried in the order given; the first that matches and is not
used up strikes. A fault strikes before the call has any effect, or after it,
which is how an answer is lost that Wix has already acted on.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal["latency", "status", "reset", "html", "nonsense", "slow_body"]


class Fault(BaseModel):
    """One way to go wrong, for the calls it matches."""

    model_config = ConfigDict(extra="forbid")

    path: str = "*"
    """A shell pattern over the path as received; `*` matches slashes too."""
    method: str = "*"
    kind: FaultKind = "status"
    status: int = Field(default=500, ge=200, le=599)
    """For `status` and `html`."""
    latency_ms: int = Field(default=0, ge=0)
    """Real milliseconds before anything else happens; with `slow_body`, between the pieces."""
    count: int | None = Field(default=None, ge=0)
    """How many calls are struck; without it, all."""
    when: Literal["before", "after"] = "before"

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault is meant for a call and not used up."""
        if self.count == 0:
            return False
        return fnmatchcase(path, self.path) and self.method.upper() in ("*", method.upper())


class FaultPlan:
    """The faults in force, in order."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the fault that strikes this call, counting it as used."""
        for fault in self.faults:
            if fault.matches(method, path):
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def clear(self) -> None:
        """Let everything go well again."""
        self.faults.clear()
