"""Turn a configuration into the parts it means; nothing is opened and nothing listens yet."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from .config import Config
from .credential_calls import CredentialCalls
from .credential_throttle import CredentialThrottle
from .elevation import Elevation
from .errors import ConfigError
from .exchange import Exchange
from .extension_assembly import (
    assemble_callers,
    assemble_extensions,
    delivery_paths,
    verified_calls,
)
from .first_contact import FirstContact
from .handlers.api import WixApi
from .handlers.custom_login import CustomLogin
from .handlers.direct_login import direct_login
from .handlers.files import Files
from .handlers.frontend import Frontend, FrontendOptions
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
from .sansio.backend_paths import BackendPaths
from .sansio.buckets import Buckets
from .sansio.call_rules import CallRules
from .sansio.forwarded import TrustedProxies
from .sansio.gate import Limits as GateLimits
from .sansio.origin import Origin
from .sansio.public_url import Hosts
from .sansio.routes import ASTRO_ROUTES, Routes
from .service import Handler, Service
from .session_assembly import assemble_fronts, public_urls
from .usable_session import MintLimits, UsableSessions
from .wire.pool import Pool, Timeouts
from .wix.app_tokens import AppTokens
from .wix.callers import Callers
from .wix.client import WixClient
from .wix.pages_address import SitePages
from .wix_calls import WixCalls

Clock = Callable[[], float]

# The shop loads its pictures from the emulator, which has an origin of its own.
SHOP_POLICY = (
    "default-src 'self'; img-src 'self' data: {wix}; frame-ancestors 'none'; base-uri 'none'"
)


@dataclass(slots=True)
class Process:
    """What stays while configurations change: when the process began, and what it is ready for.

    `unready` is the reason why no traffic should come here, or None;
    `pseudonym` is our name in `Via`, which must differ between processes
    that stand one behind the other.
    """

    started_at: float
    pseudonym: bytes
    unready: str | None = "starting"

    @classmethod
    def begin(cls, clock: Clock) -> Process:
        """Begin a process."""
        return cls(clock(), b"wixproxy-" + secrets.token_hex(4).encode())


def assemble(config: Config, clock: Clock, process: Process) -> Service:
    """Build the service that `config` describes."""
    wix = WixClient(
        config.site.api_origin,
        config.site.client_id,
        clock,
        tls=_tls(config.site.ca_file),
        trust_environment=config.site.proxy == "env",
    )
    api_pool, upstream_pool = Pool(tls=_tls(config.site.ca_file)), _upstream_pool(config)
    trusted = TrustedProxies.parse(
        config.server.trusted_proxies, everyone=config.server.trust_every_proxy
    )
    extensions = assemble_extensions(config, upstream_pool, clock)
    fronts = assemble_fronts(config, wix, clock, process.started_at)
    callers = assemble_callers(config, wix, clock)
    frontend = _frontend(config, upstream_pool, trusted, process, _attempts(config, wix, clock))
    contact = _first_contact(config, upstream_pool)
    status = Status(lambda: process.unready or (contact.missing if contact else None))

    async def start() -> None:
        await extensions.start()
        if contact is not None:
            await contact.start()

    async def close() -> None:
        if contact is not None:
            await contact.stop()
        await extensions.stop()
        await fronts.close()
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
            **_session_handlers(config, wix, callers, api_pool, clock),
            "sdk.js": Sdk().handle,
            **extensions.handlers,
        },
        status={"healthz": status.healthz, "readyz": status.readyz},
        start=start,
        close=close,
    )


def _first_contact(config: Config, pool: Pool) -> FirstContact | None:
    """Return what waits for a running frontend; files need no waiting."""
    if config.upstream.url is None:
        return None
    origin = Origin.parse(config.upstream.url)
    return FirstContact(str(origin), lambda: pool.reach(origin))


def _session_handlers(
    config: Config, wix: WixClient, callers: Callers, pool: Pool, clock: Clock
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
    member_login = MemberLogin(wix, callback, clock)
    throttle = CredentialThrottle(config.site.login.tries_per_minute, clock)
    credentials = CredentialCalls(wix, sessions, member_login, throttle, clock)
    app_tokens = AppTokens(wix, config.site.client_secret, config.site.instance_id, clock)
    calls = WixCalls(
        pool,
        Origin.parse(config.site.api_origin),
        allowed_origins=frozenset(config.api.allowed_origins),
        explains=config.mode == "dev",
    )
    rules = CallRules.parse(config.api.allow, config.api.deny)
    elevation = Elevation(config.site.elevation_rules, app_tokens, clock)
    api = WixApi(
        calls,
        rules,
        allowed_origins=frozenset(config.api.allowed_origins),
        sessions=sessions,
        credentials=credentials,
        throttle=throttle,
        elevation=elevation,
    )
    programs = ProgramCalls(calls, rules, elevation, callers)
    login = Login(_attempts(config, wix, clock), member_login, own_paths, clock)
    logout = Logout(wix, clock, own_paths, _form_targets(config))
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


def _frontend(
    config: Config,
    pool: Pool,
    trusted: TrustedProxies,
    process: Process,
    attempts: LoginAttempts,
) -> dict[str, Handler]:
    """Choose what answers everything that is not ours; nothing does beside a frontend."""
    if config.upstream.api_only:
        return {}
    pages = _pages(config, pool, trusted, process)
    if config.site.login.silent:
        pages = SilentLogin(pages, attempts, _own_paths(config)).handle
    return {"frontend": pages}


def _pages(config: Config, pool: Pool, trusted: TrustedProxies, process: Process) -> Handler:
    """Make what pages come from: an upstream, a folder, or the demo shop."""
    starts_sessions = config.session.start == "navigation"
    if config.upstream.url is not None:
        host = config.upstream.host_header
        options = FrontendOptions(
            pseudonym=process.pseudonym,
            host_header=host.encode("ascii") if host is not None else None,
            forwards_session_cookie=config.upstream.session_cookie == "forward",
            starts_sessions=starts_sessions,
            injects=config.browser.inject,
        )
        return Frontend(pool, Origin.parse(config.upstream.url), options, trusted).handle
    if config.upstream.root is not None:
        root = Path(config.upstream.root)
        injects = config.browser.inject
        return Files(root, starts_sessions=starts_sessions, injects=injects).handle
    if config.emulator.enabled:
        shop = Path(str(resources.files("wixproxy") / "browser" / "shop"))
        policy = SHOP_POLICY.format(wix=config.site.api_origin)
        return Files(shop, starts_sessions=starts_sessions, policy=policy).handle
    raise ConfigError(["upstream.url: there is no frontend to serve"])


def _upstream_pool(config: Config) -> Pool:
    upstream = config.upstream
    tls: ssl.SSLContext | None
    if upstream.verify == "any":
        tls = ssl.create_default_context()
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    else:
        tls = _tls(upstream.ca_file)
    timeouts = Timeouts(
        connect_seconds=upstream.connect_timeout_seconds,
        first_byte_seconds=upstream.first_byte_timeout_seconds,
        idle_seconds=upstream.idle_timeout_seconds,
    )
    return Pool(tls=tls, timeouts=timeouts)


def _tls(ca_file: str | None) -> ssl.SSLContext | None:
    """Return a context that verifies against `ca_file`; None stands for the system's trust."""
    return ssl.create_default_context(cafile=ca_file) if ca_file is not None else None


def _form_targets(config: Config) -> tuple[str, ...]:
    """Return where Wix's logout may lead the logout form: https, or the emulator."""
    if config.site.api_origin.startswith("https://"):
        return ("'self'", "https:")
    return ("'self'", "https:", config.site.api_origin)
