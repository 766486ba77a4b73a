"""What is measured, one module for each family; `SCENARIOS` names them for `--only`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..course import Course
from .requests import api, bodies, frontend, frontend_session
from .scaling import connections, sessions
from .start import start
from .streaming import events, idle, websocket
from .transfers import transfers
from .vite import vite

Scenario = Callable[[Course], Awaitable[None]]

SCENARIOS: dict[str, Scenario] = {
    "frontend": frontend,
    "frontend-session": frontend_session,
    "api": api,
    "bodies": bodies,
    "transfers": transfers,
    "websocket": websocket,
    "idle": idle,
    "events": events,
    "vite": vite,
    "start": start,
    "connections": connections,
    "sessions": sessions,
}
