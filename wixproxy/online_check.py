"""Ask Wix whether it knows what is configured: one finding for each thing that must be right.

1. Each question is asked once, in an order in which a refusal has one reason
   only; what follows from something refused is not asked.
2. Nothing changes at Wix: a visitor is made, and links that nobody opens.
3. A finding says what to do and where. No token and no secret is in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from .config import Config
from .errors import GrantRejected, WixError, WixRefused
from .sansio import login
from .sansio.login import LoginAttempt
from .sansio.redirect_sessions import PUBLISH
from .sansio.signed_claims import LEEWAY_SECONDS
from .sansio.tokens import Tokens
from .wix.client import WixClient

Verdict = Literal["ok", "failed", "not asked"]

SETTINGS = "In the Wix dashboard, Settings, Development & integrations, Headless Settings"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one question."""

    subject: str
    verdict: Verdict
    sentence: str


class OnlineCheck:
    """Asks as the app that `config` names, at the clock's time."""

    def __init__(self, config: Config, wix: WixClient, clock: Callable[[], float]) -> None:
        self._config = config
        self._wix = wix
        self._clock = clock

    async def findings(self) -> AsyncIterator[Finding]:
        """Ask one question after the other."""
        try:
            visitor = await self._wix.anonymous()
        except GrantRejected as error:
            yield Finding("client id", "failed", self._unknown_client(error))
            yield await _answered("clock", self._time())
            for subject in ("secret", "site", "redirect URI", "redirect domain"):
                yield Finding(subject, "not asked", "the client id comes first")
            return
        except WixError as error:
            yield Finding("Wix", "failed", error.message)
            return
        yield Finding("client id", "ok", "Wix issues tokens to visitors")
        yield await _answered("clock", self._time())
        yield await _answered("secret", self._secret())
        site = await _answered("site", self._site(visitor))
        yield site
        for url in self._config.server.public_url:
            if site.verdict == "failed":
                yield Finding("redirect URI", "not asked", "the site comes first")
                yield Finding("redirect domain", "not asked", "the site comes first")
                break
            yield await _answered("redirect URI", self._redirect_uri(url, visitor))
            yield await _answered("redirect domain", self._redirect_domain(url, visitor))

    def _unknown_client(self, error: GrantRejected) -> str:
        return (
            f"Wix does not know {self._config.site.client_id!r}, from "
            f"{self._config.sources['site.client_id']} (it says {error.error}). {SETTINGS}, copy "
            "the client id of your OAuth app, and set WIX_CLIENT_ID to it"
        )

    async def _time(self) -> Finding:
        """Compare the clocks; Wix tells its time to the second, some time between our two."""
        before = self._clock()
        theirs = await self._wix.time()
        after = self._clock()
        if theirs is None:
            return Finding("clock", "not asked", "Wix's answer tells no time")
        seconds = (before + after) / 2 - (theirs + 0.5)
        off = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} Wix's"
        if abs(seconds) <= 1 + (after - before) / 2:
            return Finding("clock", "ok", "agrees with Wix's")
        if abs(seconds) <= LEEWAY_SECONDS:
            return Finding("clock", "ok", off)
        what_happens = "what Wix signs seems too old, or not valid yet"
        return Finding(
            "clock", "failed", f"{off}, so {what_happens}. Set it by a time server (NTP)"
        )

    async def _secret(self) -> Finding:
        site, sources = self._config.site, self._config.sources
        if site.client_secret is None:
            return Finding("secret", "not asked", "none is configured; calls as the app need one")
        try:
            await self._wix.app_token(site.client_secret, site.instance_id)
        except GrantRejected as error:
            compared = f"the secret with the configured one, from {sources['site.client_secret']}"
            if site.instance_id is not None:
                compared += f", and the instance id with that from {sources['site.instance_id']}"
            return Finding(
                "secret",
                "failed",
                f"Wix issues no token to the app (it says {error.error}). {SETTINGS}, compare "
                + compared,
            )
        return Finding("secret", "ok", "Wix issues tokens to the app")

    async def _site(self, visitor: Tokens) -> Finding:
        """Ask for a link; whatever else may be wrong with it, it needs a published site."""
        try:
            await self._wix.redirect_session({"login": {}}, visitor.access)
        except WixRefused as error:
            if error.remedy == PUBLISH:
                return Finding("site", "failed", f"Wix has no address for it. {PUBLISH}")
            raise
        return Finding("site", "ok", "it is published")

    async def _redirect_uri(self, url: str, visitor: Tokens) -> Finding:
        """Begin a login that shows no page: Wix answers it at the redirect URI, if it may."""
        uri = url + self._config.site.login.callback_path
        attempt = LoginAttempt.start("/", self._clock(), silent=True)
        body: dict[str, Any] = login.redirect_session(
            self._wix.client_id,
            uri,
            state=attempt.state,
            challenge=attempt.challenge,
            prompt="none",
        )
        try:
            await self._wix.authorize(await self._wix.redirect_session(body, visitor.access), uri)
        except WixRefused:
            return Finding(
                "redirect URI",
                "failed",
                f"Wix does not come back to {uri} after a login. {SETTINGS}, add it to the "
                "Allowed authorization redirect URIs, letter by letter",
            )
        return Finding("redirect URI", "ok", f"{uri} is registered")

    async def _redirect_domain(self, url: str, visitor: Tokens) -> Finding:
        body = {"login": {}, "callbacks": {"postFlowUrl": f"{url}/"}}
        try:
            await self._wix.redirect_session(body, visitor.access)
        except WixRefused:
            return Finding(
                "redirect domain",
                "failed",
                f"Wix sends no browser back to {url} after a checkout or logout. {SETTINGS}, add "
                "it to the Allowed redirect domains; scheme and port count",
            )
        return Finding("redirect domain", "ok", f"{url} is listed")


async def _answered(subject: str, question: Awaitable[Finding]) -> Finding:
    """Return what became of the question, also where Wix gave no usable answer."""
    try:
        return await question
    except WixError as error:
        return Finding(subject, "failed", error.message)
