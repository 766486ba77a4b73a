"""The stage that journeys are played on: an emulated Wix, a frontend, the proxy, and a tap.

Three real servers on real sockets. Whatever a test does, every byte that the
public listener sent and every line that was logged is searched for secrets
when the stage is struck.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
from aiohttp import web
from yarl import URL

from tests.conftest import HandClock
from tests.tap import Tap, leaks
from wixproxy import draining
from wixproxy.config import Config, load
from wixproxy.emulator import Emulator, EmulatorConfig
from wixproxy.emulator.faults import Fault
from wixproxy.listening import listen
from wixproxy.sansio.keyring import Key
from wixproxy.sansio.redaction import Secret
from wixproxy.server import Proxy, build

NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
FETCH = {
    "Accept": "*/*",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
}


# The one form in which each cookie of ours may be written (R1, R2, R4, R6).
DECIDED = re.compile(
    r"wixproxy-\d+(?:-\d|-login-[\w-]{8})?=[^;]*; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax"
    r"|wixproxy-hint-\d+=v1\.(?:visitor|member)\.[0-9a-f]{8}; Path=/; Max-Age=\d+; SameSite=Lax"
)
_CONTINUED = re.compile(r'name="continue" value="([^"]+)"')
_SET_COOKIE = re.compile(rb"\r\nset-cookie: *([^\r\n]*)", re.IGNORECASE)


class Frontend:
    """A frontend that shows what it was asked, and may call the proxy for its visitor."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.proxy_origin = ""
        self.headers: dict[str, str] = {}
        self.status = 200
        self.origin = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/server-side", self._server_side)
        app.router.add_route("*", "/{path:.*}", self._page)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.origin = f"http://localhost:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _page(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return web.Response(
            text=f"<!doctype html><html><head><title>{request.path}</title></head></html>",
            content_type="text/html",
            status=self.status,
            headers=self.headers,
        )

    async def _server_side(self, request: web.Request) -> web.Response:
        """Render with a call to Wix, made through the proxy with the visitor's cookie."""
        self.requests.append(request)
        cookie = {"Cookie": request.headers.get("Cookie", "")}
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            url = f"{self.proxy_origin}/_wix/api/ecom/v1/carts/current"
            async with http.get(url, headers=cookie) as answer:
                return web.json_response({"status": answer.status})


@dataclass
class Browser:
    """A cookie jar that asks as a browser does."""

    stage: Stage
    http: aiohttp.ClientSession

    async def navigate(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        """Open a page; redirects are not followed."""
        return await self._send("GET", path, {**NAVIGATION, **headers})

    async def fetch(
        self, path: str, method: str = "GET", *, body: Any = None, **headers: str
    ) -> aiohttp.ClientResponse:
        """Call from a page of the same origin."""
        return await self._send(method, path, {**FETCH, **headers}, json=body)

    async def submit(
        self, path: str, form: Mapping[str, str], **headers: str
    ) -> aiohttp.ClientResponse:
        """Send a form of a page of the same origin."""
        own = {"Sec-Fetch-Site": "same-origin", "Origin": self.stage.origin}
        return await self._send("POST", path, {**NAVIGATION, **own, **headers}, data=form)

    async def log_in(
        self, email: str = "ada@example.test", return_url: str = "/"
    ) -> aiohttp.ClientResponse:
        """Walk through Wix's login page; return the answer of the callback."""
        begun = await self.navigate(f"/_wix/login?returnToUrl={return_url}")
        assert begun.status == 302, await begun.text()
        callback = await self.stage.wix_login_page(begun.headers["Location"], email)
        return await self.navigate(callback, **{"Sec-Fetch-Site": "cross-site"})

    async def session(self) -> dict[str, Any]:
        """Return what `/_wix/session` tells."""
        answer = await self.fetch("/_wix/session")
        told: dict[str, Any] = await answer.json()
        return told

    async def hang_up(self) -> None:
        """Close the browser's connections and keep its cookies."""
        jar = self.http.cookie_jar
        await self.http.close()
        self.http = aiohttp.ClientSession(cookie_jar=jar)
        self.stage.adopt(self.http)

    def cookies(self) -> dict[str, str]:
        """Return what the jar holds for the site."""
        held = self.http.cookie_jar.filter_cookies(URL(self.stage.origin))
        return {name: morsel.value for name, morsel in held.items()}

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], **options: Any
    ) -> aiohttp.ClientResponse:
        url = URL(self.stage.origin + path, encoded=True)
        answer = await self.http.request(
            method, url, headers=headers, allow_redirects=False, **options
        )
        await answer.read()
        return answer


