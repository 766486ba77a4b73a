"""Turn a configuration into the parts it means; nothing is opened and nothing listens yet."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from .config import Config
from .credential_calls import CredentialCalls
from .credential_throttle import CredentialThrottle
from .elevation import Elevation
from .exchange import Exchange
from .extension_assembly import (
    EventFile,
    assemble_callers,
    assemble_extensions,
    delivery_paths,
    verified_calls,
)
from .frontend_assembly import (
    Locate,
    assemble_pages,
    assemble_upstream_pool,
    first_contact,
    locating,
    verifying,
)
from .handlers.api import WixApi
from .handlers.custom_login import CustomLogin
from .handlers.direct_login import direct_login
from .handlers.login import Login
from .handlers.logout import Logout
from .handlers.programs import ProgramCalls
from .handlers.sdk import Sdk
from .handlers.session import tell
from .handlers.silent_login import SilentLogin
from .handlers.status import Status
from .handlers.testing import TestingSession
from .handlers.wix_pages import WixPages
from .login_attempts import LoginAttempts
from .member_login import MemberLogin
from .member_logout import MemberLogout
from .sansio.backend_paths import BackendPaths
from .sansio.buckets import Buckets
from .sansio.call_rules import CallRules
from .sansio.forwarded import TrustedProxies
from .sansio.gate import Limits as GateLimits
from .sansio.origin import Origin
from .sansio.public_url import Hosts
from .sansio.routes import ASTRO_ROUTES, Routes
from .service import Handler, Service
from .session_assembly import KeptFronts, assemble_counts, assemble_fronts, public_urls
from .stores.counts import SharedCounts
from .usable_session import MintLimits, UsableSessions
from .wire.pool import Pool
from .wix.app_tokens import AppTokens
from .wix.callers import Callers
from .wix.client import WixClient
from .wix.pages_address import SitePages
from .wix_calls import WixCalls

Clock = Callable[[], float]


def _pseudonym() -> bytes:
    return b"wixproxy-" + secrets.token_hex(4).encode()


@dataclass(frozen=True, slots=True)
class Shared:
    """What the workers of one proxy have in common: our name in `Via`, and the file of events."""

    pseudonym: bytes = field(default_factory=_pseudonym)
    events: EventFile = field(default_factory=EventFile)


@dataclass(slots=True)
class Process:
    """What stays while configurations change: when the process began, and what it is ready for.

    `unready` is the reason why no traffic should come here, or None;
    `pseudonym` is our name in `Via`, which must differ between proxies that
    stand one behind the other. `locate` tells where the command listens that
    we started as the frontend, if we started one; `events` is the file that
    webhooks wait in, and `fronts` are where its sessions are.
    """

    started_at: float
    pseudonym: bytes
    locate: Locate | None
    events: EventFile
    fronts: KeptFronts = field(default_factory=KeptFronts)
    unready: str | None = "starting"

    @classmethod
    def begin(
        cls, clock: Clock, locate: Locate | None = None, shared: Shared | None = None
    ) -> Process:
        """Begin a process."""
        shared = shared or Shared()
        return cls(clock(), shared.pseudonym, locate, shared.events)

    async def close(self) -> None:
        """Let go of what outlived every configuration."""
        await self.fronts.close()
        await self.events.close()


def assemble(config: Config, clock: Clock, process: Process) -> Service:
    """Build the service that `config` describes."""
    wix = assemble_client(config, clock)
    api_pool = Pool(tls=verifying(config.site.ca_file))
    upstream_pool = assemble_upstream_pool(config)
    locate = locating(config, process.locate)
    trusted = TrustedProxies.parse(
        config.server.trusted_proxies, everyone=config.server.trust_every_proxy
    )
    extensions = assemble_extensions(config, upstream_pool, locate, clock, process.events)
    fronts = assemble_fronts(config, wix, clock, process.started_at, process.fronts)
    callers = assemble_callers(config, wix, clock)
    counts = assemble_counts(config)
    frontend = {}
    if not config.upstream.api_only:
        pages = assemble_pages(config, upstream_pool, trusted, process.pseudonym, locate)
        frontend["frontend"] = _logging_in(config, pages, _attempts(config, wix, clock))
    contact = first_contact(config, upstream_pool, locate)
    status = Status(lambda: process.unready or (contact.missing if contact else None))

    async def start() -> None:
        fronts.adopt()
        await extensions.start()
        if contact is not None:
            await contact.start()

    async def retire() -> None:
        if contact is not None:
            await contact.stop()
        await extensions.retire()

    async def close() -> None:
        await extensions.close()
        await fronts.close()
        await counts.close()
        await wix.close()
        await api_pool.close()
        await upstream_pool.close()

    return Service(
        gate_limits=GateLimits(
            max_target_bytes=config.server.max_target_bytes,
            max_field_bytes=config.server.max_field_bytes,
            max_fields_bytes=config.server.max_fields_bytes,
            max_fields=config.server.max_fields,
        ),
        hosts=Hosts(public_urls(config), config.server.accept_hosts),
        routes=Routes(
            callback_path=config.site.login.callback_path,
            testing=config.emulator.enabled,
            delivery_paths=delivery_paths(config),
            beside=config.server.public_url[0] if config.upstream.api_only else None,
            backend_paths=BackendPaths(config.site.extensions.backend_paths),
            astro_routes=config.compat.astro_routes,
            wix_pages=config.compat.wix_pages,
        ),
        fronts=fronts.by_url,
        allowed_origins=frozenset(config.api.allowed_origins),
        trusted_proxies=trusted,
        pseudonym=process.pseudonym,
        tells_causes=config.mode == "dev",
        handlers={
            **frontend,
            **verified_calls(config, callers, frontend, clock),
            **_session_handlers(config, wix, callers, api_pool, counts=counts, clock=clock),
            "sdk.js": Sdk().handle,
            **extensions.handlers,
        },
        status={"healthz": status.healthz, "readyz": status.readyz},
        start=start,
        retire=retire,
        close=close,
    )


def assemble_client(config: Config, clock: Clock) -> WixClient:
    """Build what calls Wix's control plane."""
    return WixClient(
        config.site.api_origin,
        config.site.client_id,
        clock,
        tls=verifying(config.site.ca_file),
        trust_environment=config.site.proxy == "env",
    )


