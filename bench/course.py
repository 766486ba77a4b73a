"""Lead the peers through the cases: all of them running, one after the other, round by round.

Interleaving is the point. What disturbs the machine for a minute disturbs all
peers alike, and the first peer of one round is the last of the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .figures import Case, Figures
from .installing import Say
from .peers.peer import Peer, Task
from .processes import DidNotStart, Server

Measure = Callable[[Server], Awaitable[Figures]]


@dataclass
class Course:
    """One run: who takes part, how often, how long, and what has been measured so far."""

    peers: Sequence[Peer]
    rounds: int
    seconds: int
    """How long one peer is asked in one round."""
    quick: bool
    folder: Path
    say: Say
    cases: list[Case] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Tell whether everything was measured, and no request went wrong."""
        return bool(self.cases) and not any(
            case.errors or case.left_out or not case.rounds for case in self.cases
        )

    async def start(
        self, running: AsyncExitStack, task: Task, names: Sequence[str] | None = None
    ) -> Mapping[str, Server]:
        """Start the peers, or those of `names`, for as long as `running` lasts."""
        servers = {}
        for peer in self.peers:
            if names is not None and peer.name not in names:
                continue
            try:
                servers[peer.name] = await running.enter_async_context(
                    peer.serving(task, self.folder)
                )
            except DidNotStart as error:
                self.say(f"  {peer.name} is left out: {error}")
        return servers

    async def measure(
        self,
        case: Case,
        servers: Mapping[str, Server],
        measure: Measure,
        *,
        warms_up: Measure | None = None,
        rounds: int | None = None,
    ) -> Case:
        """Measure all servers round by round; what fails on one is told, and it goes on without."""
        if case not in self.cases:
            self.cases.append(case)
            self.say(f"\n{case.title}")
        going = dict(servers)
        if warms_up is not None:
            for name in list(going):
                await self._one(case, going, name, warms_up, counts=False)
        for number in range(rounds or self.rounds):
            names = list(going)
            shift = number % len(names) if names else 0
            for name in names[shift:] + names[:shift]:
                await self._one(case, going, name, measure, counts=True)
        return case

    async def _one(
        self, case: Case, going: dict[str, Server], name: str, measure: Measure, *, counts: bool
    ) -> None:
        try:
            figures = await measure(going[name])
        except (OSError, RuntimeError, TimeoutError) as error:
            case.left_out[name] = f"{type(error).__name__}: {error}"
            self.say(f"  {name} is left out: {case.left_out[name]}")
            del going[name]
            return
        if counts:
            case.add(name, figures)
            self.say(f"  {name:<22}{_shortly(figures)}")


def _shortly(figures: Figures) -> str:
    return "  ".join(f"{name} {value:,.3g}" for name, value in figures.items())
