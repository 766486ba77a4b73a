"""`/_wix/healthz` and `/_wix/readyz`: alive, and ready for traffic.

Ready means that connections are accepted, keys are loaded and the frontend
has answered once. It never means "Wix is up": pages degrade, so a proxy must
not be taken out of service because of somebody else's outage.
"""

from __future__ import annotations

from collections.abc import Callable

from ..downstream import ClientDownstream
from ..pages import json_answer


class Status:
    """Answers the two probes; `unready` returns the reason why not, or None."""

    def __init__(self, unready: Callable[[], str | None]) -> None:
        self._unready = unready

    async def healthz(self, downstream: ClientDownstream) -> None:
        """Say that the process answers."""
        fields, body = json_answer({"status": "alive"})
        await downstream.answer(200, fields, body)

    async def readyz(self, downstream: ClientDownstream) -> None:
        """Say whether traffic should come here."""
        reason = self._unready()
        values = {"status": "ready"} if reason is None else {"status": "unready", "reason": reason}
        fields, body = json_answer(values)
        await downstream.answer(200 if reason is None else 503, fields, body)
