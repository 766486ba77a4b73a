"""Let a test on the same machine make events and service-plugin requests.

Law: what is asked for is sent whether or not the site tells of its own changes;
the flaws of a message are the caller's choice, everything else is what Wix does.

Source: Wix "About Webhooks"; for service plugins the deadline of three seconds
that its typings name most often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

import aiohttp
import pydantic
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from .admin import BASE, answer, loopback_only, unsound
from .envelopes import Flaws, Kind, identity, plugin_claims, plugin_metadata, signed
from .errors import invalid, json_object
from .settings import Subscription
from .state import STATE, State
from .tokens import Subject
from .webhooks import Delivery, Webhooks, as_json, as_text

MOST_AT_ONCE = 20_000
T = TypeVar("T", bound=BaseModel)


class Asked(Flaws):
    """Events that a test asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    type: str = Field(min_length=1)
    entity: dict[str, Any] | None = None
    """Without one, a small entity that has its id and the time."""
    entity_id: str | None = Field(default=None, alias="entityId")
    kind: Kind | None = None
    fqdn: str | None = Field(default=None, alias="entityFqdn")
    slug: str | None = None
    modified_fields: dict[str, Any] = Field(default_factory=dict, alias="modifiedFields")
    sequence: int | None = Field(default=None, ge=0)
    """The number of the first; each further one has the next."""
    who: dict[str, str] | None = Field(default=None, alias="identity")
    url: str | None = None
    count: int = Field(default=1, ge=1, le=MOST_AT_ONCE)
    duplicate: bool = False
    """Each is delivered twice over."""
    wait: bool = False
    """The answer comes after the first attempt of each."""


class PluginCall(Flaws):
    """A service-plugin request that a test asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    component_type: str = Field(alias="componentType", min_length=1)
    path: str = Field(pattern=r"^/")
    """The method's path, such as /v1/getRates."""
    request: dict[str, Any] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)
    url: str | None = None
    """The base, in place of the setting `plugin_url`."""
    who: dict[str, str] | None = Field(default=None, alias="identity")


async def send_events(request: web.Request) -> web.Response:
    """Make events, sign them and start to deliver them."""
    state, asked = request.app[STATE], await _read(request, Asked)
    sent = [each for number in range(asked.count) for each in _sent(state, asked, number)]
    if asked.wait:
        await asyncio.gather(*(each.tried.wait() for each in sent))
    return answer({"events": [as_json(each) for each in sent]})


async def show_events(request: web.Request) -> web.Response:
    """Return the events and their attempts; `?type=`, `?id=` and `?standing=` choose."""
    wanted = request.query
    found = [
        each
        for each in Webhooks.of(request.app[STATE]).deliveries
        if wanted.get("type", each.event.type) == each.event.type
        and wanted.get("id", each.event.id) == each.event.id
        and wanted.get("standing", each.standing) == each.standing
    ]
    return answer({"events": [as_json(each) for each in found]})


async def forget_events(request: web.Request) -> web.Response:
    """Stop every delivery and forget every event."""
    request.app[STATE].drop_area("webhooks")
    return answer({"events": []})


async def call_plugin(request: web.Request) -> web.Response:
    """Sign a service-plugin request, post it, and return what came back."""
    state, asked = request.app[STATE], await _read(request, PluginCall)
    settings = state.settings
    base = asked.url or settings.plugin_url
    if base is None:
        raise invalid("url", "is required while the setting plugin_url is not set")
    url = base.rstrip("/") + asked.path
    fields = as_text(settings.plugin_host if asked.url is None else None)
    return answer({"url": url, **await _called(state, url, fields, _plugin_text(state, asked))})


async def show_public_key(request: web.Request) -> web.Response:
    """Return the key that verifies events, as PEM and as base64 of the PEM."""
    project = request.app[STATE].project
    return answer({"pem": project.public_key_pem, "base64": project.public_key_base64})