@dataclass
class Stage:
    """All that a journey needs."""

    clock: HandClock
    emulator: Emulator
    frontend: Frontend
    tap: Tap
    origin: str
    config: Config
    proxy: Proxy
    logged: list[str]
    _browsers: list[aiohttp.ClientSession] = field(default_factory=list)

    def advance(self, seconds: float) -> None:
        """Let time pass, here and at Wix."""
        self.clock.advance(seconds)
        self.emulator.state.clock.advance(seconds)

    def fault(self, **plan: Any) -> None:
        """Let Wix go wrong in this way, and in no other."""
        self.emulator.state.faults.faults = [Fault(**plan)]

    def heal(self) -> None:
        """Let everything at Wix go well again."""
        self.emulator.state.faults.clear()

    def browser(self) -> Browser:
        """Open a browser with an empty jar."""
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._browsers.append(http)
        return Browser(self, http)

    def adopt(self, http: aiohttp.ClientSession) -> None:
        """Close this session, too, when the stage is struck."""
        self._browsers.append(http)

    async def restart(self, config: Config | None = None) -> None:
        """Stop the proxy and start another one, with the same Wix and frontend."""
        await self.proxy.stop()
        self.config = config or self.config
        self.proxy = await _started(self.config, self.clock, self.tap)

    async def trust_emulator(self) -> None:
        """Take what the emulated Wix signs for Wix's own, and let both have the same time."""
        self.emulator.state.clock.advance(self.clock() - self.emulator.state.clock.now())
        keys = (self.emulator.public_key_base64,)
        site = self.config.site.model_copy(update={"public_keys": keys})
        await self.restart(self.config.model_copy(update={"site": site}))

    async def wix_login_page(self, location: str, email: str) -> str:
        """Log in on Wix's page and return the path of the callback it leads to."""
        password = f"{email.partition('@')[0]}-password"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            answer = await http.get(URL(location, encoded=True), allow_redirects=False)
            if answer.status == 200:
                continued = _CONTINUED.search(await answer.text())
                assert continued is not None
                form = {"continue": continued[1], "email": email, "password": password}
                url = answer.url.join(URL("/login"))
                answer = await http.post(url, data=form, allow_redirects=False)
            while not answer.headers["Location"].startswith(self.origin):
                url = answer.url.join(URL(answer.headers["Location"], encoded=True))
                answer = await http.get(url, allow_redirects=False)
            return answer.headers["Location"].removeprefix(self.origin)

    def counts(self) -> dict[str, Any]:
        """Return how often each call and each grant reached Wix."""
        return self.emulator.state.exchanges.counts()

    def secrets(self) -> list[str]:
        """Return everything that no browser may see."""
        keys = [key.reveal() for key in self.config.session.keys]
        return [*self.emulator.issued, *keys]

    def undecided_cookies(self) -> list[str]:
        """Return the `Set-Cookie` lines of ours that have another form than decided."""
        lines = [
            line.decode("latin-1")
            for sent in self.tap.sent
            for line in _SET_COOKIE.findall(bytes(sent))
        ]
        ours = [line for line in lines if line.startswith("wixproxy")]
        return [line for line in ours if not DECIDED.fullmatch(line)]

    async def close(self) -> None:
        """Close the browsers and stop the proxy."""
        for http in self._browsers:
            await http.close()
        # Nobody is on the way to it any more.
        with mock.patch.object(draining, "HANDSHAKE_SECONDS", 0):
            await self.proxy.stop()

    def check(self) -> None:
        """Raise AssertionError if a secret was sent or logged, or a cookie has another form."""
        logged = "\n".join(self.logged).encode()
        found = leaks([*self.tap.sent, logged], self.secrets())
        if found:
            raise AssertionError(f"sent or logged: {found}")
        undecided = self.undecided_cookies()
        if undecided:
            raise AssertionError(f"cookies of another form than decided: {undecided}")


class _Keeper(logging.Handler):
    """Keeps every line that is logged, with its traceback."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@asynccontextmanager
async def staged(
    clock: HandClock,
    folder: Path,
    flags: Mapping[str, Any] | None = None,
    emulator_config: EmulatorConfig | None = None,
) -> AsyncIterator[Stage]:
    """Set the stage; strike it with a search for leaks."""
    logged: list[str] = []
    emulator, frontend, tap = Emulator(emulator_config), Frontend(), Tap()
    async with AsyncExitStack() as closing:
        closing.enter_context(_kept(logged))
        closing.push_async_callback(emulator.stop)
        await emulator.start(port=0)
        closing.push_async_callback(frontend.stop)
        await frontend.start()
        closing.push_async_callback(tap.stop)
        origin = f"http://localhost:{await tap.start()}"
        frontend.proxy_origin = origin
        emulator.allow_redirect_uri(f"{origin}/_wix/callback")
        emulator.allow_redirect_domain(origin)
        config = load(
            flags={
                "server.public_url": [origin],
                "upstream.url": frontend.origin,
                "emulator.enabled": True,
                "session.keys": [Key.generate().to_text().reveal()],
                **(flags or {}),
            },
            env={},
            cwd=folder,
        ).with_emulated_site(
            api_origin=emulator.origin,
            client_id=emulator.client_id,
            client_secret=Secret(emulator.client_secret),
            instance_id=emulator.instance_id,
        )
        proxy = await _started(config, clock, tap)
        stage = Stage(clock, emulator, frontend, tap, origin, config, proxy, logged)
        closing.push_async_callback(stage.close)
        yield stage
    stage.check()


@contextmanager
def _kept(lines: list[str]) -> Iterator[None]:
    """Keep every line that is logged."""
    root, keeper = logging.getLogger(), _Keeper(lines)
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(keeper)
        root.setLevel(level)


async def _started(config: Config, clock: HandClock, tap: Tap) -> Proxy:
    proxy = build(config, clock=clock)
    sockets = listen("127.0.0.1", 0)
    tap.aim(sockets[0].getsockname()[1])
    await proxy.start(sockets)
    return proxy
