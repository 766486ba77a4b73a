"""Judge the options against each other, and against the mode.

Nothing is read here: a sound `Config` goes in, problems come out, all of
them. What concerns one value alone is judged where the value is read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from ..sansio.elevation import check_overlaps
from ..sansio.forwarded import TrustedProxies
from ..sansio.origin import Origin
from ..sansio.public_url import PublicURL
from .model import Config
from .options import value_of
from .path_rules import backend_path_problems, path_conflicts, wix_pages_problems
from .problems import DEFAULT, Problem
from .site import ServicePluginEntry, WebhookEntry
from .values import NEW_FOR_BACKEND, NEW_KEY, is_emulators_key

DASHBOARD = "Settings, Development & integrations, Headless Settings"


FRONTENDS = ("upstream.url", "upstream.command", "upstream.root", "upstream.api_only")


def conflicts(config: Config) -> list[Problem]:
    """Return everything that does not fit together."""
    rules = (
        *(_server, _site, _elevation, _extensions),
        *(path_conflicts, backend_path_problems, wix_pages_problems),
        *(_upstream, _session, _redis, _backend, _emulator, _workers),
    )
    return [problem for rule in rules for problem in rule(config)]


def _server(config: Config) -> Iterator[Problem]:
    server = config.server
    for place, text in enumerate(server.trusted_proxies):
        try:
            TrustedProxies.parse([text], everyone=server.trust_every_proxy)
        except ValueError as error:
            yield Problem(
                f"server.trusted_proxies[{place}]", str(error), ("server.trust_every_proxy",)
            )
    if server.max_field_bytes > server.max_fields_bytes:
        yield Problem(
            "server.max_field_bytes",
            f"expected at most server.max_fields_bytes, which is {server.max_fields_bytes}, "
            f"found {server.max_field_bytes}",
            ("server.max_fields_bytes",),
        )


def _workers(config: Config) -> Iterator[Problem]:
    if config.server.workers == 1:
        return
    found = f"found {config.server.workers}"
    if sys.platform == "win32":
        yield Problem("server.workers", f"expected 1 on Windows, which cannot fork, {found}")
    if config.session.store == "memory":
        yield Problem(
            "server.workers",
            f'expected 1 with session.store = "memory", {found}: each process would have sessions '
            "of its own, and a visitor would lose theirs from call to call. Set session.store to "
            '"cookie" or "redis"',
            ("session.store",),
        )
    if config.emulator.enabled:
        yield Problem(
            "server.workers",
            f"expected 1 with the emulator inside, {found}: there can be only one Wix. Run "
            '"wixproxy emulator" by itself and set site.api_origin to it',
            ("emulator.enabled",),
        )
    if config.upstream.command:
        yield Problem(
            "server.workers",
            f"expected 1 with a command of the frontend's, {found}: who starts it must end it. "
            "Start it yourself and set upstream.url",
            ("upstream.command",),
        )


def _site(config: Config) -> Iterator[Problem]:
    if not config.emulator.enabled and not config.site.client_id:
        yield Problem(
            "site.client_id",
            "expected the client id of your Wix project, found none. Copy it from the Wix "
            f"dashboard ({DASHBOARD}) and set WIX_CLIENT_ID to it, or try --emulator",
            ("emulator.enabled",),
        )
    api = Origin.parse(config.site.api_origin)
    if api.is_tls:
        return
    if not api.is_loopback:
        yield Problem(
            "site.api_origin",
            f"expected https, found '{api}'; tokens go there, and http is for this machine alone",
        )
    elif config.mode == "production" and not config.emulator.enabled:
        yield Problem(
            "site.api_origin",
            f"expected https in {_production(config)}, found '{api}'; tokens go there",
            ("mode", "emulator.enabled"),
        )


def _elevation(config: Config) -> Iterator[Problem]:
    site = config.site
    for sentence in check_overlaps(site.elevation_rules):
        yield Problem("site.elevate", sentence)
    if site.elevate and site.client_secret is None and not config.emulator.enabled:
        yield Problem(
            "site.client_secret",
            "expected the secret of the app, since site.elevate has calls that run as the app, "
            f"found none. Copy it from the Wix dashboard ({DASHBOARD}) and set WIX_CLIENT_SECRET "
            "to it",
            ("site.elevate", "emulator.enabled"),
        )


def _extensions(config: Config) -> Iterator[Problem]:
    extensions = config.site.extensions
    signed: dict[str, tuple[WebhookEntry | ServicePluginEntry, ...]] = {
        "site.extensions.webhooks": extensions.webhooks,
        "site.extensions.service_plugins": extensions.service_plugins,
    }
    for name, entries in signed.items():
        ids = [entry.id for entry in entries]
        for place, entry in enumerate(entries):
            if entry.id in ids[:place]:
                yield Problem(f"{name}[{place}]", f"the id '{entry.id}' is taken by an entry above")
        if entries and not config.upstream.is_server:
            yield Problem(
                name,
                "expected a running frontend to take the calls, found none. Set upstream.url",
                FRONTENDS,
            )
    used = tuple(name for name, entries in signed.items() if entries)
    if used and not config.site.public_keys and not config.emulator.enabled:
        yield Problem(
            "site.public_keys",
            f"expected the public key of the app, since {used[0]} takes what Wix signs, found "
            "none. Copy it from the webhooks page of the app's dashboard and set "
            "WIX_CLIENT_PUBLIC_KEY to it",
            (*used, "emulator.enabled"),
        )
    if config.mode == "production":
        for place, text in enumerate(config.site.public_keys):
            if is_emulators_key(text):
                yield Problem(
                    f"site.public_keys[{place}]",
                    f"expected the key of the app in {_production(config)}, found that of the "
                    "emulated Wix, with which everybody can sign. Copy the app's from its "
                    "dashboard",
                    ("mode",),
                )


def _upstream(config: Config) -> Iterator[Problem]:
    yield from _frontend(config)
    upstream = config.upstream
    if upstream.verify != "any":
        return
    if config.mode == "production":
        yield Problem(
            "upstream.verify",
            f'expected "system" in {_production(config)}, found "any". Set upstream.ca_file to '
            "the authority that signed the frontend's certificate",
            ("mode",),
        )
    elif not _is_on_this_machine(config):
        yield Problem(
            "upstream.verify",
            'expected "system" for a frontend on another machine, found "any". Set '
            "upstream.ca_file to the authority that signed its certificate",
            ("upstream.url", "upstream.command"),
        )


def _is_on_this_machine(config: Config) -> bool:
    """Tell whether the running frontend is, as far as the configuration says."""
    if config.upstream.url is None:
        return bool(config.upstream.command)
    return Origin.of_upstream(config.upstream.url).is_loopback


def _frontend(config: Config) -> Iterator[Problem]:
    """Find out whether it is clear what answers everything that is not ours."""
    given = [name for name in FRONTENDS if value_of(config, name)]
    if given == ["upstream.url", "upstream.command"]:
        return  # The command listens there.
    if len(given) > 1:
        *others, last = given
        either = "both" if len(given) == 2 else "all of them"
        names = f"{', '.join(others)} and {last}"
        yield Problem(last, f"give one of {names}, not {either}", tuple(others))
    if not given and not config.emulator.enabled:
        yield Problem(
            "upstream.url",
            "expected a frontend, found none. Give --upstream URL for a running one, -- COMMAND "
            "for one to start, --root DIR for built files, --api-only to stand beside one, or "
            "--emulator for the demo shop",
            (*FRONTENDS, "emulator.enabled"),
        )
    if config.upstream.api_only and config.sources["server.public_url"].startswith(DEFAULT):
        yield Problem(
            "server.public_url",
            "expected the frontend's address, as browsers see it, since upstream.api_only serves "
            "/_wix/ beside it, found none. Give --public-url, for example http://localhost:5173",
            ("upstream.api_only", "server.port"),
        )


def _session(config: Config) -> Iterator[Problem]:
    session = config.session
    if not session.keys and config.mode == "production":
        yield Problem(
            "session.keys",
            f"expected at least one key in {_production(config)}, found none. {NEW_KEY} and give "
            'the key to every instance, or set mode = "dev"',
            ("mode",),
        )
    if session.idle_seconds > session.absolute_seconds:
        yield Problem(
            "session.idle_seconds",
            f"expected at most session.absolute_seconds, which is {session.absolute_seconds}, "
            f"found {session.idle_seconds}",
            ("session.absolute_seconds",),
        )
    plain = [text for text in config.server.public_url if not PublicURL.parse(text).is_secure]
    if session.same_site == "none" and plain:
        yield Problem(
            "session.same_site",
            'expected "lax", found "none": browsers take such a cookie on https alone, '
            f"and server.public_url names '{plain[0]}'",
            ("server.public_url",),
        )


def _redis(config: Config) -> Iterator[Problem]:
    redis = config.session.redis
    if config.session.store == "redis" and redis.url is None:
        yield Problem(
            "session.redis.url",
            'expected the address of Redis, since session.store is "redis", found none. Give one '
            "such as redis://127.0.0.1:6379/0",
            ("session.store",),
        )
    if bool(redis.sentinels) != bool(redis.sentinel_service):
        yield Problem(
            "session.redis.sentinel_service",
            "give session.redis.sentinels and the name of the service that they watch, or neither",
            ("session.redis.sentinels",),
        )
    if redis.cluster and redis.sentinels:
        yield Problem(
            "session.redis.cluster",
            "give one of session.redis.cluster and session.redis.sentinels, not both",
            ("session.redis.sentinels",),
        )


def _backend(config: Config) -> Iterator[Problem]:
    has_secret = config.backend.secret is not None or config.upstream.command
    if config.backend.listen is not None and not has_secret:
        yield Problem(
            "backend.secret",
            f"expected a secret for backend.listen, found none. {NEW_FOR_BACKEND} and give it to "
            "the frontend's server as well",
            ("backend.listen", "upstream.command"),
        )


def _emulator(config: Config) -> Iterator[Problem]:
    if not config.emulator.enabled:
        return
    if config.mode == "production":
        yield Problem(
            "emulator.enabled",
            f"expected Wix itself in {_production(config)}, found the emulator. Leave --emulator "
            'out, or set mode = "dev"',
            ("mode",),
        )
    shared = _hosts(config.server.public_url) & _emulator_hosts(config)
    if shared:
        name = "emulator.host" if config.emulator.public_url is None else "emulator.public_url"
        yield Problem(
            name,
            f"expected another host than that of server.public_url, found '{shared.pop()}' in "
            "both. Cookies ignore ports, so the emulator would be sent the session cookie. Set one "
            "of the two to another name",
            ("server.public_url",),
        )


def _production(config: Config) -> str:
    """Name the mode, and say what made it this one where nobody chose it."""
    source = config.sources["mode"]
    if not source.startswith(DEFAULT):
        return "production"
    return f"production ({source.removeprefix(f'{DEFAULT}: ')})"


def _emulator_hosts(config: Config) -> set[str]:
    if config.emulator.public_url is not None:
        return {Origin.parse(config.emulator.public_url).host}
    return {config.emulator.host.lower()}


def _hosts(urls: Iterable[str]) -> set[str]:
    return {PublicURL.parse(url).host.strip("[]") for url in urls}
