"""Answer a call from the data file, before anything else looks at it.

The first entry whose method and path fit answers, as often as it may. The
entry is not asked who calls: it stands for any part of Wix that the emulator
does not know, or for a Wix that misbehaves.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

from aiohttp import web
from multidict import CIMultiDict

from ..data import Respond
from .calls import state_of


async def responded(request: web.Request) -> web.Response | None:
    """Return the answer the data holds for this call, or None."""
    state = state_of(request)
    used = state.area("respond", Counter[int])
    for number, entry in enumerate(state.data.respond):
        if not matches(entry, request.method, request.path):
            continue
        if entry.times is not None and used[number] >= entry.times:
            continue
        used[number] += 1
        return _response(entry)
    return None


def matches(entry: Respond, method: str, path: str) -> bool:
    """Tell whether an entry answers this method and decoded path."""
    return entry.method in {method, "*"} and bool(_pattern(entry.path).fullmatch(path))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^{}/]*\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _response(entry: Respond) -> web.Response:
    headers = CIMultiDict(entry.headers)
    if isinstance(entry.body, str):
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
        return web.Response(status=entry.status, body=entry.body.encode(), headers=headers)
    headers.setdefault("Content-Type", "application/json")
    body = {} if entry.body is None else entry.body
    return web.Response(status=entry.status, body=json.dumps(body).encode(), headers=headers)
