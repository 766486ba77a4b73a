"""Administer the project's OAuth apps: where Wix may send browsers back to.

Law:
1. The project's own app and its lists are what the login and the redirect
   sessions go by. Further apps can be made, and are only kept.
2. A change names its fields in a mask. Without one it is answered with 200 and
   changes nothing; a list that is named is replaced whole, never merged.
3. Only the app itself and the site's owner are heard.

Source: Wix "O Auth App Object", "Allow Redirect URIs and Domains": exact URIs
and whole domains, at most 20 of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ..callers import Caller, authenticate, require
from ..changes import OAUTH_APP_UPDATED, Change
from ..errors import invalid, not_found
from ..state import State
from .calls import message, origin_of, state_of, timestamp
from .filters import an_object
from .query import parse, run

MOST_ENTRIES = 20
MOST_CHARACTERS = 2048
LISTS = {"allowedRedirectUris": "redirect_uris", "allowedRedirectDomains": "redirect_domains"}
TEXTS = ("name", "description", "loginUrl", "logoutUrl", "redirectUrlWixPages")
CHOICES = {
    "applicationType": ("WEB_APP", "MOBILE", "OTHER"),
    "technology": (
        "JAVASCRIPT",
        "ANGULAR",
        "VUE",
        "REACT",
        "REACT_NATIVE",
        "IOS",
        "ANDROID",
        "OTHER_TECHNOLOGY",
    ),
}
CHANGEABLE = (*TEXTS, *LISTS, *CHOICES, "wixPagesDomainsMappings")
_SNAKE = re.compile(r"_([a-z])")


class OAuthApps:
    """The project's OAuth apps, by id."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._began = state.clock.now()
        self._apps: dict[str, dict[str, Any]] = {
            state.project.client_id: {
                "name": state.data.site.name,
                "applicationType": "WEB_APP",
                "technology": "JAVASCRIPT",
            }
        }

    @classmethod
    def of(cls, state: State) -> OAuthApps:
        """Return the project's one book of apps."""
        return state.area("oauth apps", lambda: cls(state))

    def shown(self, app_id: str, origin: str) -> dict[str, Any]:
        """Return an app as the API shows it; raise ApplicationError 404."""
        record = self._record(app_id)
        own = app_id == self._state.project.client_id
        settings = self._state.settings
        lists = {name: list(getattr(settings, mine)) for name, mine in LISTS.items()}
        return {
            "id": app_id,
            "createdDate": timestamp(record.get("_made", self._began)),
            "allowedRedirectUris": [],
            "allowedRedirectDomains": [],
            "wixPagesDomainsMappings": [],
            "redirectUrlWixPages": origin,
            **(lists if own else {}),
            **{name: value for name, value in record.items() if name in CHANGEABLE},
        }

    def all(self, origin: str) -> list[dict[str, Any]]:
        """Return every app, the project's own first."""
        return [self.shown(app_id, origin) for app_id in self._apps]

    def create(self, given: Mapping[str, Any]) -> str:
        """Keep a further app and return its id; raise ValidationError."""
        fields = _checked(given, [name for name in CHANGEABLE if name in given])
        if not fields.get("name"):
            raise invalid("oAuthApp.name", "is required", "REQUIRED_FIELD")
        app_id = self._state.randomness.guid("oauth app")
        self._apps[app_id] = {**fields, "_made": self._state.clock.now()}
        return app_id

    def change(self, app_id: str, given: Mapping[str, Any], names: list[str]) -> None:
        """Replace the named fields, all or none; raise WixError."""
        record = self._record(app_id)
        fields = _checked(given, names)
        if app_id == self._state.project.client_id:
            lists = {mine: fields.pop(name) for name, mine in LISTS.items() if name in fields}
            self._state.settings = self._state.settings.changed(lists)
        record.update(fields)

    def delete(self, app_id: str) -> None:
        """Forget a further app; raise WixError, for the project's own too."""
        self._record(app_id)
        if app_id == self._state.project.client_id:
            raise invalid("oAuthAppId", "is the app that everything here runs as", "OTHER")
        del self._apps[app_id]

    def secret(self, app_id: str) -> str:
        """Return an app's secret; raise ApplicationError 404.

        It is the same every time, so that what is configured goes on working.
        """
        self._record(app_id)
        if app_id == self._state.project.client_id:
            return self._state.project.client_secret
        secret: str = self._apps[app_id].setdefault(
            "_secret", self._state.randomness.guid("oauth app secret")
        )
        self._state.record_issued("client secret", secret)
        return secret

    def _record(self, app_id: str) -> dict[str, Any]:
        if app_id not in self._apps:
            raise not_found("OAuth app not found")
        return self._apps[app_id]


