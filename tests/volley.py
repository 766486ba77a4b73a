"""Send one request thousands of times over a few connections, at little cost of its own."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

CONNECTIONS = 4
# So many requests are written before their answers are read.
PIPELINED = 25


async def volley(
    origin: str, path: str, body: Mapping[str, Any], times: int, **headers: str
) -> Counter[tuple[int, str, bool]]:
    """Post JSON so many times; count the answers by status, code and whether they say when."""
    authority = origin.partition("://")[2]
    request = _request(authority, path, json.dumps(body).encode(), headers)
    host, _, port = authority.partition(":")
    parts = await asyncio.gather(
        *(_salvo(host, int(port), request, times // CONNECTIONS) for _ in range(CONNECTIONS))
    )
    return sum(parts, Counter())


def _request(authority: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {authority}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _salvo(
    host: str, port: int, request: bytes, times: int
) -> Counter[tuple[int, str, bool]]:
    reader, writer = await asyncio.open_connection(host, port)
    answers: Counter[tuple[int, str, bool]] = Counter()
    for begun in range(0, times, PIPELINED):
        count = min(PIPELINED, times - begun)
        writer.write(request * count)
        for _ in range(count):
            answers[await _answer(reader)] += 1
    writer.close()
    await writer.wait_closed()
    return answers


async def _answer(reader: asyncio.StreamReader) -> tuple[int, str, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("\r\ncontent-length: ")[2].partition("\r\n")[0])
    told = json.loads(await reader.readexactly(length))
    code = str(told.get("code") or told.get("error") or "")
    return int(head.split()[1]), code, "\r\nretry-after: " in head
