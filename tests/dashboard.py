"""A page of Wix's dashboard, as it calls the frontend with the token that it was given."""

from __future__ import annotations

from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from tests.stage import Stage
from wixproxy.emulator.tokens import Subject

PATH = "/api/dashboard/orders"
DASHBOARD = "https://manage.wix.com"
FLAGS = {
    "site.extensions.backend_paths": ["/api/dashboard"],
    "site.extensions.dashboard_origins": [DASHBOARD],
}
# How a page of a dashboard extension calls: across origins, with the token it was given.
PAGE = {
    "Origin": DASHBOARD,
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
}
MEMBERS = "/_wix/api/members/v1/members?.r=e30"
INFO = "POST /oauth2/token-info"


async def call(
    stage: Stage, token: str | None, path: str = PATH, method: str = "GET", **headers: str
) -> aiohttp.ClientResponse:
    """Call as a page of Wix does."""
    given = CIMultiDict({**PAGE, **headers})
    if token is not None:
        given.add("Authorization", token)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        url = URL(stage.origin + path, encoded=True)
        answer = await http.request(method, url, headers=given, allow_redirects=False)
        await answer.read()
        return answer


async def user_token(stage: Stage, **about: str) -> str:
    """Return the token that Wix's dashboard would give a page."""
    url = f"{stage.emulator.origin}/__emulator/v1/user-tokens"
    async with aiohttp.ClientSession() as http, http.post(url, json=about) as answer:
        assert answer.status == 200
        token: str = (await answer.json())["access_token"]
        return token


def token_of(stage: Stage, kind: Any, subject_id: str) -> str:
    return stage.emulator.state.tokens.issue(Subject(kind, subject_id)).access.text


async def handle_of(stage: Stage, token: str | None = None) -> dict[str, str]:
    """Make a call as a page does; return what the frontend hands on to act as its caller."""
    assert (await call(stage, token or await user_token(stage))).status == 200
    return {"X-Wixproxy-Caller": stage.frontend.requests[-1].headers["X-Wixproxy-Caller"]}


def asked(stage: Stage) -> int:
    """Return how often Wix was asked who calls."""
    made: int = stage.counts()["calls"].get(INFO, 0)
    return made
