"""Messages that are cut off at any byte: nobody takes a part for the whole.

A cut is a close or a reset. The one message that may end with a close is an
answer without a length, so those are reset when they are cut.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.public_listener import SECONDS, settled
from tests.vectors.readers import Answer, Asked, UpstreamReader
from tests.vectors.scene import OK, Scene
from tests.wire.upstreams import Peer

AT_ONCE = 10
SIZES = (1, 2, 50, 3_000, 150_000)
MOST_TURNS = 10
# What is cut where it ends is not cut.
WHOLE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Message:
    """A message as bytes, of which only the first `cut` are sent, and how it ends then."""

    number: int
    sent: bytes
    cut: int
    body: bytes
    is_reset: bool
    version: str = "1.1"

    @property
    def is_whole(self) -> bool:
        return self.cut == len(self.sent)

    def __str__(self) -> str:
        end = "a reset" if self.is_reset else "a close"
        return (
            f"message {self.number}, HTTP/{self.version}, {self.cut} of {len(self.sent)} bytes and "
            f"{end}: {self.sent[:100]!r}"
        )


async def cut_uploads(scene: Scene, count: int, seed: int) -> list[str]:
    """Cut so many requests off; return what the upstream took for more than it was."""
    messages = [_upload(number, seed) for number in range(count)]
    delivered: list[Asked] = []

    async def script(peer: Peer) -> None:
        reader = UpstreamReader()
        while data := await peer.reader.read(65_536):
            for asked in reader.feed(data):
                delivered.append(asked)
                await peer.send(OK)

    async def send(message: Message) -> str | None:
        client = await scene.client()
        dice = random.Random(f"{seed}:{message.number}:pieces")
        await _in_pieces(client.writer, message.sent[: message.cut], dice)
        if message.is_whole and not message.is_reset:
            status = (await client.answer()).status
            client.writer.close()
            return None if status == 200 else f"{message}: answered {status}"
        (client.reset if message.is_reset else client.leave)()
        return None

    scene.upstream.script = script
    found = await _all(messages, send)
    await _quiet(scene, delivered)
    return found + _misdelivered(messages, delivered)


def _misdelivered(messages: list[Message], delivered: list[Asked]) -> list[str]:
    """Return which messages came too often, never, or as something else."""
    found = []
    by_target: dict[bytes, list[bytes]] = {}
    for asked in delivered:
        by_target.setdefault(asked.target, []).append(asked.body)
    for message in messages:
        bodies = by_target.get(b"/%d" % message.number, [])
        # Whoever sent all of it and was reset may have been heard, or not.
        most, least = message.is_whole, message.is_whole and not message.is_reset
        if not least <= len(bodies) <= most:
            found.append(f"{message}: delivered {len(bodies)} times")
        if any(body != message.body for body in bodies):
            found.append(f"{message}: delivered with another body")
    return found


async def cut_answers(scene: Scene, count: int, seed: int) -> list[str]:
    """Cut so many answers off; return what the client took for more than it was."""
    messages = [_answer(number, seed) for number in range(count)]

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            message = messages[int(head.split(b" ")[1][1:])]
            dice = random.Random(f"{seed}:{message.number}:pieces")
            await _in_pieces(peer.writer, message.sent[: message.cut], dice)
            if message.is_reset:
                peer.reset()
                return
            if not message.is_whole or b"Connection: close" in message.sent:
                return

    async def ask(message: Message) -> str | None:
        line = f"GET /{message.number} HTTP/{message.version}\r\nHost: shop.test\r\n\r\n"
        client = await scene.client(line.encode())
        answer = await client.answer()
        client.writer.close()
        return _judged(message, answer)

    scene.upstream.script = script
    return await _all(messages, ask)


def _judged(message: Message, answer: Answer) -> str | None:
    """Return what is wrong with the answer that a client made out of it."""
    told = f"{message}: found {answer.status}, {len(answer.body)} bytes, whole: {answer.whole}"
    if not answer.whole:
        # A reset may overtake the last bytes.
        return told if message.is_whole and not message.is_reset else None
    if answer.status == 502:
        return told if message.is_whole and not message.is_reset else None
    is_right = message.is_whole and answer.status == 200 and answer.body == message.body
    return None if is_right else told


def _upload(number: int, seed: int) -> Message:
    dice = random.Random(f"{seed}:{number}")
    body = dice.randbytes(dice.choice(SIZES))
    head = b"POST /%d HTTP/1.1\r\nHost: shop.test\r\n" % number
    if dice.random() < 0.5:
        sent = head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    else:
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n" + _chunked(dice, body)
    return Message(number, sent, _place(dice, len(sent)), body, dice.random() < 0.5)


def _answer(number: int, seed: int) -> Message:
    dice = random.Random(f"{seed}:{number}")
    body = dice.randbytes(dice.choice(SIZES))
    head = b"HTTP/1.1 200 OK\r\n"
    framing = dice.choice(("counted", "chunked", "open"))
    if framing == "counted":
        sent = head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    elif framing == "chunked":
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n" + _chunked(dice, body)
    else:
        sent = head + b"Connection: close\r\n\r\n" + body
    cut = _place(dice, len(sent))
    is_reset = (framing == "open" and cut < len(sent)) or dice.random() < 0.5
    return Message(number, sent, cut, body, is_reset, dice.choice(("1.1", "1.0")))


def _place(dice: random.Random, size: int) -> int:
    """Return where it is cut: anywhere, but often near the end."""
    if dice.random() < WHOLE_SHARE:
        return size
    return max(1, size - dice.randrange(1, 12)) if dice.random() < 0.4 else dice.randrange(1, size)


def _chunked(dice: random.Random, body: bytes) -> bytes:
    parts, rest = [], body
    while rest:
        size = dice.randrange(1, len(rest) + 1)
        parts.append(b"%x\r\n%b\r\n" % (size, rest[:size]))
        rest = rest[size:]
    return b"".join(parts) + b"0\r\n\r\n"


async def _in_pieces(writer: asyncio.StreamWriter, data: bytes, dice: random.Random) -> None:
    places = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        writer.write(data[start:end])
        await writer.drain()
        for _ in range(dice.randrange(MOST_TURNS)):
            await asyncio.sleep(0)


async def _all(
    messages: list[Message], play: Callable[[Message], Awaitable[str | None]]
) -> list[str]:
    """Play all of them, some at once; return what was found."""
    found, left = [], list(reversed(messages))

    async def one_after_the_other() -> None:
        while left:
            message = left.pop()
            try:
                async with asyncio.timeout(SECONDS * 4):
                    fault = await play(message)
            except ConnectionError as error:
                fault = None if message.is_reset else f"{message}: {error!r}"
            if fault is not None:
                found.append(fault)

    async with asyncio.TaskGroup() as clients:
        for _ in range(AT_ONCE):
            clients.create_task(one_after_the_other())
    return found


async def _quiet(scene: Scene, delivered: list[Asked]) -> None:
    """Return when no client is connected any more, and nothing is delivered."""
    async with asyncio.timeout(SECONDS * 4):
        while any(server.connections for server in scene.proxy._servers):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await settled(lambda: len(delivered))
