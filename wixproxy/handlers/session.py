"""`/_wix/session`: tell a page who its visitor is.

Telling never calls Wix and never counts as a use of the session, so a page
may poll it without keeping anybody logged in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from ..exchange import Exchange
from ..pages import json_answer
from ..sansio.session import Session

VERSION = 1


async def tell(exchange: Exchange) -> None:
    """Answer with the identity; with `?start=1` begin a session if there is none."""
    browser = exchange.session
    if browser.unreadable is not None:
        raise browser.unreadable
    values = parse_qs(exchange.request.query.decode("latin-1"))
    if values.get("start") == ["1"] and browser.current is None:
        await browser.start()
    fields, body = json_answer(_told(exchange, browser.current))
    await exchange.downstream.answer(200, fields, body)


def _told(exchange: Exchange, session: Session | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "version": VERSION,
        "identity": session.identity if session else "none",
        "loginUrl": "/_wix/login",
        "logoutUrl": "/_wix/logout",
    }
    if session is None:
        return told
    front = exchange.front
    now = front.clock()
    told["sessionExpiresAt"] = _iso(now + session.remaining_seconds(now, front.limits))
    if session.member_id:
        told["memberId"] = session.member_id
    if session.ended:
        told["ended"] = {"reason": session.ended.reason, "at": _iso(session.ended.at)}
    return told


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
