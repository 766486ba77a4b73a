"""Judge whose the configured paths are: each path of the frontend has one owner.

Two options that claim one path, or one path below the other, are a problem,
also where only some server would take the two for the same. Origins and
addresses that such paths depend on are judged here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..sansio import wix_pages
from ..sansio.path_readings import canonical, is_at_or_below
from ..sansio.public_url import PublicURL
from ..sansio.routes import ASTRO_ROUTES
from .model import Config
from .problems import Problem

WEBHOOKS = "site.extensions.webhooks"
PLUGINS = "site.extensions.service_plugins"
BACKEND_PATHS = "site.extensions.backend_paths"
DASHBOARD_ORIGINS = "site.extensions.dashboard_origins"
CALLBACK = "site.login.callback_path"
ASTRO = "compat.astro_routes"
WIX_PAGES = "compat.wix_pages"
# The one route of Astro's that may be the configured callback as well.
ASTRO_CALLBACK = "/api/auth/callback"


@dataclass(frozen=True, slots=True)
class Claim:
    """A path, and the option or entry that claims it: with all below it, unless `alone`."""

    option: str
    place: str
    path: str
    alone: bool = False

    def meets(self, other: Claim) -> bool:
        """Tell whether some path would belong to both."""
        mine, its = canonical(self.path), canonical(other.path)
        covers = not self.alone and is_at_or_below(its, mine)
        return covers or mine == its or (not other.alone and is_at_or_below(mine, its))


def path_conflicts(config: Config) -> Iterator[Problem]:
    """Yield every path that has two owners."""
    callback = Claim(CALLBACK, CALLBACK, config.site.login.callback_path, alone=True)
    served = list(_served(config))
    yield from _conflict(callback, [other for other in served if other.path != ASTRO_CALLBACK])
    claims = list(_kept_back(config))
    for place, claim in enumerate(claims):
        yield from _conflict(claim, [callback, *served, *claims[:place]])


def _conflict(claim: Claim, others: Iterable[Claim]) -> Iterator[Problem]:
    """Yield the first of the others that claims the same path."""
    for other in others:
        if claim.meets(other) and not _may_share(claim, other):
            yield Problem(claim.place, f"the path '{claim.path}' {_taken(other)}", (other.option,))
            return


def backend_path_problems(config: Config) -> Iterator[Problem]:
    """Yield what verified calls lack, and who may not make them."""
    extensions = config.site.extensions
    if extensions.backend_paths and not config.upstream.is_server:
        yield Problem(
            BACKEND_PATHS,
            "expected a running frontend to take the calls, found none. Set upstream.url",
            ("upstream.url", "upstream.root"),
        )
    for place, text in enumerate(extensions.dashboard_origins):
        origin = PublicURL.parse(text)
        if not origin.is_trustworthy:
            yield Problem(f"{DASHBOARD_ORIGINS}[{place}]", f"expected https, found '{origin}'")
        elif not origin.is_secure and config.mode == "production":
            yield Problem(
                f"{DASHBOARD_ORIGINS}[{place}]",
                f"expected https in production, found '{origin}', which is any program on the "
                "machine of whoever looks at it",
                ("mode",),
            )


def wix_pages_problems(config: Config) -> Iterator[Problem]:
    """Yield why browsers cannot be led to Wix's pages."""
    site = config.site
    if site.pages_url is not None:
        address = wix_pages.PagesAddress.parse(site.pages_url)
        if address.public.origin in config.server.public_url:
            yield Problem(
                "site.pages_url",
                f"expected the site's address at Wix, found '{address}', which is the proxy's own",
                ("server.public_url",),
            )
        if not address.public.is_secure and config.mode == "production":
            yield Problem(
                "site.pages_url", f"expected https in production, found '{address}'", ("mode",)
            )
    elif config.compat.wix_pages and not site.client_secret and not config.emulator.enabled:
        yield Problem(
            "site.pages_url",
            "expected the site's address at Wix, since compat.wix_pages leads there, found none; "
            "with site.client_secret Wix itself is asked for it",
            (WIX_PAGES, "site.client_secret"),
        )


def _served(config: Config) -> Iterator[Claim]:
    """Yield the paths outside of /_wix/ that the proxy serves beside the callback."""
    if config.compat.astro_routes:
        for path in ASTRO_ROUTES:
            yield Claim(ASTRO, ASTRO, path, alone=True)
    if config.compat.wix_pages:
        for path in (*wix_pages.PAGES, *wix_pages.FOLDERS):
            yield Claim(WIX_PAGES, WIX_PAGES, path, alone=path in wix_pages.PAGES)


def _kept_back(config: Config) -> Iterator[Claim]:
    """Yield the paths of the frontend that not everybody reaches."""
    extensions = config.site.extensions
    for place, hook in enumerate(extensions.webhooks):
        yield Claim(WEBHOOKS, f"{WEBHOOKS}[{place}]", hook.path)
    for place, plugin in enumerate(extensions.service_plugins):
        yield Claim(PLUGINS, f"{PLUGINS}[{place}]", plugin.path)
    for place, path in enumerate(extensions.backend_paths):
        yield Claim(BACKEND_PATHS, f"{BACKEND_PATHS}[{place}]", path)


def _may_share(claim: Claim, other: Claim) -> bool:
    # Several webhooks may have one handler, and so may several plugins.
    return claim.option != BACKEND_PATHS and other.option in (WEBHOOKS, PLUGINS)


def _taken(other: Claim) -> str:
    """Say whose a path is already."""
    if other.place == other.option:
        return f"belongs to {other.option}"
    return f"meets '{other.path}' of {other.place}"