def _session_handlers(
    config: Config,
    wix: WixClient,
    callers: Callers,
    pool: Pool,
    *,
    counts: SharedCounts,
    clock: Clock,
) -> dict[str, Handler]:
    """Make what calls Wix as a session, and what changes whose session it is."""
    callback, own_paths = config.site.login.callback_path, _own_paths(config)
    sessions = UsableSessions(
        MintLimits(
            Buckets(config.session.new_visitors_per_minute),
            Buckets(config.session.new_visitors_per_minute_together),
        ),
        clock,
    )
    member_login, member_logout = MemberLogin(wix, callback, clock), MemberLogout(wix, clock)
    throttle = CredentialThrottle(config.site.login.tries_per_minute, counts, clock)
    allowed_origins = frozenset(config.api.allowed_origins)
    credentials = CredentialCalls(
        wix, sessions, member_login, throttle, allowed_origins=allowed_origins, clock=clock
    )
    app_tokens = AppTokens(wix, config.site.client_secret, config.site.instance_id, clock)
    calls = WixCalls(
        pool,
        Origin.parse(config.site.api_origin),
        allowed_origins=allowed_origins,
        explains=config.mode == "dev",
    )
    rules = CallRules.parse(config.api.allow, config.api.deny)
    elevation = Elevation(config.site.elevation_rules, app_tokens, counts, clock)
    api = WixApi(
        calls,
        rules,
        allowed_origins=allowed_origins,
        sessions=sessions,
        credentials=credentials,
        throttle=throttle,
        elevation=elevation,
        member_logout=member_logout,
    )
    programs = ProgramCalls(calls, rules, elevation, callers)
    login = Login(_attempts(config, wix, clock), member_login, own_paths, clock)
    logout = Logout(member_logout, config.site.client_id, own_paths, _form_targets(config))
    custom_login = CustomLogin(
        wix, sessions, credentials, member_login, throttle, own_paths=own_paths, clock=clock
    )
    wix_pages = WixPages(
        SitePages(wix, app_tokens, config.site.pages_url, public_urls(config), clock)
    )

    async def login_or_form(exchange: Exchange) -> None:
        is_form = exchange.request.method == "POST"
        await (custom_login.login if is_form else login.begin)(exchange)

    return {
        "api": api.handle,
        "elevated": programs.as_app,
        "as-caller": programs.as_caller,
        "direct-login": direct_login,
        "login": login_or_form,
        "register": custom_login.register,
        "verify": custom_login.verify,
        "recover": custom_login.recover,
        "callback": login.finish,
        "logout": logout.handle,
        "logout-callback": logout.finished,
        "session": tell,
        "wix-page": wix_pages.page,
        "wix-site-api": wix_pages.site_api,
        "testing/session": TestingSession(wix, clock).handle,
    }


def _attempts(config: Config, wix: WixClient, clock: Clock) -> LoginAttempts:
    """Make what begins logins; it keeps nothing, so there may be two."""
    member_login = MemberLogin(wix, config.site.login.callback_path, clock)
    return LoginAttempts(wix, member_login, clock)


def _own_paths(config: Config) -> tuple[str, ...]:
    """Return the paths outside of /_wix/ that nobody is sent back to after a login."""
    astro = ASTRO_ROUTES if config.compat.astro_routes else ()
    return (config.site.login.callback_path, *astro)


def _logging_in(config: Config, pages: Handler, attempts: LoginAttempts) -> Handler:
    """Let pages log in whom Wix knows already, where the configuration says so."""
    if not config.site.login.silent:
        return pages
    return SilentLogin(pages, attempts, _own_paths(config)).handle


def _form_targets(config: Config) -> tuple[str, ...]:
    """Return where Wix's logout may lead the logout form: https, or the emulator."""
    if config.site.api_origin.startswith("https://"):
        return ("'self'", "https:")
    return ("'self'", "https:", config.site.api_origin)
