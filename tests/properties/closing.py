"""An upstream that closes its idle connections at the moment when the next request is sent.

It always answers the first request of a connection, as a server does that
gives up idle connections. Whatever comes behind that is answered or lost, at
any moment: before the request, beside it, or behind it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.public_listener import SECONDS
from tests.vectors.readers import values
from tests.vectors.scene import OK, Scene
from tests.wire.upstreams import Peer

AT_ONCE = 4
MOST_TURNS = 8
POST_SHARE = 0.3
BODY = b"an order"


@dataclass
class Rounds:
    """What came of the requests, by method and status, and how often each POST was delivered."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    delivered: Counter[int] = field(default_factory=Counter)
    answered: set[int] = field(default_factory=set)
    connections: int = 0

    @property
    def wrong(self) -> list[str]:
        """What must not be: a GET that failed, a POST that came twice, or was answered unheard."""
        found = [
            f"{count} times {method} was answered {status}"
            for (method, status), count in self.statuses.items()
            if status not in ({200} if method == "GET" else {200, 502})
        ]
        found += [
            f"POST {n} came {times} times" for n, times in self.delivered.items() if times > 1
        ]
        found += [f"POST {n} was never heard" for n in self.answered - self.delivered.keys()]
        return found


async def closing_rounds(scene: Scene, count: int, seed: int) -> Rounds:
    """Ask so often, while connections are closed under the requests."""
    rounds = Rounds()
    dice = random.Random(f"{seed}:upstream")

    async def script(peer: Peer) -> None:
        rounds.connections += 1
        if await _heard(peer, rounds):
            await peer.send(OK)
        while True:
            fate = dice.choice(("answers", "closes", "resets", "hears and closes", "closes"))
            if fate in {"answers", "hears and closes"}:
                if not await _heard(peer, rounds) or fate != "answers":
                    return
                await peer.send(OK)
                continue
            await _a_moment(dice)
            if fate == "resets":
                peer.reset()
            return

    scene.upstream.script = script
    numbers = iter(range(count))
    async with asyncio.TaskGroup() as clients:
        for row in range(AT_ONCE):
            clients.create_task(_client(scene, numbers, rounds, seed + row))
    return rounds


async def _client(scene: Scene, numbers: Iterator[int], rounds: Rounds, seed: int) -> None:
    """Ask one after the other; a POST has a number, by which it is known everywhere."""
    dice = random.Random(f"{seed}:client")
    client = await scene.client()
    for number in numbers:
        method = "POST" if dice.random() < POST_SHARE else "GET"
        body = BODY if method == "POST" else b""
        await _a_moment(dice)
        head = f"{method} /{number} HTTP/1.1\r\nHost: shop.test\r\n"
        head += f"Content-Length: {len(body)}\r\n" if body else ""
        await client.send(head.encode() + b"\r\n" + body)
        async with asyncio.timeout(SECONDS * 4):
            answer = await client.answer()
        status = answer.status
        rounds.statuses[method, status] += 1
        if method == "POST" and status == 200:
            rounds.answered.add(number)
        if values(answer.fields, b"Connection") == [b"close"]:
            client.writer.close()
            client = await scene.client()
        if dice.random() < 0.02:
            # What is idle for a while is closed in another state of everything.
            await asyncio.sleep(0.002)


async def _heard(peer: Peer, rounds: Rounds) -> bool:
    """Read one request to its end and note which; False when the proxy closed."""
    head = await peer.head()
    if not head:
        return False
    method, target, _ = head.split(b" ", 2)
    if method == b"POST":
        await peer.reader.readexactly(len(BODY))
        rounds.delivered[int(target[1:])] += 1
    return True


async def _a_moment(dice: random.Random) -> None:
    for _ in range(dice.randrange(MOST_TURNS)):
        await asyncio.sleep(0)
