"""An independent Wix that speaks only HTTP: one project, its site, its login pages.

Law: it shares no line with the proxy in front of it, so that two independent
readings of Wix's protocol check each other. It keeps everything in memory, and
the same seed with the same calls gives the same answers. Nothing it issues
protects anything: it belongs on a developer's machine and nowhere else.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from . import (
    admin,
    authorize,
    event_calls,
    hosted_pages,
    iam,
    login_pages,
    mailbox,
    oauth,
    recovery,
    redirects,
    unknown,
    verification,
)
from .apis import ROUTES as API_ROUTES
from .clock import Clock
from .data import DEFAULT, Data
from .middlewares import register_middlewares
from .project import DEFAULT_SEED, Project
from .settings import ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, Settings, Subscription
from .state import STATE, State
from .webhooks import Webhooks

__all__ = ["DEFAULT_PORT", "Emulator", "EmulatorConfig", "Subscription"]

DEFAULT_PORT = 4331
# A page's hundreds of calls at once wait here; who finds no room waits a second.
_BACKLOG = 1024
_BODY_BYTES = 16 * 1024 * 1024
_LINE_BYTES = 64 * 1024
PARTS = (
    oauth,
    redirects,
    authorize,
    login_pages,
    hosted_pages,
    iam,
    verification,
    recovery,
    mailbox,
    admin,
    event_calls,
)


@dataclass(frozen=True)
class EmulatorConfig:
    """What an emulator starts from."""

    seed: str = DEFAULT_SEED
    data: Data | None = None
    """The site's data; without it the sample shop."""
    public_url: str | None = None
    """The origin that browsers reach the emulator at, where it is not the listening address."""
    # Wix lets localhost:4321 in from the start, with the callbacks its CLI registers.
    redirect_uris: tuple[str, ...] = (
        "http://localhost:4321/_wix/callback",
        "http://localhost:4321/api/auth/callback",
    )
    redirect_domains: tuple[str, ...] = ("http://localhost:4321",)
    published: bool = True
    rotate_refresh_tokens: bool = False
    detect_reuse: bool = False
    access_token_seconds: int = ACCESS_TOKEN_SECONDS
    refresh_token_seconds: int = REFRESH_TOKEN_SECONDS
    rate_limit_per_minute: int | None = None
    webhooks: bool = False
    """Tell of the site's own changes; events that are asked for are sent in any case."""
    webhook_url: str | None = None
    webhook_subscriptions: tuple[Subscription, ...] = ()
    plugin_url: str | None = None
    plugin_host: str | None = None
    stop_seconds: float = 1.0
    """How long what is being answered may go on when the emulator stops."""

    def settings(self) -> Settings:
        """Return the settings that a reset returns to."""
        return Settings(
            redirect_uris=self.redirect_uris,
            redirect_domains=self.redirect_domains,
            published=self.published,
            rotate_refresh_tokens=self.rotate_refresh_tokens,
            detect_reuse=self.detect_reuse,
            access_token_seconds=self.access_token_seconds,
            refresh_token_seconds=self.refresh_token_seconds,
            rate_limit_per_minute=self.rate_limit_per_minute,
            webhooks=self.webhooks,
            webhook_url=self.webhook_url,
            webhook_subscriptions=self.webhook_subscriptions,
            plugin_url=self.plugin_url,
            plugin_host=self.plugin_host,
        )


class Emulator:
    """One emulated Wix project: an application, and a server for it."""

    def __init__(self, config: EmulatorConfig | None = None, *, clock: Clock | None = None) -> None:
        config = config or EmulatorConfig()
        self.project = Project.of_seed(config.seed)
        self.state = State(
            self.project, config.data or DEFAULT, config.settings(), clock or Clock()
        )
        if config.public_url is not None:
            self.state.origin = str(URL(config.public_url).origin())
        self.app = build_app(self.state)
        self.app.on_shutdown.append(self._end_idle)
        self._stop_seconds = config.stop_seconds
        self.listening_origin = ""
        """Where programs on this machine reach the emulator, once it listens."""
        self._runner: web.AppRunner | None = None

    @property
    def origin(self) -> str:
        """Where browsers reach the emulator; raise RuntimeError before it listens."""
        if self.state.origin is None:
            raise RuntimeError("the emulator has no origin before it is started")
        return self.state.origin

    @property
    def client_id(self) -> str:
        """The OAuth client id, which is the app id as well."""
        return self.project.client_id

    @property
    def client_secret(self) -> str:
        """The app secret."""
        return self.project.client_secret

    @property
    def instance_id(self) -> str:
        """The id of the app's one installation."""
        return self.project.instance_id

    @property
    def site_id(self) -> str:
        """The id of the site."""
        return self.project.site_id

    @property
    def public_key_pem(self) -> str:
        """The key that verifies webhooks; found on first use, in about half a second."""
        return self.project.public_key_pem

    @property
    def public_key_base64(self) -> str:
        """The same key as base64 of its PEM text, as it stands in environment variables."""
        return self.project.public_key_base64

    @property
    def issued(self) -> dict[str, str]:
        """Every secret ever given out or received, and what kind it is."""
        return dict(self.state.issued)

    def allow_redirect_uri(self, uri: str) -> None:
        """Register a login callback, for good."""
        self.state.allow("redirect_uris", uri)

    def allow_redirect_domain(self, domain: str) -> None:
        """Register an origin that browsers may be sent back to, for good."""
        self.state.allow("redirect_domains", domain)

    async def start(self, host: str = "127.0.0.1", port: int | None = None) -> None:
        """Listen; without a `port` on 4331, or on a free one if that is taken.

        Raise OSError if a port that was asked for is taken.
        """
        listener = _listener(host, port)
        self._runner = web.AppRunner(
            self.app,
            access_log=None,
            shutdown_timeout=self._stop_seconds,
            max_line_size=_LINE_BYTES,
            max_field_size=_LINE_BYTES,
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener, backlog=_BACKLOG).start()
        shown = f"[{host}]" if ":" in host else host
        self.listening_origin = f"http://{shown}:{listener.getsockname()[1]}"
        if self.state.origin is None:
            self.state.origin = self.listening_origin

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _end_idle(self, app: web.Application) -> None:
        """Close the connections on which nothing is being answered.

        aiohttp gives the whole time to one that was accepted just now, and to
        one whose request was answered before its body was there.
        """
        server = self._runner.server if self._runner is not None else None
        for connection in server.connections if server is not None else []:
            if not connection._request_in_progress:
                connection.force_close()


def build_app(state: State) -> web.Application:
    """Return the application that answers for `state`."""
    app = web.Application(client_max_size=_BODY_BYTES)
    register_middlewares(app, state)
    app.cleanup_ctx.append(_outgoing)
    state.reporter = lambda change: Webhooks.of(state).tell(change)
    for part in PARTS:
        app.add_routes(part.ROUTES)
    app.add_routes(API_ROUTES)
    app.add_routes(unknown.ROUTES)
    return app


async def _outgoing(app: web.Application) -> AsyncIterator[None]:
    """Hold what the emulator's own requests are sent with, while it runs."""
    state = app[STATE]
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as state.outgoing:
        yield
        state.end_areas()
    state.outgoing = None


def _listener(host: str, port: int | None) -> socket.socket:
    """Return a listening socket on `port`, or where none is asked for on the nearest to it."""
    wanted = DEFAULT_PORT if port is None else port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, wanted), family=family)
    except OSError as error:
        if port is not None or error.errno != errno.EADDRINUSE:
            raise
        return socket.create_server((host, 0), family=family)