async def issue_user_token(request: web.Request) -> web.Response:
    """Issue the access token that Wix's dashboard gives an extension's page, or another app's."""
    state, body = request.app[STATE], await json_object(request)
    project = state.project
    user_id = _named(body, "userId", project.account_id)
    client_id = _named(body, "clientId", project.client_id)
    instance_id = _named(body, "instanceId", project.instance_id)
    token = state.tokens.issue(Subject("user", user_id), renewable=False).access
    state.tokens.attribute(token, client_id=client_id, instance_id=instance_id)
    left = token.expires_at - token.issued_at
    return answer({"access_token": token.text, "token_type": "Bearer", "expires_in": left})


def _named(body: Mapping[str, Any], name: str, otherwise: str) -> str:
    """Return a text of the body, or what stands where it says nothing."""
    value = body.get(name) or otherwise
    if not isinstance(value, str):
        raise invalid(name, "must be a text", "TYPE")
    return value


def _sent(state: State, asked: Asked, number: int) -> list[Delivery]:
    webhooks = Webhooks.of(state)
    addresses = state.settings.subscribed(asked.type)
    if asked.url is not None:
        addresses = [Subscription(url=asked.url)]
    entity_id = asked.entity_id or state.randomness.guid("event entity")
    entity: Mapping[str, Any] = {"id": entity_id, "createdDate": state.clock.now()}
    event = webhooks.made(
        asked.type,
        entity_id,
        entity if asked.entity is None else asked.entity,
        kind=asked.kind,
        fqdn=asked.fqdn,
        slug=asked.slug,
        sequence=None if asked.sequence is None else asked.sequence + number,
        who=identity("user", state.project.account_id) if asked.who is None else asked.who,
        modified_fields=asked.modified_fields,
    )
    return webhooks.send(event, addresses, asked, copies=2 if asked.duplicate else 1)


def _plugin_text(state: State, asked: PluginCall) -> str:
    project, site = state.project, state.data.site
    visitor = identity("visitor", state.randomness.guid("plugin visitor"))
    metadata = plugin_metadata(
        asked.component_type,
        state.randomness.guid("plugin request"),
        project.instance_id,
        visitor if asked.who is None else asked.who,
        currency=site.currency,
        language=site.language,
    )
    told = {**metadata, **asked.metadata}
    claims = plugin_claims(asked.request, told, project.client_id, state.clock.now())
    return signed(claims, project.private_key, asked)


async def _called(state: State, url: str, fields: Mapping[str, str], text: str) -> dict[str, Any]:
    """Return status, body and time of an answer, or why there was none."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    told: dict[str, Any] = {"status": None, "body": None}
    if state.outgoing is None:
        return told | {"error": "the emulator is not running"}
    try:
        async with (
            asyncio.timeout(state.settings.plugin_answer_ms / 1000),
            state.outgoing.post(
                url, data=BytesIO(text.encode()), headers=fields, allow_redirects=False
            ) as response,
        ):
            told["status"] = response.status
            is_json = response.content_type == "application/json"
            told["body"] = await response.json() if is_json else await response.text()
    except TimeoutError:
        told["error"] = f"no answer within {state.settings.plugin_answer_ms} ms"
    except (aiohttp.ClientError, OSError, ValueError) as failure:
        told["error"] = f"{type(failure).__name__}: {failure}"[:200]
    return told | {"elapsedMs": round((loop.time() - began) * 1000, 1)}


async def _read(request: web.Request, model: type[T]) -> T:
    try:
        return model.model_validate(await json_object(request))
    except pydantic.ValidationError as error:
        raise unsound("body", error) from None


_CALLS: list[tuple[str, str, Any]] = [
    ("POST", "/events", send_events),
    ("GET", "/events", show_events),
    ("DELETE", "/events", forget_events),
    ("POST", "/plugin-calls", call_plugin),
    ("POST", "/user-tokens", issue_user_token),
    ("GET", "/public-key", show_public_key),
]
ROUTES = [web.route(method, BASE + path, loopback_only(h)) for method, path, h in _CALLS]