async def get_app(request: web.Request) -> web.Response:
    """Return one app."""
    _, apps, origin = _called(request)
    return web.json_response({"oAuthApp": apps.shown(request.match_info["id"], origin)})


async def create_app(request: web.Request) -> web.Response:
    """Make a further app."""
    _, apps, origin = _called(request)
    made = apps.create(an_object((await message(request)).get("oAuthApp"), "oAuthApp"))
    return web.json_response({"oAuthApp": apps.shown(made, origin)})


async def update_app(request: web.Request) -> web.Response:
    """Change the fields that the mask names."""
    caller, apps, origin = _called(request)
    app_id, asked = request.match_info["id"], await message(request)
    names = masked(asked.get("mask"))
    apps.change(app_id, an_object(asked.get("oAuthApp"), "oAuthApp"), names)
    shown = apps.shown(app_id, origin)
    if names:
        change = Change(OAUTH_APP_UPDATED, app_id, shown, caller.kind, caller.subject_id)
        state_of(request).report(change)
    return web.json_response({"oAuthApp": shown})


async def delete_app(request: web.Request) -> web.Response:
    """Forget a further app."""
    _, apps, _ = _called(request)
    apps.delete(request.match_info["id"])
    return web.json_response({})


async def query_apps(request: web.Request) -> web.Response:
    """Return the apps that a query finds."""
    _, apps, origin = _called(request)
    raw = an_object((await message(request)).get("query"), "query")
    page = run(parse({key: part for key, part in raw.items() if part}), apps.all(origin))
    return web.json_response({"oAuthApps": page.entities, "pagingMetadata": page.offsets})


async def show_secret(request: web.Request) -> web.Response:
    """Return an app's secret, which both of Wix's calls for it do here."""
    _, apps, _ = _called(request)
    return web.json_response({"oAuthAppSecret": apps.secret(request.match_info["id"])})


def masked(mask: object) -> list[str]:
    """Return the field names of a mask: a text with commas, or an object with `paths`."""
    paths = mask.get("paths") if isinstance(mask, dict) else mask
    if isinstance(paths, str):
        paths = paths.split(",")
    if paths is None:
        return []
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise invalid("mask", "must name fields", "TYPE")
    names = [_SNAKE.sub(lambda found: found[1].upper(), path.strip()) for path in paths]
    for name in names:
        if name not in CHANGEABLE:
            raise invalid("mask.paths", f"names {name[:80]!r}", "ENUM", allowed=list(CHANGEABLE))
    return names


def _called(request: web.Request) -> tuple[Caller, OAuthApps, str]:
    caller = require(authenticate(request), "app")
    return caller, OAuthApps.of(state_of(request)), origin_of(request)


def _checked(given: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the named fields, absent ones emptied; raise ValidationError."""
    fields: dict[str, Any] = {}
    for name in names:
        where, value = f"oAuthApp.{name}", given.get(name)
        if name in TEXTS:
            fields[name] = _text(value, where)
        elif name in CHOICES:
            if value not in CHOICES[name]:
                raise invalid(where, "is not known", "ENUM", allowed=list(CHOICES[name]))
            fields[name] = value
        elif name in LISTS:
            fields[name] = [_text(entry, where) for entry in _entries(value, where)]
        else:
            fields[name] = _entries(value, where, most=200)
    return fields


def _entries(value: object, where: str, most: int = MOST_ENTRIES) -> list[Any]:
    entries = [] if value is None else value
    if not isinstance(entries, list):
        raise invalid(where, "must be a list", "TYPE")
    if len(entries) > most:
        raise invalid(where, f"must have at most {most} entries", "MAX_SIZE", threshold=most)
    return entries


def _text(value: object, where: str) -> str:
    text = "" if value is None else value
    if not isinstance(text, str):
        raise invalid(where, "must be a text", "TYPE")
    if len(text) > MOST_CHARACTERS:
        raise invalid(where, "is too long", "MAX_LENGTH", threshold=MOST_CHARACTERS)
    return text


BASE = "/oauth-app/v1/oauth-apps"
ROUTES: list[web.RouteDef] = [
    web.post(BASE, create_app),
    web.post(f"{BASE}/query", query_apps),
    web.get(f"{BASE}/{{id}}", get_app),
    web.patch(f"{BASE}/{{id}}", update_app),
    web.delete(f"{BASE}/{{id}}", delete_app),
    web.post(f"{BASE}/{{id}}/generate-secret", show_secret),
    web.get(f"{BASE}/{{id}}/secret", show_secret),
]
