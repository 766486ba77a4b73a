"""Clients that leave at any moment: let them, and count what is left of them.

Each asks for something that takes its time, stops at any byte of it or waits
for any moment of the answer, and leaves in one of the ways there are.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from dataclasses import dataclass, field

from tests.properties.pools import in_use
from tests.vectors.readers import Client
from tests.vectors.scene import OK, Scene
from tests.wire.upstreams import Peer

AT_ONCE = 20
MOST_TURNS = 40
SETTLING_SECONDS = 20.0
# So many objects of a kind come and go by themselves.
STRAY = 5
# What the proxy is made of; streams are the test's own ends.
OURS = ("wixproxy", "aiohttp", "asyncio", "_asyncio", "uvloop")
NOT_OURS = "asyncio.streams"

HOST = b"Host: shop.test\r\n"
UPLOAD_BYTES = 40_000
ASKED = {
    "a page": b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n",
    "the last page": b"GET /page HTTP/1.0\r\n" + HOST + b"\r\n",
    "pages in a row": (b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n") * 5,
    "a long answer": b"GET /long HTTP/1.1\r\n" + HOST + b"\r\n",
    "events": b"GET /events HTTP/1.1\r\n" + HOST + b"\r\n",
    "what does not come": b"GET /never HTTP/1.1\r\n" + HOST + b"\r\n",
    "an upload": b"POST /upload HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (HOST, UPLOAD_BYTES)
    + b"x" * UPLOAD_BYTES,
    "an upload in chunks": b"POST /upload HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % HOST
    + b"3e8\r\n%b\r\n" % (b"x" * 1_000) * (UPLOAD_BYTES // 1_000)
    + b"0\r\n\r\n",
    "a WebSocket": b"GET /socket HTTP/1.1\r\n%bUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    % HOST
    + b"frames",
    "nonsense": b"GET / HTTP/1.1\r\nnonsense\r\n\r\n",
}
SWITCHED = b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@dataclass
class Left:
    """What was left, and which kinds of objects of ours grew in the second half, by how much."""

    tasks: list[str] = field(default_factory=list)
    connections: int = 0
    in_use: int = 0
    grown: dict[str, int] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        return not (self.tasks or self.connections or self.in_use)


async def frontend(peer: Peer) -> None:
    """Answer by the path: at once, at length, in events, never, or what was uploaded."""
    while head := await peer.head():
        path = head.split(b" ")[1]
        if path == b"/long":
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n")
            for _ in range(100):
                await peer.send(b"x" * 4_000)
        elif path == b"/events":
            await peer.send(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
            )
            await peer.gone()
        elif path == b"/never":
            await peer.gone()
        elif path == b"/socket":
            await peer.send(SWITCHED)
            while data := await peer.reader.read(65_536):
                await peer.send(data)
        elif path == b"/upload":
            if not await _uploaded(peer, head):
                return
            await peer.send(OK)
        else:
            await peer.send(OK)


async def _uploaded(peer: Peer, head: bytes) -> bool:
    """Read the body; False when it breaks off."""
    end = b"0\r\n\r\n" if b"chunked" in head.lower() else b"x" * UPLOAD_BYTES
    received = b""
    while not received.endswith(end):
        piece = await peer.reader.read(65_536)
        if not piece:
            return False
        received += piece
    return True


async def departures(scene: Scene, count: int, seed: int) -> Left:
    """Let so many clients leave; return what is left, and what grew since the first half left."""
    scene.upstream.script = frontend
    standing = asyncio.all_tasks()
    await _leave(scene, count // 2, random.Random(f"{seed}:first"))
    left = await _settled(scene, standing)
    await _forget(scene)
    before = _objects()
    await _leave(scene, count - count // 2, random.Random(f"{seed}:second"))
    if left.nothing:
        left = await _settled(scene, standing)
    await _forget(scene)
    left.grown = await _grown(before)
    return left


async def _leave(scene: Scene, count: int, dice: random.Random) -> None:
    async def one_after_the_other(count: int) -> None:
        for _ in range(count):
            await _come_and_go(scene, dice)

    async with asyncio.TaskGroup() as clients:
        for row in range(AT_ONCE):
            clients.create_task(one_after_the_other(count // AT_ONCE + (row < count % AT_ONCE)))


async def _come_and_go(scene: Scene, dice: random.Random) -> None:
    asked = dice.choice(list(ASKED.values()))
    if dice.random() < 0.4:
        asked = asked[: dice.randrange(len(asked))]
    client = await scene.client()
    client.writer.write(asked)
    for _ in range(dice.randrange(MOST_TURNS)):
        await asyncio.sleep(0)
    if dice.random() < 0.3:
        await asyncio.sleep(dice.random() / 200)
    dice.choice((Client.leave, Client.reset, Client.half_close))(client)
    await asyncio.sleep(0)
    client.writer.close()


async def _settled(scene: Scene, standing: set[asyncio.Task[object]]) -> Left:
    """Return what is left once nothing is, or after a long while."""
    ends_at = asyncio.get_running_loop().time() + SETTLING_SECONDS
    while True:
        left = _left(scene, standing)
        if left.nothing or asyncio.get_running_loop().time() > ends_at:
            return left
        await asyncio.sleep(0.01)


def _left(scene: Scene, standing: set[asyncio.Task[object]]) -> Left:
    # The upstream's end of a connection that is kept is not the proxy's affair.
    known = standing | scene.upstream.upstream.tasks
    return Left(
        [repr(task.get_coro()) for task in asyncio.all_tasks() - known],
        sum(len(server.connections) for server in scene.proxy._servers),
        in_use(),
    )


async def _forget(scene: Scene) -> None:
    """End the connections that are kept; the script stays."""
    await scene.renew()
    scene.upstream.script = frontend


async def _grown(before: Counter[str]) -> dict[str, int]:
    """Return which kinds are more than before, also once the timers have run out."""
    ends_at = asyncio.get_running_loop().time() + SETTLING_SECONDS
    while True:
        grown = {kind: more for kind, more in (_objects() - before).items() if more > STRAY}
        if not grown or asyncio.get_running_loop().time() > ends_at:
            return grown
        await asyncio.sleep(0.2)


def _objects() -> Counter[str]:
    gc.collect()
    names = (f"{type(one).__module__}.{type(one).__name__}" for one in gc.get_objects())
    return Counter(
        name for name in names if name.startswith(OURS) and not name.startswith(NOT_OURS)
    )
