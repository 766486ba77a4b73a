"""A driver that speaks to the emulator as a proxy and a browser would."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from yarl import URL

from wixproxy.emulator import Emulator

CALLBACK = "http://localhost:4321/_wix/callback"
SITE = "http://localhost:4321"
VERIFIER = "v" * 43


@dataclass(frozen=True)
class Answer:
    """One answer, read whole."""

    status: int
    headers: Any
    text: str
    json: Any


class Wix:
    """Calls the emulator over HTTP; keeps cookies like one browser unless told to forget."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self._session = session

    async def call(
        self, method: str, path: str | URL, token: str | None = None, **more: Any
    ) -> Answer:
        """Make one call; a path is joined to the origin, a URL is taken as it is."""
        headers = {**more.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = token
        is_whole = isinstance(path, URL) or path.startswith("http")
        url = path if is_whole else self.emulator.origin + str(path)
        async with self._session.request(
            method, url, headers=headers, allow_redirects=False, **more
        ) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            body = await response.json() if is_json else None
            return Answer(response.status, response.headers, text, body)

    async def admin(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.call(method, f"/__emulator/v1{path}", json=body)
        assert answer.status == 200, answer.text
        return answer.json

    async def grant(self, **parameters: Any) -> Answer:
        return await self.call("POST", "/oauth2/token", json=parameters)

    async def visitor(self) -> dict[str, Any]:
        answer = await self.grant(grantType="anonymous", clientId=self.emulator.client_id)
        assert answer.status == 200, answer.text
        return answer.json

    async def app_token(self) -> str:
        answer = await self.grant(
            grant_type="client_credentials",
            client_id=self.emulator.client_id,
            client_secret=self.emulator.client_secret,
        )
        return answer.json["access_token"]

    async def redirect_session(self, token: str, **body: Any) -> Answer:
        return await self.call("POST", "/headless/v1/redirect-session", token, json=body)

    async def auth_url(
        self, token: str | None = None, prompt: str = "login", **changes: Any
    ) -> str:
        """Return the authorize URL of a redirect session; None as a change leaves it out."""
        token = token or (await self.visitor())["access_token"]
        wanted = {
            "clientId": self.emulator.client_id,
            "redirectUri": CALLBACK,
            "responseType": "code",
            "responseMode": "query",
            "scope": "offline_access",
            "state": "the-state",
            "codeChallenge": challenge_of(VERIFIER),
            "codeChallengeMethod": "S256",
            **changes,
        }
        wanted = {k: v for k, v in wanted.items() if v is not None}
        answer = await self.redirect_session(token, auth={"authRequest": wanted, "prompt": prompt})
        assert answer.status == 200, answer.text
        return answer.json["redirectSession"]["fullUrl"]

    async def log_in_at(self, auth_url: str, email: str = "ada@example.test") -> Answer:
        """Fill in the login page behind a link and return what the form leads to."""
        shown = await self.call("GET", auth_url)
        member = self.emulator.state.member_by_email(email)
        assert member is not None
        form = {"continue": continued_by(shown.text), "email": email, "password": member.password}
        return await self.call("POST", "/login", data=form)

    async def member(
        self, email: str = "ada@example.test", visitor: str | None = None
    ) -> dict[str, Any]:
        """Return a member's tokens, by the whole journey."""
        returned = await self.log_in_at(await self.auth_url(visitor), email)
        answer = await self.exchange(parameters_of(returned)["code"])
        assert answer.status == 200, answer.text
        return answer.json

    async def exchange(self, granted: str, **changes: Any) -> Answer:
        parameters = {
            "grantType": "authorization_code",
            "clientId": self.emulator.client_id,
            "code": granted,
            "codeVerifier": VERIFIER,
            "redirectUri": CALLBACK,
            **changes,
        }
        return await self.grant(**{k: v for k, v in parameters.items() if v is not None})

    async def refresh(self, refresh_token: str) -> Answer:
        return await self.grant(grantType="refresh_token", refreshToken=refresh_token)

    async def info(self, token: str) -> dict[str, Any]:
        return (await self.call("POST", "/oauth2/token-info", json={"token": token})).json


def challenge_of(verifier: str, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def continued_by(page: str) -> str:
    """Return what the forms of a login page continue."""
    found = re.search(r'name="continue" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def parameters_of(answer: Answer) -> dict[str, str]:
    """Return the parameters of a Location, from its query and its fragment."""
    parts = urlsplit(answer.headers["Location"])
    return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))
