"""Build what answers for the frontend, as the configuration describes it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from .config import Config
from .errors import ConfigError
from .first_contact import FirstContact
from .handlers.files import Files
from .handlers.frontend import Frontend, FrontendOptions
from .handlers.starting import Starting
from .sansio.forwarded import TrustedProxies
from .sansio.origin import Origin
from .service import Handler
from .wire.pool import Pool, Timeouts

# The shop loads its pictures from the emulator, which has an origin of its own.
SHOP_POLICY = (
    "default-src 'self'; img-src 'self' data: {wix}; frame-ancestors 'none'; base-uri 'none'"
)

Locate = Callable[[], Origin]
"""Tells where the running frontend is; raises `FrontendStarting` while nobody knows."""


def locating(config: Config, child: Locate | None) -> Locate | None:
    """Return what tells where the running frontend is; None where none runs.

    `child` tells it of the command that we started, if we started one.
    """
    if config.upstream.url is None:
        return child
    origin = Origin.of_upstream(config.upstream.url)
    return lambda: origin


def assemble_upstream_pool(config: Config) -> Pool:
    """Build the connections to the running frontend."""
    upstream = config.upstream
    tls: ssl.SSLContext | None
    if upstream.verify == "any":
        tls = ssl.create_default_context()
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    else:
        tls = verifying(upstream.ca_file)
    timeouts = Timeouts(
        connect_seconds=upstream.connect_timeout_seconds,
        first_byte_seconds=upstream.first_byte_timeout_seconds,
        idle_seconds=upstream.idle_timeout_seconds,
    )
    return Pool(tls=tls, timeouts=timeouts, max_per_origin=upstream.max_connections)


def verifying(ca_file: str | None) -> ssl.SSLContext | None:
    """Return a context that verifies against `ca_file`; None stands for the system's trust."""
    return ssl.create_default_context(cafile=ca_file) if ca_file is not None else None


def first_contact(config: Config, pool: Pool, locate: Locate | None) -> FirstContact | None:
    """Return what waits for a running frontend; files need no waiting."""
    if locate is None:
        return None

    async def reach() -> None:
        await pool.reach(locate())

    url = config.upstream.url
    named = f"the frontend at {url}" if url is not None else "the frontend's command"
    return FirstContact(named, reach)


def assemble_pages(
    config: Config, pool: Pool, trusted: TrustedProxies, pseudonym: bytes, locate: Locate | None
) -> Handler:
    """Build what pages come from: a running frontend, a folder, or the demo shop."""
    starts_sessions = config.session.start == "navigation"
    if locate is not None:
        host = config.upstream.host_header
        options = FrontendOptions(
            pseudonym=pseudonym,
            host_header=host.encode("ascii") if host is not None else None,
            forwards_session_cookie=config.upstream.session_cookie == "forward",
            starts_sessions=starts_sessions,
            injects=config.browser.inject,
        )
        forward = Frontend(pool, locate, options, trusted).handle
        if not config.upstream.command:
            return forward
        return Starting(forward, shows_page=config.mode == "dev").handle
    if config.upstream.root is not None:
        root = Path(config.upstream.root)
        injects = config.browser.inject
        return Files(root, starts_sessions=starts_sessions, injects=injects).handle
    if config.emulator.enabled:
        shop = Path(str(resources.files("wixproxy") / "browser" / "shop"))
        policy = SHOP_POLICY.format(wix=config.site.api_origin)
        return Files(shop, starts_sessions=starts_sessions, policy=policy).handle
    raise ConfigError(["upstream.url: there is no frontend to serve"])
