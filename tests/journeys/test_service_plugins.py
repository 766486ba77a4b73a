"""A service plugin: verified, unwrapped, answered as its handler answered; and Wix emulated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests import wix_signing as wix
from tests.conftest import HandClock
from tests.journeys.event_handlers import Call, EventHandlers
from tests.stage import Stage, staged
from wixproxy.errors import ConfigError
from wixproxy.server import build

BASE = "/_wix/extensions/service-plugins/shipping"
RATES = {"shippingRates": [{"code": "usps", "title": "Post"}]}


@pytest.fixture
async def handlers() -> AsyncIterator[EventHandlers]:
    async def rates(call: Call) -> web.Response:
        return web.json_response(RATES)

    handlers = EventHandlers()
    handlers.answer = rates
    await handlers.start()
    yield handlers
    await handlers.stop()


@pytest.fixture
async def stage(handlers: EventHandlers, clock: HandClock, tmp_path: Path) -> AsyncIterator[Stage]:
    flags = {
        "upstream.url": handlers.origin,
        "site.public_keys": [wix.pem(wix.key())],
        "site.extensions.webhooks": [{"id": "all", "path": "/hooks/all"}],
        "site.extensions.state_file": str(tmp_path / "events.sqlite3"),
        "site.extensions.service_plugins": [
            {"id": "shipping", "path": "/plugins/shipping", "timeout_seconds": 0.5}
        ],
    }
    async with staged(clock, tmp_path, flags) as stage:
        yield stage


async def post(stage: Stage, message: bytes, path: str = f"{BASE}/v1/getRates") -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.post(stage.origin + path, data=message) as answer,
    ):
        assert answer.content_type in ("application/json", "application/problem+json")
        return answer.status, await answer.json()


def message(stage: Stage, **changes: Any) -> bytes:
    claims = {**wix.plugin_claims(), "aud": stage.config.site.client_id}
    return wix.signed({**claims, **changes})


async def test_a_request_reaches_its_method_and_the_answer_reaches_wix(
    stage: Stage, handlers: EventHandlers
) -> None:
    assert await post(stage, message(stage)) == (200, RATES)
    (call,) = handlers.calls
    assert call.path == "/plugins/shipping/v1/getRates"
    assert call.body["request"] == {"lineItems": [{"quantity": 1}]}
    assert call.body["metadata"]["appExtensionType"] == "ECOM_SHIPPING_RATES"
    assert call.headers["X-Wix-Instance-Id"] == wix.INSTANCE


async def test_a_business_error_reaches_wix_as_one(stage: Stage, handlers: EventHandlers) -> None:
    error = {"applicationError": {"code": "MISSING_POSTAL_CODE", "data": {}}}

    async def refuses(call: Call) -> web.Response:
        return web.json_response(error, status=400)

    handlers.answer = refuses
    assert await post(stage, message(stage)) == (400, error)


async def test_a_crash_is_no_business_error(stage: Stage, handlers: EventHandlers) -> None:
    async def crashes(call: Call) -> web.Response:
        return web.Response(status=500, text="Traceback")

    handlers.answer = crashes
    status, problem = await post(stage, message(stage))
    assert (status, problem["code"]) == (502, "upstream_malformed")


async def test_a_handler_that_hangs_meets_the_deadline(
    stage: Stage, handlers: EventHandlers
) -> None:
    async def hangs(call: Call) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    handlers.answer = hangs
    status, problem = await post(stage, message(stage))
    assert (status, problem["code"]) == (504, "upstream_timeout")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"iss": "evil.example"}, 401, "webhook_unverified", id="another issuer"),
        pytest.param({"aud": wix.APP}, 401, "webhook_unverified", id="another app"),
        pytest.param({"iat": 1_700_000_000}, 401, "webhook_unverified", id="old"),
        pytest.param({"data": {}}, 400, "webhook_malformed", id="no request"),
    ],
)
async def test_what_wix_did_not_ask_is_refused(
    stage: Stage, handlers: EventHandlers, changes: dict[str, Any], status: int, code: str
) -> None:
    found, problem = await post(stage, message(stage, **changes))
    assert (found, problem["code"]) == (status, code)
    assert handlers.calls == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/_wix/extensions/service-plugins/other/v1/getRates", "no_such_route"),
        (f"{BASE}/v1/getRates?x=1", "no_such_route"),
        (BASE, "path_refused"),
        (f"{BASE}/v1//x", "path_refused"),
        (f"{BASE}/v1/%2e%2e/x", "path_refused"),
    ],
)
async def test_no_other_path_leads_to_a_handler(
    stage: Stage, handlers: EventHandlers, path: str, code: str
) -> None:
    url = aiohttp.client.URL(stage.origin + path, encoded=True)
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=message(stage)) as answer,
    ):
        assert (await answer.json())["code"] == code
    assert handlers.calls == []


async def emulated(stage: Stage, call: str, **body: Any) -> Any:
    """Have the emulated Wix send something, and return what it tells of it."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{stage.emulator.origin}/__emulator/v1/{call}", json=body) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_the_emulated_wix_calls_a_plugin(stage: Stage, handlers: EventHandlers) -> None:
    await stage.trust_emulator()
    told = await emulated(
        stage,
        "plugin-calls",
        url=stage.origin + BASE,
        path="/v1/getRates",
        componentType="ECOM_SHIPPING_RATES",
        request={"a": 1},
    )
    assert (told["status"], told["body"]) == (200, RATES)
    assert handlers.calls[0].body["request"] == {"a": 1}


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("wix.members.v1.member_created", "created"),
        ("wix.members.v1.member_updated", "updated"),
        ("wix.members.v1.member_deleted", "deleted"),
        ("wix.ecom.v1.order_approved", "action"),
        ("AppInstalled", "legacy"),
    ],
)
async def test_the_emulated_wix_sends_events_of_every_kind(
    stage: Stage, handlers: EventHandlers, event_type: str, kind: str
) -> None:
    await stage.trust_emulator()
    url = f"{stage.origin}/_wix/extensions/webhooks/all"
    told = await emulated(
        stage, "events", url=url, type=event_type, entity={"id": "m"}, entityId="m", wait=True
    )
    assert told["events"][0]["standing"] == "delivered"
    (call,) = await handlers.called(1)
    assert (call.headers["X-Wix-Event-Type"], call.headers["X-Wix-Event-Kind"]) == (
        event_type,
        kind,
    )
    assert call.body["data" if kind in ("action", "legacy") else "entity"] == {"id": "m"}


@pytest.mark.parametrize(
    "flaw",
    [
        {"wrong_key": True},
        {"alg": "none"},
        {"alg": "HS256"},
        {"expired": True},
        {"truncated": True},
        {"oversized_bytes": 3_000_000},
    ],
    ids=str,
)
async def test_a_flaw_of_the_emulated_wix_is_refused(
    stage: Stage, handlers: EventHandlers, flaw: dict[str, Any]
) -> None:
    await stage.trust_emulator()
    url = f"{stage.origin}/_wix/extensions/webhooks/all"
    told = await emulated(stage, "events", url=url, type="a.b_created", wait=True, **flaw)
    assert told["events"][0]["attempts"][0]["status"] in (400, 401, 413)
    assert handlers.calls == []


async def test_a_second_proxy_on_the_same_file_of_events_does_not_start(
    stage: Stage, clock: HandClock
) -> None:
    with pytest.raises(ConfigError, match=r"site\.extensions\.state_file: Another wixproxy"):
        build(stage.config, clock=clock)
