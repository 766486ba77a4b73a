"""Sessions whose calls share a few connections: whose token goes where, whose answer comes back.

Wix and the frontend are plain bytes here: they note what they are shown, and
nothing of the proxy's is asked about what it did.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import HandClock
from tests.properties.pools import open_pools
from tests.public_listener import SECONDS, Client
from tests.vectors.scene import configured
from tests.vectors.tables import HOST
from tests.wire.upstreams import Peer, Script, Upstream
from wixproxy.listening import listen
from wixproxy.server import build

CLIENTS = 16
CALLS = 3
PAGE_SHARE = 0.3
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BEARER = re.compile(rb"\r\nauthorization: *(?:bearer +)?([^\r\n]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\ncookie: *([^\r\n]+)", re.IGNORECASE)
_SESSION = re.compile(rb"\r\nset-cookie: *(__Host-wixproxy[^;]*)", re.IGNORECASE)
_CALL = (
    b"GET %b HTTP/1.1\r\nHost: %b\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
    b"Sec-Fetch-Dest: empty\r\nCookie: %b\r\n\r\n"
)


@dataclass
class Seen:
    """What Wix and the frontend were shown, by the session's own mark, and what went wrong."""

    tokens: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    sealed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    minted: int = 0
    calls: int = 0
    wrong: list[str] = field(default_factory=list)
    connections: int = 0

    def mixed_up(self) -> list[str]:
        """Return which sessions had two tokens, and which tokens had two sessions."""
        found = list(self.wrong)
        for kind, seen in (("token", self.tokens), ("cookie", self.sealed)):
            owners = defaultdict(set)
            for mark, texts in seen.items():
                if kind == "token" and len(texts) != 1:
                    found.append(f"session {mark} went with {len(texts)} tokens")
                for text in texts:
                    owners[text].add(mark)
            found += [
                f"one {kind} went with sessions {sorted(marks)}"
                for marks in owners.values()
                if len(marks) > 1
            ]
        return found


@dataclass
class _Session:
    """One browser: its mark, which stands in all that it sends, and its cookie."""

    mark: str
    cookie: bytes = b""


@asynccontextmanager
async def interleaving(
    folder: Path, *, one_connection: bool
) -> AsyncIterator[Callable[[int, int], Awaitable[Seen]]]:
    """Run the proxy; gives what lets so many sessions call, by a seed."""
    seen = Seen()
    wix, frontend = Upstream(_wix(seen)), Upstream(_frontend(seen))
    options = {
        "upstream.url": str(await frontend.start()),
        "browser.inject": False,
        # All of them come from one address.
        "session.new_visitors_per_minute": 1_000_000,
    }
    config = configured(folder, options).with_emulated_site(
        api_origin=str(await wix.start()), client_id="12345678-90ab-cdef-1234-567890abcdef"
    )
    before = set(map(id, open_pools()))
    proxy = build(config, clock=HandClock())
    if one_connection:
        for pool in open_pools():
            if id(pool) not in before:
                pool._max = 1
    (opened,) = listen("127.0.0.1", 0)
    port = opened.getsockname()[1]
    await proxy.start([opened])

    async def play(sessions: int, seed: int) -> Seen:
        await _play(port, sessions, seed, seen)
        seen.connections = max(
            pool.open_connections for pool in open_pools() if id(pool) not in before
        )
        return seen

    try:
        yield play
    finally:
        await proxy.stop()
        await frontend.close()
        await wix.close()


async def _play(port: int, count: int, seed: int, seen: Seen) -> None:
    """Let all sessions call once, in any order, then all of them again."""
    sessions = [_Session(f"{seed}-{number}") for number in range(count)]
    dice = random.Random(seed)
    for call in range(CALLS):
        dice.shuffle(sessions)
        left = list(sessions)
        async with asyncio.TaskGroup() as clients:
            for row in range(CLIENTS):
                own = random.Random(f"{seed}:{call}:{row}")
                clients.create_task(_client(port, left, call, own, seen))


async def _client(
    port: int, left: list[_Session], call: int, dice: random.Random, seen: Seen
) -> None:
    """Call for one session after the other on one connection."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    while left:
        session = left.pop()
        is_page = call > 0 and dice.random() < PAGE_SHARE
        path = f"/page/{session.mark}" if is_page else f"/_wix/api/stores/v3/{session.mark}"
        cookies = b"; ".join([b"mark=" + session.mark.encode(), session.cookie]).rstrip(b"; ")
        await client.send(_CALL % (path.encode(), HOST, cookies))
        async with asyncio.timeout(SECONDS * 6):
            head = await client.reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await client.reader.readexactly(int(length[1]) if length else 0)
        seen.calls += 1
        told = json.loads(body)
        if told.get("mark") != session.mark:
            seen.wrong.append(f"session {session.mark} was told {body!r}")
        if set_cookie := _SESSION.search(head):
            session.cookie = set_cookie[1]
    client.writer.close()


def _wix(seen: Seen) -> Script:
    """Mint a token for each who asks for one, and note which comes with whose call."""

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            length = _LENGTH.search(head)
            await peer.reader.readexactly(int(length[1]) if length else 0)
            path = head.split(b" ")[1].decode()
            if path == "/oauth2/token":
                seen.minted += 1
                number = f"{seen.minted:06}"
                token = {"access_token": f"access-token-{number}", "expires_in": 14_400}
                await _answer(peer, {**token, "refresh_token": f"refresh-token-{number}"})
                continue
            mark, bearer = path.rpartition("/")[2], _BEARER.search(head)
            seen.tokens[mark].add(bearer[1].decode() if bearer else "")
            # Others get their turn between a call and its answer.
            await asyncio.sleep(0)
            await _answer(peer, {"mark": mark})

    return script


def _frontend(seen: Seen) -> Script:
    """Note which sealed session comes with whose request."""

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            cookies = _COOKIE.search(head)
            pairs = (cookies[1].decode() if cookies else "").split("; ")
            jar = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
            mark = jar.pop("mark", "nobody")
            seen.sealed[mark].update(jar.values())
            await asyncio.sleep(0)
            await _answer(peer, {"mark": mark})

    return script


async def _answer(peer: Peer, told: dict[str, Any]) -> None:
    body = json.dumps(told).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    await peer.send(head % len(body) + body)
